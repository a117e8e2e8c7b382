from __future__ import annotations

from hypothesis import given

from pages.shared.model_choice import Choice
from pages.train.state import DEFAULT, TrainState
from tests.helpers.links import CHOICES, as_link
from toymodel.recipe import RECIPES


def read(state: TrainState) -> tuple[TrainState, list[str]]:
    return TrainState.from_link(as_link(state.link))


@given(one=CHOICES, other=CHOICES)
def test_a_comparison_comes_back_from_its_link(one: Choice, other: Choice):
    found, problems = read(TrainState(choice=one, other=other))
    assert not problems
    assert found.choice == one
    assert found.other == (None if one == other else other)


def test_a_comparison_writes_what_differs():
    other = DEFAULT.changed(seed=5)
    link = TrainState(other=other).link
    assert {k: v for k, v in link.items() if k.startswith("vs.")} == {"vs.seed": "5"}
    assert read(TrainState(other=other))[0].other == other
    assert TrainState.from_link({"vs.seed": ["0"]}) == (TrainState(), [])


def test_what_is_wrong_with_the_other_model_is_named():
    for name, value, allowed in (
        ("vs.n", "0", "a whole number from 1 to 2,000"),
        ("vs.recipe", "best", "one of 'quick'"),
        ("vs.restart", "1", "not a setting of this page"),
    ):
        state, problems = TrainState.from_link({"seed": ["5"], name: [value]})
        assert len(problems) == 1
        assert problems[0].startswith("vs.")
        assert allowed in problems[0]
        assert state == TrainState().changed(seed=5)


def test_a_link_names_the_preset_and_what_was_changed_in_it():
    link = DEFAULT.changed(lr=0.1).link
    assert (link["recipe"], link["restarts"], link["lr"]) == ("standard", "8", "0.1")
    assert "steps" not in link


def test_choosing_a_preset_sets_every_field():
    assert TrainState().changed(steps=5).changed(recipe="thorough").recipe == RECIPES["thorough"]


def test_another_model_is_seen_from_its_lowest_restart():
    state = TrainState().changed(restart=3)
    assert state.restart == 3
    assert state.changed(colour="feature").restart == 3
    assert state.changed(seed=1).restart is None


def test_a_restart_and_features_that_do_not_exist_are_named_and_dropped():
    for name, value, allowed in (
        ("restart", "8", "a whole number from 0 to 7"),
        ("features", "6", "whole numbers from 0 to 5"),
    ):
        state, problems = TrainState.from_link({name: [value]})
        assert problems == [f"{name} = {value}: must be {allowed}"]
        assert state == TrainState()
    state = TrainState().changed(features=(0, 5))
    assert state.changed(n=3).features == (0,)
    assert state.changed(n=3).changed(features=None).features is None


def test_weights_from_elsewhere_with_a_setting_changed_are_a_model_to_train():
    own = DEFAULT.changed(weights="0123456789abcdef")
    assert own.recipe.weights == "0123456789abcdef"
    assert own.changed(seed=1).recipe.weights == ""
