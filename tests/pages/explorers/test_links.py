"""The link of the two explorers carries all that they show, strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.shared.explorer_state import (
    ABOVE_ALLOWED,
    DEFAULT,
    GIVEN_ALLOWED,
    MOST_GIVEN,
    VIEW_PARAMS,
    ExploreState,
    View,
    parse_given,
    write_given,
)
from pages.shared.model_choice import CHOICE_NAMES, CONFIG_PARAMS, Choice
from tests.helpers.links import CHOICES, as_link
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import RECIPES, Config
from toymodel.settings import SettingError

CONFIG_NAMES = {param.name for param in CONFIG_PARAMS if param.owner is Config}


def inputs(n: int) -> st.SearchStrategy[tuple[tuple[int, float], ...]]:
    pairs = st.tuples(st.integers(0, n - 1), st.floats(-1, 1))
    return st.lists(pairs, max_size=MOST_GIVEN, unique_by=lambda pair: pair[0]).map(tuple)


@st.composite
def states(draw: st.DrawFn) -> ExploreState:
    """Any state of the two pages, of any model."""
    choice = draw(CHOICES)
    n, m = choice.config.n_features, choice.config.n_neurons
    feature = st.none() | st.integers(0, n - 1)
    view = View(
        restart=draw(st.none() | st.integers(0, choice.recipe.restarts - 1)),
        neuron=draw(st.none() | st.integers(0, m - 1)),
        feature=draw(feature),
        second=draw(feature),
        output=draw(feature),
        above=draw(st.integers(2, 100)) / 100,
        counts=draw(st.sampled_from(["linear", "log"])),
        weighted=draw(st.sampled_from(["plain", "by importance"])),
        given=draw(inputs(n)),
    )
    thresholds = Thresholds(
        second_weight=draw(st.floats(0, 1, exclude_min=True)),
        extra_weight=draw(st.floats(0, 100, exclude_min=True)),
    )
    return ExploreState(choice, thresholds, view)


def read(link: dict[str, str]) -> tuple[ExploreState, list[str]]:
    return ExploreState.from_link(as_link(link))


# From a state to its link and back


@given(state=states())
def test_every_state_comes_back_from_its_link(state: ExploreState):
    found, problems = read(state.link)
    assert problems == []
    assert found == state
    assert found.link == state.link


@given(state=states())
def test_a_link_always_says_which_model_it_is_and_under_which_thresholds(state: ExploreState):
    assert state.link.keys() >= CONFIG_NAMES | {"v", "recipe", "mono", "slight"}
    assert float(state.link["p"]) == state.choice.config.feature_probability


def test_the_links_of_the_explorers_have_a_place_for_every_field():
    carried = {owner: set[str]() for owner in (Config, Thresholds, View)}
    for param in (*CONFIG_PARAMS, *VIEW_PARAMS):
        carried.setdefault(param.owner, set()).add(param.field)
    for owner in (Config, Thresholds, View):
        assert carried[owner] == owner.model_fields.keys()
    assert not CHOICE_NAMES & {param.name for param in VIEW_PARAMS}


def test_the_first_link_is_that_of_the_papers_model():
    assert read(ExploreState().link) == (ExploreState(), [])
    assert {name: ExploreState().link[name] for name in CONFIG_NAMES} == {
        "task": "abs",
        "n": "100",
        "m": "40",
        "p": "0.01",
        "d": "0.8",
        "seed": "0",
        "hidden": "no",
    }
    assert ExploreState.from_link({}) == (ExploreState(), [])


@pytest.mark.parametrize("hidden", ["yes", "no"])
def test_an_identity_model_has_its_hidden_bias_in_the_link(hidden: str):
    state, problems = read({"hidden": hidden, "task": "identity"})
    assert not problems
    assert (state.choice.config.task, state.choice.config.hidden_bias) == (
        "identity",
        hidden == "yes",
    )
    assert state.link["hidden"] == hidden
    assert read(state.link) == (state, [])


@pytest.mark.parametrize(
    "link", [{"hidden": "yes"}, {"hidden": "yes", "task": "abs"}, {"hidden": "maybe"}]
)
def test_a_hidden_bias_that_cannot_be_is_refused(link: dict[str, str]):
    state, problems = read(link)
    assert state == ExploreState()
    (problem,) = problems
    assert problem.startswith(f"hidden = '{link['hidden']}': must be true or false, and true only")


def test_what_is_not_chosen_yet_is_not_in_the_link():
    unset = {"restart", "neuron", "feature", "second", "given"}
    assert not unset & ExploreState().link.keys()
    state = ExploreState().at(neuron=3, feature=0, second=5, given=((3, 0.5), (7, -1.0)))
    assert {name: state.link.get(name) for name in unset} == {
        "restart": None,
        "neuron": "3",
        "feature": "0",
        "second": "5",
        "given": "3:0.5,7:-1",
    }


# What a link has wrong


WRONG = [
    ("n", "0", "a whole number from 1 to 2,000"),
    ("m", "2001", "a whole number from 1 to 2,000"),
    ("p", "0", "a number above 0 and at most 1"),
    ("d", "nan", "a number above 0 and at most 1"),
    ("task", "cube", "one of 'abs'"),
    ("recipe", "best", "one of 'quick', 'standard', 'thorough', 'usual'"),
    ("steps", "1e3", "a whole number from 1 to 1,000,000"),
    ("restarts", "65", "a whole number from 1 to 64"),
    ("mono", "0", "a number above 0 and at most 1"),
    ("mono", "1.5", "a number above 0 and at most 1"),
    ("slight", "inf", "a number above 0 and at most 100"),
    ("restart", "1", "a whole number from 0 to 0"),
    ("restart", "64", "a whole number from 0 to 63"),
    ("neuron", "40", "a whole number from 0 to 39"),
    ("neuron", "-1", "a whole number from 0 to 1,999"),
    ("neuron", "2000", "a whole number from 0 to 1,999"),
    ("neuron", "1_0", "a whole number from 0 to 1,999"),
    ("neuron", "", "a whole number from 0 to 1,999"),
    ("neuron", "None", "a whole number from 0 to 1,999"),
    ("neuron", "9" * 5_000, "a whole number from 0 to 1,999"),
    ("feature", "100", "a whole number from 0 to 99"),
    ("feature", "1.0", "a whole number from 0 to 1,999"),
    ("second", "100", "a whole number from 0 to 99"),
    ("second", "٣", "a whole number from 0 to 1,999"),
    ("above", "1.01", ABOVE_ALLOWED),
    ("above", "-0.1", ABOVE_ALLOWED),
    ("above", "0.333", ABOVE_ALLOWED),
    ("above", "0.01", ABOVE_ALLOWED),
    ("above", "nan", ABOVE_ALLOWED),
    ("counts", "cubic", "one of 'linear', 'log'"),
    ("weighted", "by_importance", "one of 'plain', 'by importance'"),
    ("given", "100:1", "features must be whole numbers from 0 to 99"),
    ("given", "3", GIVEN_ALLOWED),
    ("given", "3:2", GIVEN_ALLOWED),
    ("given", "3:0.5,3:0.5", GIVEN_ALLOWED),
    ("at", "0.01", "is not a setting of this page"),
    ("vs.n", "3", "is not a setting of this page"),
    ("v", "2", "this page reads links of version 1"),
]


@pytest.mark.parametrize(("name", "value", "allowed"), WRONG)
def test_a_wrong_value_is_named_with_what_is_allowed_and_leaves_the_default(
    name: str, value: str, allowed: str
):
    link = {"seed": "5", "counts": "log", "weighted": "by importance"}
    expected, _ = read({k: v for k, v in link.items() if k != name})
    state, problems = read(link | {name: value})
    assert len(problems) == 1
    assert problems[0].startswith((name, f"'{name}'"))
    assert allowed in problems[0]
    assert state == expected
    assert read(state.link) == (state, [])


def test_a_value_given_twice_is_refused():
    state, problems = ExploreState.from_link({"neuron": ["3", "4"]})
    assert problems == ["neuron: given 2 times, once is allowed"]
    assert state == ExploreState()


def test_every_wrong_parameter_is_told():
    link = {name: value for name, value, _ in WRONG}
    assert {"n", "given", "neuron", "at", "mono"} <= link.keys()
    state, problems = read(link)
    assert len(problems) == len(link)
    assert state == ExploreState()


@given(
    link=st.dictionaries(
        st.sampled_from([p.name for p in VIEW_PARAMS] + sorted(CHOICE_NAMES) + ["v", "x"]),
        st.lists(st.text(max_size=8) | st.sampled_from(["1", "0.5", "3:1", "100"]), max_size=2),
        max_size=6,
    )
)
def test_whatever_a_link_says_there_is_a_state_that_can_be_linked_to(link: dict[str, list[str]]):
    state, problems = ExploreState.from_link(link)
    assert len(problems) <= len(link)
    assert read(state.link) == (state, [])


# An input in a link


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", ()),
        ("3:0.5", ((3, 0.5),)),
        ("3:0.5,7:-1", ((3, 0.5), (7, -1.0))),
        ("7:1,0:0", ((7, 1.0), (0, 0.0))),
        ("1999:1e-3", ((1_999, 0.001),)),
        (",".join(f"{i}:1" for i in range(12)), tuple((i, 1.0) for i in range(12))),
    ],
)
def test_an_input_is_read_in_its_order(text: str, expected: tuple[tuple[int, float], ...]):
    assert parse_given(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "3:",
        ":1",
        "3:1:1",
        "3:1,",
        ",",
        "3=1",
        "3:1;4:1",
        "-1:1",
        "2000:1",
        "1.5:1",
        "3:1.01",
        "3:-1.01",
        "3:nan",
        "3:inf",
        "3:1e999",
        "3:1,3:0",
        "1_0:1",
        "3:0.1_1",
        "٣:1",
        "three:1",
        "9" * 5_000 + ":1",
        ",".join(f"{i}:1" for i in range(13)),
        ",".join(["1:1"] * 100_000),
    ],
)
def test_any_other_input_is_refused_with_what_is_allowed(text: str):
    with pytest.raises(SettingError) as refused:
        parse_given(text)
    (problem,) = refused.value.problems
    assert problem.field == "given"
    assert problem.allowed == GIVEN_ALLOWED
    assert len(str(refused.value)) < 300


@given(inputs(2_000))
def test_an_input_comes_back_as_it_was_written(given_: tuple[tuple[int, float], ...]):
    assert parse_given(write_given(given_)) == given_


@given(st.text("0123456789.:,-e ", max_size=12))
def test_an_input_is_read_or_refused(text: str):
    try:
        found = parse_given(text)
    except SettingError:
        return
    assert parse_given(write_given(found)) == found


def test_what_is_allowed_is_an_example_that_is_allowed():
    example = GIVEN_ALLOWED.split("as ")[1].split(";")[0]
    assert parse_given(example) == ((3, 0.5), (7, -1.0))
    assert f"up to {MOST_GIVEN} pairs" in GIVEN_ALLOWED


# Changes


FULL = ExploreState(
    DEFAULT.changed("preset", "preset", "thorough"),
    Thresholds(second_weight=0.2),
    View(
        restart=7,
        neuron=39,
        feature=99,
        second=98,
        above=0.25,
        counts="log",
        weighted="by importance",
        given=((0, 1.0), (50, -0.5), (99, 0.5)),
    ),
)


def test_another_neuron_forgets_the_second_feature_and_the_same_one_keeps_it():
    for change in (FULL.at, lambda **view: FULL.changed("view", *next(iter(view.items())))):
        assert change(neuron=38).view == FULL.view.replace(neuron=38, second=None)
        assert change(neuron=39) == FULL
        assert change(above=0.75).view == FULL.view.replace(above=0.75)
        assert change(feature=1).view == FULL.view.replace(feature=1)
    assert FULL.at(neuron=38, second=5).view.second == 5


def test_a_second_feature_that_is_chosen_stays():
    assert FULL.changed("view", "second", 7).view == FULL.view.replace(second=7)


def test_another_restart_keeps_the_neuron():
    assert FULL.changed("view", "restart", None).view == FULL.view.replace(restart=None)


def test_thresholds_change_alone():
    found = FULL.changed("thresholds", "extra_weight", 2.0)
    assert found.thresholds == Thresholds(second_weight=0.2, extra_weight=2)
    assert (found.choice, found.view) == (FULL.choice, FULL.view)


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("thresholds", "second_weight", 0.0),
        ("thresholds", "extra_weight", 101.0),
        ("view", "above", 1.5),
        ("view", "neuron", 2_000),
        ("view", "given", ((1, 2.0),)),
        ("view", "counts", "cubic"),
    ],
)
def test_a_change_to_what_is_not_allowed_is_refused(part: str, field: str, value: object):
    with pytest.raises(SettingError, match=f"^{field} = "):
        FULL.changed(part, field, value)


def test_another_model_forgets_neuron_and_restart_and_keeps_the_feature():
    found = FULL.showing(FULL.choice.changed("config", "seed", 1))
    assert found.choice.config.seed == 1
    assert found.view == FULL.view.replace(restart=None, neuron=None, second=None)
    assert found.thresholds == FULL.thresholds
    assert FULL.showing(FULL.choice, 3).view.restart == 3


def test_a_smaller_model_drops_what_it_does_not_have():
    small = Choice(Config(n_features=51, n_neurons=2), "quick", RECIPES["quick"])
    found = FULL.showing(small, 3)
    assert found.view == FULL.view.replace(
        restart=None, neuron=None, feature=None, second=None, given=((0, 1.0), (50, -0.5))
    )


def test_what_there_is_not_is_dropped_and_the_rest_stays():
    def kept(**config: int) -> View:
        choice = FULL.choice
        for field, value in config.items():
            choice = choice.changed("config", field, value)
        return ExploreState(choice, FULL.thresholds, FULL.view).consistent().view

    assert kept() == FULL.view
    assert kept(n_neurons=39) == FULL.view.replace(neuron=None)
    assert kept(n_features=99) == FULL.view.replace(feature=None, given=((0, 1.0), (50, -0.5)))
    assert kept(n_features=50) == FULL.view.replace(feature=None, second=None, given=((0, 1.0),))
    assert kept(n_features=1).given == ((0, 1.0),)
    seven = ExploreState(FULL.choice.changed("recipe", "restarts", 7), view=FULL.view)
    assert seven.consistent().view == FULL.view.replace(restart=None)


@given(state=states(), other=CHOICES)
def test_a_change_of_the_model_leaves_a_state_that_comes_back_from_its_link(
    state: ExploreState, other: Choice
):
    found = state.showing(other, state.view.restart)
    assert found.consistent() == found
    assert found.view.neuron is None
    assert read(found.link) == (found, [])
