"""What holds for the link of every page: it carries the whole state, and is read strictly."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.identity.state import IdentityState
from pages.motif.state import MotifState
from pages.overview.state import OverviewState
from pages.own.state import OwnState
from pages.phase.state import PhaseState
from pages.real.state import RealState
from pages.shared.explorer.state import ExplorerState
from pages.shared.link_state import LinkState, Parameter
from pages.sweep.state import SweepState
from pages.sweeps.state import SweepsState
from pages.train.state import TrainState
from tests.helpers.links import as_link
from toymodel.analysis.ablation import SHARES
from toymodel.config import Config
from toymodel.phase.diagram import DENSITIES, RATIOS
from toymodel.settings import SettingError, allowed_words, plain_type
from toymodel.sweeps.measures import MEASURES

STATES: list[type[LinkState]] = [
    *(ExplorerState, IdentityState, MotifState, OverviewState, OwnState, PhaseState),
    *(RealState, SweepState, SweepsState, TrainState),
]
every_page = pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)

PAIRS = st.tuples(st.integers(0, 1_999), st.floats(-1, 1))
SPECIAL: dict[tuple[type[LinkState], str], st.SearchStrategy[Any]] = {
    (SweepState, "p"): st.lists(
        st.floats(1e-9, 1, exclude_min=True), min_size=1, max_size=12, unique=True
    ).map(tuple),
    (TrainState, "features"): st.lists(
        st.integers(0, 1_999), min_size=1, max_size=8, unique=True
    ).map(tuple),
    (ExplorerState, "given"): st.lists(PAIRS, max_size=12, unique_by=lambda p: p[0]).map(tuple),
    (ExplorerState, "above"): st.integers(2, 100).map(lambda k: k / 100),
    (MotifState, "left"): st.sampled_from(SHARES),
    (OverviewState, "open"): st.sampled_from([(), ("smallest",)]),
    (PhaseState, "p"): st.sampled_from(DENSITIES),
    (PhaseState, "ratio"): st.sampled_from(RATIOS),
    (TrainState, "open"): st.sampled_from([(), ("tried",), ("file", "tried")]),
    (PhaseState, "open"): st.lists(
        st.sampled_from(["ranks", "back", "sets"]), max_size=3, unique=True
    ).map(tuple),
    (RealState, "open"): st.lists(
        st.sampled_from(["exist", "together", "rise", "extreme", "reading", "limits"]),
        max_size=6,
        unique=True,
    ).map(tuple),
    (SweepsState, "grid"): st.text("0123456789abcdef", min_size=16, max_size=16) | st.just(""),
    (SweepsState, "x"): st.sampled_from(["", *Config.model_fields]),
    (SweepsState, "y"): st.sampled_from(["", *Config.model_fields]),
    (SweepsState, "measure"): st.sampled_from(list(MEASURES)),
}
"""Settings whose type and bounds do not say all that they may be."""

WRONG_SPECIAL: dict[tuple[type[LinkState], str], list[str]] = {
    (SweepState, "p"): ["1,1", "", "0", "0.1;0.2", ",".join(f"0.{i}" for i in range(10, 23))],
    (TrainState, "features"): ["1,1", "-1", "0,1,2,3,4,5,6,7,8", "", "1.5"],
    (ExplorerState, "given"): [
        *("3", "3:", ":1", "3:1:1", "3:1,", ",", "3=1", "3:1;4:1", "-1:1", "2000:1", "1.5:1"),
        *("3:1.01", "3:-1.01", "3:nan", "3:inf", "3:1e999", "3:1,3:0", "1_0:1", "3:0.1_1", "٣:1"),
        *("9" * 5_000 + ":1", ",".join(f"{i}:1" for i in range(13)), ",".join(["1:1"] * 10_000)),
    ],
    (ExplorerState, "above"): ["1.01", "-0.1", "0.333", "0.01", "nan", ""],
    (MotifState, "left"): ["0.33", "1.05", "-0.05", "nan", ""],
    (OverviewState, "open"): ["largest", "smallest,smallest", ""],
    (PhaseState, "p"): ["0.5", "0", "nan", ""],
    (PhaseState, "ratio"): ["3", "nan", ""],
    (TrainState, "open"): ["notes", "tried,tried", ""],
    (PhaseState, "open"): ["back,back", "", "exist", "ranks,none"],
    (RealState, "open"): ["rise,rise", "", "back"],
    (SweepsState, "grid"): ["xyz", "0123456789ABCDEF"],
    (SweepsState, "x"): ["neurons"],
    (SweepsState, "y"): ["neurons"],
    (SweepsState, "measure"): ["losses", ""],
}


def limits(parameter: Parameter) -> dict[str, Any]:
    return {
        name: value
        for item in parameter.info.metadata
        for name in ("ge", "gt", "le", "lt")
        if (value := getattr(item, name, None)) is not None
    }


def allowed_values(state: type[LinkState], name: str) -> st.SearchStrategy[Any]:
    parameter = state.parameters()[name]
    kind = plain_type(parameter.info)
    if (state, name) in SPECIAL:
        found = SPECIAL[state, name]
    elif kind is bool:
        found = st.booleans()
    elif get_origin(kind) is Literal:
        found = st.sampled_from(get_args(kind))
    elif kind is str:  # names of arrays; weights from elsewhere have no other settings
        pattern = name == "weights"
        found = st.just("") if pattern else st.text(min_size=1, max_size=100)
    else:
        ends = limits(parameter)
        low, high = ends.get("ge", ends.get("gt")), ends.get("le", ends.get("lt"))
        if kind is int:
            found = st.integers(low, high)
        else:
            found = st.floats(low, high, exclude_min="gt" in ends, exclude_max="lt" in ends)
    return found if parameter.info.annotation is kind else st.none() | found


def wrong_texts(state: type[LinkState], name: str) -> list[str]:
    parameter = state.parameters()[name]
    kind = plain_type(parameter.info)
    if (state, name) in WRONG_SPECIAL:
        return WRONG_SPECIAL[state, name]
    if kind is bool:
        return ["maybe", "True", "1", ""]
    if get_origin(kind) is Literal:
        return ["best", "", "__import__('os')"]
    if kind is str:
        return ["xyz"] if name == "weights" else ["", "x" * 101]
    ends = limits(parameter)
    low, high = ends.get("ge", ends.get("gt")), ends.get("le", ends.get("lt"))
    beyond = [f"{high + 1}", f"{low - 1}"]
    if kind is int:
        return [*beyond, "", "1.0", "1e2", "1_0", " 7", "٣", "None", "9" * 5_000]
    open_ends = [f"{ends[name]}" for name in ("gt", "lt") if name in ends]
    return [*beyond, *open_ends, "", "nan", "inf", "1,0.3", "0.1_1", "1e999"]


def drawn_state(data: st.DataObject, state: type[LinkState]) -> LinkState:
    """Any state of a page."""
    strategies = {name: allowed_values(state, name) for name in state.parameters()}
    values = data.draw(st.fixed_dictionaries({}, optional=strategies))
    made = state()
    for name in strategies:
        if name in values:
            try:
                made = made.with_value(name, values[name])
            except SettingError:
                assert name == "hidden"  # only one task can have a hidden bias
    return made.consistent()


@every_page
@settings(max_examples=40)
@given(data=st.data())
def test_every_state_comes_back_from_its_link(state: type[LinkState], data: st.DataObject):
    drawn = drawn_state(data, state)
    found, problems = state.from_link(as_link(drawn.link))
    assert problems == []
    assert found == drawn
    assert found.link == drawn.link


@every_page
def test_a_link_that_says_nothing_is_that_of_the_first_visit(state: type[LinkState]):
    first = state()
    assert state.from_link({}) == (first, [])
    assert state.from_link(as_link(first.link)) == (first.consistent(), [])
    assert first.link["v"] == "1"


@every_page
def test_every_setting_has_a_parameter(state: type[LinkState]):
    carried = {parameter.path for parameter in state.parameters().values()}
    for field, info in state.model_fields.items():
        if info.alias:
            assert (field,) in carried
        else:
            assert any(path[0] == field for path in carried) or field == "other"


@every_page
def test_a_wrong_value_is_named_with_what_is_allowed_and_leaves_the_default(
    state: type[LinkState],
):
    tried = 0
    for name, parameter in state.parameters().items():
        for text in wrong_texts(state, name):
            found, problems = state.from_link({name: [text]})
            assert len(problems) == 1, (name, text, problems)
            assert problems[0].startswith(f"{name} = "), (name, text, problems)
            assert allowed_words(parameter.info) in problems[0]
            assert len(problems[0]) < 400
            assert found == state().consistent(), (name, text)
            tried += 1
    assert tried >= 3


@every_page
def test_unknown_repeated_and_foreign_parameters_are_named(state: type[LinkState]):
    name = next(iter(state.parameters()))
    found, problems = state.from_link({"?": ["1"], name: ["3", "4"], "v": ["2"]})
    assert len(problems) == 3
    assert any("'?' is not a setting of this page" in problem for problem in problems)
    assert f"{name}: given 2 times, once is allowed" in problems
    assert any("reads links of version 1" in problem for problem in problems)
    assert found == state()


@every_page
@settings(max_examples=40)
@given(data=st.data())
def test_whatever_a_link_says_there_is_a_state_that_can_be_linked_to(
    state: type[LinkState], data: st.DataObject
):
    names = st.sampled_from([*state.parameters(), "v", "x", "vs.n"])
    texts = st.text(max_size=8) | st.sampled_from(["1", "0.5", "3:1", "64", "2147483647", "none"])
    link = data.draw(st.dictionaries(names, st.lists(texts, min_size=1, max_size=2), max_size=6))
    found, problems = state.from_link(link)
    assert len(problems) <= len(link)
    assert state.from_link(as_link(found.link)) == (found, [])


@every_page
def test_a_change_to_what_is_not_allowed_is_refused(state: type[LinkState]):
    for name, parameter in state.parameters().items():
        with pytest.raises(SettingError, match=f"^{parameter.path[-1]} = "):
            state().changed(**{name: object()})
