from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.chart_specs import by_field, rows
from tests.helpers.figures import figure, notes, plain_figures, title
from tests.helpers.motifs import two
from tests.helpers.networks import model, two_neurons_a_feature, weights
from toymodel.analysis.decomposition import ASYMMETRIC, BOTH_SIDES, INHIBITION, ONE_SIDE, find_roles
from toymodel.charts.figures import not_drawn
from toymodel.charts.motif.figures import MOTIF_FIGURES, ROLE_FIGURES

CONFIG = tm.Config(n_features=6, n_neurons=12, feature_probability=0.5)
PLANTED = replace(model(CONFIG, tm.Recipe(restarts=1)), restarts=(weights(*two()),))

pytestmark = pytest.mark.usefixtures("short_evaluation")


@pytest.mark.parametrize("side", ["in", "out"])
@pytest.mark.parametrize(
    ("kind", "lit"), [("absolute", (ONE_SIDE, BOTH_SIDES)), ("motif", (ASYMMETRIC, INHIBITION))]
)
def test_what_a_figure_is_about_is_in_colour(kind: str, lit: tuple[int, ...], side: str):
    name = f"{kind}-{side}"
    spec = figure(name, PLANTED).to_vega_lite()
    (bars,) = (
        rows(spec, layer)
        for layer in spec["layer"]
        if layer["data"]["name"] == "bars" and layer["mark"]["type"] == "rect"
    )
    found = find_roles(PLANTED.weights)
    roles = found.W1 if side == "in" else found.W2.T
    drawn = bars[["neuron", "feature", "lit"]].to_numpy().tolist()
    assert all(on == (roles[j, i] in lit) for j, i, on in drawn)
    assert {on for *_, on in drawn} == {True, False}
    assert "The motif, by definition: 2 neurons, 2 pairs of features." in spec["title"]["subtitle"]


@pytest.mark.parametrize("name", ROLE_FIGURES)
def test_the_bars_are_scaled_as_in_the_paper_unless_asked_otherwise(name: str):
    network = PLANTED.weights
    large = replace(PLANTED, restarts=(replace(network, W1=network.W1 * 8, W2=network.W2 / 8),))
    by_default, scaled, trained = (
        figure(name, large, **options) for options in ({}, {"scaled": True}, {"scaled": False})
    )
    assert by_default.spec == scaled.spec
    factor = 8 if name.endswith("in") else 1 / 8
    drawn = scaled.tables["bars"]["weight"].to_numpy()
    np.testing.assert_allclose(trained.tables["bars"]["weight"], factor * drawn, rtol=1e-5)
    for made, words in ((scaled, "neurons scaled"), (trained, "as trained")):
        assert title(made).endswith(f": {words}")
        assert words in notes(made).lower()


def test_the_loss_falls_as_the_inhibition_comes_back():
    spec = figure("inhibition", PLANTED).to_vega_lite()
    curve = rows(spec, by_field(spec, "strokeDash", "series"))
    assert curve["x"].tolist() == pytest.approx(np.linspace(0, 1, 21).tolist())
    assert curve["y"].iloc[0] > 2 * curve["y"].iloc[-1]
    told = "neuron 0: f0 interferes with f1 by 4.0, inhibited by 4.0"
    assert told in spec["title"]["subtitle"]


def test_there_are_none_of_the_identity_task():
    config = CONFIG.replace(task="identity")
    for name in MOTIF_FIGURES:
        assert "compute |x|" in (not_drawn(name, config) or "")


def test_a_model_without_instances_has_the_figures_too():
    plain = two_neurons_a_feature(6)
    none = replace(PLANTED, restarts=(replace(plain, W2=0.5 * plain.W2),))
    made = plain_figures(none, names=list(MOTIF_FIGURES))
    assert list(made) == list(MOTIF_FIGURES)
    assert made["inhibition"].tables["lines"]["y"].nunique() == 1
