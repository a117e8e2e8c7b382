from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.chart_specs import by_field, rows
from tests.helpers.figures import figure
from tests.helpers.networks import model
from toymodel.charts.network.stack_plot import OTHERS, stacks

CONFIG = tm.Config(n_features=6, n_neurons=4, feature_probability=0.25)
MODEL = model(CONFIG, tm.Recipe(restarts=2))


def drawn(name: str, found: tm.Model = MODEL, **options) -> dict:
    return figure(name, found, **options).to_vega_lite()


@pytest.mark.parametrize(("name", "side"), [("stacks-in", "input"), ("stacks-out", "output")])
def test_stacks_show_either_side_and_what_their_colours_mean(name: str, side: str):
    spec = drawn(name)
    layer = by_field(spec, "color", "superposition")
    blocks = stacks(CONFIG, MODEL.weights, side=side).blocks
    named = blocks[blocks["feature"] != OTHERS]
    np.testing.assert_allclose(rows(spec, layer)["high"], named["high"])
    encoding = layer["encoding"]
    assert encoding["color"]["legend"]
    assert encoding["y"]["axis"]["title"].startswith("|W1|" if side == "input" else "|W2|")
    assert f"{side} weights" in spec["title"]["text"]


def test_stacks_show_the_first_neurons_on_request():
    spec = drawn("stacks-in", neurons=2)
    order = stacks(CONFIG, MODEL.weights).columns["neuron"].tolist()
    tables = spec["datasets"]
    assert tables["columns"]["neuron"].tolist() == order[:2]
    assert set(tables["blocks"]["neuron"]) == set(order[:2])
    assert tables["spans"]["end"].max() == 2
    assert "the first 2 of 4" in " ".join(spec["title"]["subtitle"])


@pytest.mark.parametrize(("name", "side"), [("weights-in", "W1"), ("weights-out", "W2")])
def test_weights_have_their_signs(name: str, side: str):
    spec = drawn(name)
    W = MODEL.weights.W1 if side == "W1" else MODEL.weights.W2.T
    bars = rows(spec, by_field(spec, "color", "feature"))
    found = W[bars["neuron"], bars["feature"]]
    np.testing.assert_allclose(bars["weight"], found, rtol=1e-6)
    assert by_field(spec, "color", "feature")["encoding"]["color"]["legend"] is not None
    assert spec["title"]["text"].startswith(side)


@pytest.mark.parametrize(
    ("name", "against", "together"),
    [("loss-steps", "step", False), ("loss-seconds", "seconds", True)],
)
def test_the_loss_is_drawn_against_steps_or_seconds(name: str, against: str, together: bool):
    shared = replace(MODEL, history=replace(MODEL.history, together=7))
    spec = drawn(name, shared)
    across = {layer["encoding"].get("x", {}).get("field") for layer in spec["layer"]}
    assert across - {None} == {against}
    notes = " ".join(spec["title"]["subtitle"])
    assert "this restart in blue" in notes
    assert ("7 models were trained side by side in this time." in notes) == together
    assert "side by side" not in f"{drawn(name)['title']}"
