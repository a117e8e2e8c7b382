"""The link of the page that trains one model carries all of it, strictly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.shared.model_choice import Choice
from pages.train.state import DEFAULT, TrainState, View
from tests.helpers.links import CHOICES, as_link
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import RECIPES


def read(state: TrainState) -> tuple[TrainState, list[str]]:
    return TrainState.from_link(as_link(state.link))


@given(choice=CHOICES, second=st.floats(0, 1, exclude_min=True), data=st.data())
def test_every_state_comes_back_from_its_link(choice: Choice, second: float, data: Any):
    n = choice.config.n_features
    features = st.lists(st.integers(0, n - 1), min_size=1, max_size=8, unique=True).map(tuple)
    view = View(
        restart=data.draw(st.none() | st.integers(0, choice.recipe.restarts - 1)),
        features=data.draw(st.none() | features),
        against="seconds",
        neurons="all",
        colour="feature",
    )
    state = TrainState(choice, Thresholds(second_weight=second), view)
    assert read(state) == (state, [])


@given(one=CHOICES, other=CHOICES)
def test_a_comparison_comes_back_from_its_link(one: Choice, other: Choice):
    state = TrainState(one, other=other)
    found, problems = read(state)
    assert not problems
    assert found.choice == one
    assert found.other == (None if one == other else other)


def test_a_comparison_writes_what_differs():
    other = DEFAULT.changed("config", "seed", 5)
    link = TrainState(DEFAULT, other=other).link
    assert {k: v for k, v in link.items() if k.startswith("vs.")} == {"vs.seed": "5"}
    assert read(TrainState(DEFAULT, other=other))[0].other == other


def test_a_link_names_the_preset_and_what_was_changed_in_it():
    link = DEFAULT.changed("recipe", "learning_rate", 0.1).link
    assert (link["recipe"], link["restarts"], link["lr"]) == ("standard", "8", "0.1")
    assert "steps" not in link


def test_choosing_a_preset_sets_every_field():
    state = TrainState().changed("recipe", "steps", 5).changed("preset", "preset", "thorough")
    assert state.recipe == RECIPES["thorough"]


def test_another_model_is_seen_from_its_lowest_restart():
    state = TrainState().changed("view", "restart", 3)
    assert state.view.restart == 3
    assert state.changed("config", "seed", 1).view.restart is None


def test_features_that_there_are_not_are_not_drawn():
    state = TrainState().changed("view", "features", (0, 5))
    assert state.changed("config", "n_features", 3).view.features == (0,)
    assert state.changed("config", "n_features", 3).changed("view", "features", None)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("n", "0", "a whole number from 1 to 2,000"),
        ("p", "0", "a number above 0 and at most 1"),
        ("p", "1,0.3", "a number above 0 and at most 1"),
        ("steps", "1e3", "a whole number from 1 to 1,000,000"),
        ("lr", "inf", "a number above 0 and at most 10"),
        ("schedule", "linear", "one of 'cosine', 'constant'"),
        ("beta2", "1", "a number from 0 and below 1"),
        ("cycles", "101", "a whole number from 1 to 100"),
        ("restart", "8", "a whole number from 0 to 7"),
        ("restart", "64", "a whole number from 0 to 63"),
        ("features", "1,1", "up to 8 different numbers of features"),
        ("features", "6", "whole numbers from 0 to 5"),
        ("features", "0,1,2,3,4,5,6,7,8", "up to 8 different numbers of features"),
        ("features", "-1", "up to 8 different numbers of features"),
        ("against", "epochs", "one of 'steps', 'seconds'"),
        ("recipe", "best", "one of 'quick', 'standard', 'thorough', 'usual'"),
        ("vs.n", "0", "a whole number from 1 to 2,000"),
        ("vs.recipe", "best", "one of 'quick'"),
        ("vs.restart", "1", "not a setting of this page"),
        ("at", "0.1", "not a setting of this page"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed_and_leaves_the_default(
    name: str, value: str, allowed: str
):
    state, problems = TrainState.from_link({"seed": ["5"], name: [value]})
    assert len(problems) == 1
    assert name.removeprefix("vs.") in problems[0]
    assert allowed in problems[0]
    assert state == TrainState(DEFAULT.changed("config", "seed", 5))


def test_a_link_with_the_same_model_twice_compares_nothing():
    state, problems = TrainState.from_link({"vs.seed": ["0"]})
    assert (state, problems) == (TrainState(), [])
