"""The sparsity sweep's panels and sections, without a browser."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pages.shared import resources
from pages.sweep.basis import MAX_MEASURED
from pages.sweep.state import SweepState
from tests.helpers.apps import button_labels, fine, metrics, opened, said, table
from tests.helpers.networks import model, weights
from toymodel.analysis.loss import no_superposition_loss
from toymodel.analysis.polysemanticity import CLASSES, neurons
from toymodel.analysis.sweep_table import sweep_table
from toymodel.charts.sweep.privileged_basis import basis_table
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.text import estimate

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


BASIS = STATE.changed(tab="basis")


@pytest.mark.parametrize("at", [1.0, 0.1])
def test_an_open_panel_has_its_text(at: float):
    dense, sparse = put(STATE)
    app = fine(opened(SCRIPT, **STATE.changed(at=at).link))
    shown = dense if at == 1 else sparse
    assert app.subheader[0].value == f"1 − S = {at:g}"
    assert f"Loss {estimate(shown.loss, shown.loss_error)}" in said(app)
    assert len(app.get("vega_lite_chart")) == 2
    assert "Neuron 1" not in said(app)
    app = fine(opened(SCRIPT, **STATE.changed(at=at, neuron=1).link))
    assert f"**Neuron 1** is {neurons(shown.W1).classes[1]}" in said(app)


def test_the_numbers_wait_until_both_ends_are_trained():
    dense, sparse = (model(each, STATE.recipe) for each in STATE.configs)
    assert resources.store().put(dense)
    app = opened(SCRIPT, **STATE.link)
    assert not app.metric
    assert app.title[0].value.startswith("Do neurons turn polysemantic")
    assert resources.store().put(sparse)
    counts = [neurons(each.W1).counts for each in (dense, sparse)]
    shown = metrics(fine(opened(SCRIPT, **STATE.link)))
    for name in (CLASSES[0], CLASSES[2]):
        assert shown[name.capitalize()] == f"{counts[0][name]} → {counts[1][name]} of 3"


ALONE = weights(np.eye(3, 4), np.eye(4, 3))
SHARED = weights(np.ones((3, 4)), np.ones((4, 3)))


@pytest.mark.parametrize(
    ("dense", "sparse", "gains", "says"),
    [
        (ALONE, SHARED, True, "Neurons turn polysemantic as features get sparser"),
        (ALONE, SHARED, False, "and nothing is gained"),
        (ALONE, ALONE, True, "no more neurons are polysemantic"),
        (SHARED, ALONE, True, "no more neurons are polysemantic"),
    ],
)
def test_the_title_says_what_the_models_show(
    dense: Weights, sparse: Weights, gains: bool, says: str
):
    for config, network in zip(STATE.configs, (dense, sparse), strict=True):
        baseline = no_superposition_loss(config)
        made = dataclasses.replace(
            model(config, STATE.recipe),
            restarts=(network,),
            losses=np.array([baseline * (0.5 if gains else 2)], np.float32),
        )
        assert resources.store().put(made)
    assert says in fine(opened(SCRIPT, **STATE.link)).title[0].value


def test_of_one_density_the_title_asks():
    one = STATE.changed(p=(0.1,))
    put(one)
    app = fine(opened(SCRIPT, **one.link))
    assert app.title[0].value.startswith("Do neurons turn polysemantic")
    assert not app.metric


def test_a_section_is_drawn_when_it_is_open():
    made = put(STATE)
    app = fine(opened(SCRIPT, **STATE.link))
    assert "Dense features get neurons of their own" in said(app)
    assert (len(app.get("vega_lite_chart")), len(app.dataframe)) == (1, 0)
    app = fine(opened(SCRIPT, **STATE.changed(tab="density").link))
    assert "Dense features get neurons of their own" not in said(app)
    assert len(app.get("vega_lite_chart")) == 3
    app = fine(opened(SCRIPT, **STATE.changed(tab="numbers").link))
    assert table(app, "density", "gain").equals(sweep_table(made))


def test_features_that_are_left_out_are_counted_in_their_panel_and_explained_once():
    state = STATE.changed(n=20, m=4, d=0.5, at=0.1)
    put(state)
    told = said(fine(opened(SCRIPT, **state.link)))
    assert told.count("Features left out of the training: 14 of 20") == 1
    assert told.count("Features of little importance are left out of the training") == 1
    assert "up to 1.6 % of the importance" in told
    every = state.changed(recipe="usual")
    put(every)
    assert "left out" not in said(fine(opened(SCRIPT, **every.link)))


def test_linear_networks_can_be_trained_where_they_are_missing():
    made = put(STATE)
    app = fine(opened(SCRIPT, **BASIS.link))
    assert "(m + 2)/3 = 1.7" in said(app)
    shown = table(app, "neurons", "read_off")
    assert shown.equals(basis_table(made))
    assert labels(app).count("Train 2 models") == 1


def test_linear_networks_are_compared_where_they_are_there():
    made = put(STATE) + put(STATE, activation="none")
    app = fine(opened(SCRIPT, **BASIS.link))
    shown = table(app, "neurons", "read_off")
    assert shown["hidden"].tolist() == ["ReLU", "ReLU", "linear", "linear"]
    assert shown.equals(basis_table(made))
    assert not any(label.startswith("Train") for label in labels(app))


def test_a_sweep_of_linear_networks_has_no_such_section_and_says_what_means_nothing():
    put(STATE, activation="none")
    linear = BASIS.changed(activation="none")
    app = fine(opened(SCRIPT, **linear.link))
    assert "The hidden layer is linear" in app.info[0].value
    assert "A privileged basis" not in [tab.label for tab in app.tabs]
    assert app.title[0].value.startswith("Do neurons turn polysemantic")


def test_large_networks_are_not_rotated():
    large = BASIS.changed(n=MAX_MEASURED + 1)
    put(large)
    app = fine(opened(SCRIPT, **large.link))
    assert [info.value for info in app.info] == [
        f"Networks of up to {MAX_MEASURED} features and neurons are rotated."
    ]
