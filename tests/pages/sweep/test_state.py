from __future__ import annotations

from pages.sweep.state import SweepState
from tests.helpers.links import as_link
from toymodel.recipe import RECIPES


def test_a_preset_brings_its_own_number_of_restarts():
    state, problems = SweepState.from_link({"recipe": ["thorough"]})
    assert problems == []
    assert state.recipe == RECIPES["thorough"]
    assert state.changed(restarts=3).changed(recipe="quick").recipe == RECIPES["quick"]


def test_an_open_panel_and_a_selected_neuron_must_exist():
    link = as_link(SweepState().link)
    for wrong in ({"at": "0.01", "neuron": "40"}, {"at": "0.5", "neuron": "1"}, {"neuron": "1"}):
        state, problems = SweepState.from_link(link | as_link(wrong))
        assert len(problems) == 1
        assert state == SweepState()
    opened, problems = SweepState.from_link(link | as_link({"at": "0.01"}))
    assert (opened.at, opened.neuron, problems) == (0.01, None, [])
    selected = SweepState().changed(at=0.01, neuron=39)
    assert (selected.at, selected.neuron) == (0.01, 39)
    assert selected.changed(m=40) == selected
    assert selected.changed(m=39).neuron is None
    assert selected.changed(p=(1.0, 0.1)).at is None
