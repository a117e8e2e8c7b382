"""The sparsity sweep's section on the privileged basis, without a browser."""

from __future__ import annotations

import pytest

from pages.shared import resources
from pages.sweep.basis import MAX_MEASURED
from pages.sweep.state import SweepState
from tests.helpers.apps import button_labels, fine, opened, said, table
from tests.helpers.networks import model
from toymodel.charts.sweep.privileged_basis import basis_table
from toymodel.config import Config

pytestmark = pytest.mark.usefixtures("shipped")


SCRIPT = "sweep/page.py"
STATE = SweepState(
    config=Config(n_features=4, n_neurons=3), densities=(1.0, 0.1), preset="quick", restarts=1
)


def put(state: SweepState, **changes: object) -> list:
    made = [model(each.replace(**changes), state.recipe) for each in state.configs]
    for each in made:
        assert resources.store().put(each)
    return made


def labels(app) -> list[str]:
    return button_labels(app)


def test_features_that_are_left_out_are_counted_in_every_panel_and_explained_once():
    state = STATE.changed(n=20, m=4, d=0.5)
    put(state)
    told = said(fine(opened(SCRIPT, **state.link)))
    assert told.count("Features left out of the training: 14 of 20") == 2
    assert told.count("Features of little importance are left out of the training") == 1
    assert "up to 1.6 % of the importance" in told
    every = state.changed(recipe="usual")
    put(every)
    assert "left out" not in said(fine(opened(SCRIPT, **every.link)))


def test_linear_networks_can_be_trained_where_they_are_missing():
    made = put(STATE)
    app = fine(opened(SCRIPT, **STATE.link))
    assert "A privileged basis" in said(app)
    assert "(m + 2)/3 = 1.7" in said(app)
    shown = table(app, "neurons", "read_off")
    assert shown.equals(basis_table(made))
    assert labels(app).count("Train 2 models") == 1


def test_linear_networks_are_compared_where_they_are_there():
    made = put(STATE) + put(STATE, activation="none")
    app = fine(opened(SCRIPT, **STATE.link))
    shown = table(app, "neurons", "read_off")
    assert shown["hidden"].tolist() == ["ReLU", "ReLU", "linear", "linear"]
    assert shown.equals(basis_table(made))
    assert not any(label.startswith("Train") for label in labels(app))


def test_a_sweep_of_linear_networks_has_no_such_section_and_says_what_means_nothing():
    put(STATE, activation="none")
    linear = STATE.changed(activation="none")
    app = fine(opened(SCRIPT, **linear.link))
    assert "The hidden layer is linear" in app.info[0].value
    assert "A privileged basis" not in said(app)


def test_large_networks_are_not_rotated():
    large = STATE.changed(n=MAX_MEASURED + 1)
    put(large)
    app = fine(opened(SCRIPT, **large.link))
    assert [info.value for info in app.info] == [
        f"Networks of up to {MAX_MEASURED} features and neurons are rotated."
    ]
