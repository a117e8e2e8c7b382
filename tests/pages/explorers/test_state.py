from __future__ import annotations

import pytest
from hypothesis import given

from pages.shared.explorer.state import DEFAULT, MAX_GIVEN, ExplorerState, Given
from pages.shared.link_state import read
from pages.shared.model_choice import Choice
from tests.helpers.links import CHOICES, as_link
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import Config
from toymodel.recipe import RECIPES

FULL = ExplorerState(
    choice=DEFAULT.changed(recipe="thorough"),
    thresholds=Thresholds(second_weight=0.2),
    restart=7,
    neuron=39,
    feature=99,
    second=98,
    above=0.25,
    counts="linear",
    weighted="by importance",
    given=((0, 1.0), (50, -0.5), (99, 0.5)),
)


def test_the_first_link_is_that_of_the_papers_model():
    link = ExplorerState().link
    first = {"n": "100", "m": "40", "p": "0.01", "d": "0.8", "seed": "0", "hidden": "no"}
    assert first.items() <= link.items()
    assert not {"restart", "neuron", "feature", "second", "given"} & link.keys()


@pytest.mark.parametrize("hidden", ["yes", "no"])
def test_an_identity_model_has_its_hidden_bias_in_the_link(hidden: str):
    state, problems = ExplorerState.from_link(as_link({"hidden": hidden, "task": "identity"}))
    assert not problems
    assert state.choice.config.hidden_bias == (hidden == "yes")
    assert state.link["hidden"] == hidden


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", ()),
        ("3:0.5,7:-1", ((3, 0.5), (7, -1.0))),
        ("7:1,0:0", ((7, 1.0), (0, 0.0))),
        ("1999:1e-3", ((1_999, 0.001),)),
    ],
)
def test_an_input_is_read_in_its_order(text: str, expected: Given):
    assert read(text, ExplorerState.model_fields["given"]) == expected


def test_what_is_allowed_is_an_example_that_is_allowed():
    allowed = ExplorerState.allowed("given")
    example = allowed.split("as ")[1].split(";")[0]
    assert ExplorerState.from_link({"given": [example]})[0].given == ((3, 0.5), (7, -1.0))
    assert f"up to {MAX_GIVEN} pairs" in allowed


def test_another_neuron_forgets_the_second_feature_and_the_same_one_keeps_it():
    assert FULL.changed(neuron=38) == FULL.replace(neuron=38, second=None)
    assert FULL.changed(neuron=39) == FULL
    assert FULL.changed(neuron=38, second=5).second == 5
    assert FULL.changed(second=7) == FULL.replace(second=7)
    assert FULL.changed(feature=1, above=0.75) == FULL.replace(feature=1, above=0.75)


def test_another_restart_and_other_thresholds_keep_the_rest():
    assert FULL.changed(restart=None) == FULL.replace(restart=None)
    thresholds = Thresholds(second_weight=0.2, extra_weight=2)
    assert FULL.changed(slight=2.0) == FULL.replace(thresholds=thresholds)


def test_another_model_forgets_neuron_and_restart_and_keeps_the_feature():
    other = FULL.choice.changed(seed=1)
    forgotten = FULL.replace(choice=other, restart=None, neuron=None, second=None)
    assert FULL.showing(other) == forgotten
    assert FULL.showing(other, 3) == forgotten.replace(restart=3)


def test_a_smaller_model_drops_what_it_does_not_have():
    config = Config(n_features=51, n_neurons=2)
    found = FULL.showing(Choice.of(config, RECIPES["quick"]), 3)
    gone = (found.restart, found.neuron, found.feature, found.second)
    assert gone == (None, None, None, None)
    assert found.given == ((0, 1.0), (50, -0.5))


@pytest.mark.parametrize(
    ("changes", "dropped"),
    [
        ({}, {}),
        ({"m": 39}, {"neuron": None}),
        ({"n": 99}, {"feature": None, "given": ((0, 1.0), (50, -0.5))}),
        ({"n": 50}, {"feature": None, "second": None, "given": ((0, 1.0),)}),
        ({"restarts": 7}, {"restart": None}),
    ],
)
def test_only_what_does_not_exist_is_dropped(changes: dict[str, int], dropped: dict[str, object]):
    choice = FULL.choice.changed(**changes)
    assert FULL.replace(choice=choice).consistent() == FULL.replace(choice=choice, **dropped)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("restart", "1", "a whole number from 0 to 0"),
        ("neuron", "40", "a whole number from 0 to 39"),
        ("feature", "100", "a whole number from 0 to 99"),
        ("second", "100", "a whole number from 0 to 99"),
        ("given", "100:1", "features must be whole numbers from 0 to 99"),
    ],
)
def test_what_this_model_does_not_have_is_named(name: str, value: str, allowed: str):
    state, problems = ExplorerState.from_link({name: [value]})
    assert len(problems) == 1
    assert problems[0].startswith(name)
    assert allowed in problems[0]
    assert state == ExplorerState()


@given(other=CHOICES)
def test_a_change_of_the_model_leaves_a_state_that_comes_back_from_its_link(other: Choice):
    found = FULL.showing(other, FULL.restart)
    assert found.consistent() == found
    assert ExplorerState.from_link(as_link(found.link)) == (found, [])
