"""A link carries a page's whole state, strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.sweep.state import PARAMS, SweepState, Training, View
from tests.helpers.links import DENSITIES, as_link
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import MAX_SEED, RECIPES, Config


@given(
    n=st.integers(1, 2_000),
    m=st.integers(1, 2_000),
    d=st.floats(0, 1, exclude_min=True),
    seed=st.integers(0, MAX_SEED),
    densities=DENSITIES,
    preset=st.sampled_from(list(RECIPES)),
    restarts=st.integers(1, 64),
    second=st.floats(0, 1, exclude_min=True),
    data=st.data(),
)
def test_every_state_comes_back_from_its_link(
    n, m, d, seed, densities, preset, restarts, second, data
):
    state = SweepState(
        Config(n_features=n, n_neurons=m, importance_decay=d, seed=seed),
        Training(densities=densities, preset=preset, restarts=restarts),
        Thresholds(second_weight=second),
        View(
            weights="output",
            heights="raw",
            colour="feature",
            at=data.draw(st.sampled_from(densities)),
            neuron=data.draw(st.integers(0, m - 1)),
        ),
    )
    assert SweepState.from_link(as_link(state.link)) == (state, [])


def test_a_link_writes_every_field_of_the_config_but_the_density():
    carried = {param.field for param in PARAMS if param.owner is Config}
    assert carried == Config.model_fields.keys() - {"feature_probability"}


def test_a_link_without_restarts_takes_the_presets():
    state, problems = SweepState.from_link({"recipe": ["thorough"]})
    assert not problems
    assert state.recipe == RECIPES["thorough"]


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("n", "0", "a whole number from 1 to 2,000"),
        ("n", "2001", "a whole number from 1 to 2,000"),
        ("n", "1e2", "a whole number from 1 to 2,000"),
        ("n", "1_0", "a whole number from 1 to 2,000"),
        ("n", " 7", "a whole number from 1 to 2,000"),
        ("m", "٣", "a whole number from 1 to 2,000"),
        ("d", "nan", "a number above 0 and at most 1"),
        ("d", "inf", "a number above 0 and at most 1"),
        ("d", "-0.1", "a number above 0 and at most 1"),
        ("seed", "2147483648", "a whole number from 0 to 2,147,483,647"),
        ("p", "1,1", "1 to 12 different numbers"),
        ("p", "", "1 to 12 different numbers"),
        ("p", "0", "1 to 12 different numbers"),
        ("p", "0.1;0.2", "1 to 12 different numbers"),
        ("p", ",".join(f"0.{i}" for i in range(10, 23)), "1 to 12 different numbers"),
        ("recipe", "best", "one of 'quick', 'standard', 'thorough', 'usual'"),
        ("restarts", "65", "a whole number from 1 to 64"),
        ("colour", "red", "one of 'superposition', 'feature'"),
        ("task", "__import__('os')", "one of 'abs'"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed_and_leaves_the_default(name, value, allowed):
    state, problems = SweepState.from_link({name: [value], "seed": ["5"], **{name: [value]}})
    assert len(problems) == 1
    assert problems[0].startswith(f"{name} = ")
    assert allowed in problems[0]
    expected = SweepState() if name == "seed" else SweepState(base=Config(seed=5))
    assert state == expected


def test_unknown_repeated_and_foreign_parameters_are_named():
    _, problems = SweepState.from_link({"x": ["1"], "n": ["3", "4"], "v": ["2"]})
    assert len(problems) == 3
    assert any("'x' is not a setting" in problem for problem in problems)
    assert any("n: given 2 times" in problem for problem in problems)
    assert any("version 1" in problem for problem in problems)


def test_a_selected_neuron_must_exist():
    link = as_link(SweepState().link)
    for odd in ({"at": "0.01", "neuron": "40"}, {"at": "0.5", "neuron": "1"}, {"neuron": "1"}):
        state, problems = SweepState.from_link(link | as_link(odd))
        assert len(problems) == 1
        assert state == SweepState(training=Training(restarts=1))
