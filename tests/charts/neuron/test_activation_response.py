from __future__ import annotations

import dataclasses

import numpy as np

from tests.helpers.chart_specs import THEMES, of_kind, picture, shows
from tests.helpers.networks import weights
from toymodel.charts.look import LIGHT
from toymodel.charts.neuron.activation_response import activation_map, activation_response
from toymodel.config import Config

CONFIG = Config(n_features=2, n_neurons=1)
NETWORK = weights([[1, -0.5]], [[0], [0]])
BIASED = dataclasses.replace(NETWORK, b_hidden=np.array([0.25], np.float32))


def test_the_activation_for_one_feature_alone_is_exact():
    chart = activation_response(CONFIG, NETWORK, 0, [1, 0], theme=LIGHT, height=260)
    table = chart.tables["lines"].groupby("feature", sort=False)["output"]
    assert table.apply(lambda y: y.iloc[[0, 50, 100]].tolist()).to_dict() == {
        1: [0.5, 0, 0],
        0: [0, 0, 1],
    }
    (line,) = of_kind(chart.spec, "line")
    assert line["encoding"]["y"]["title"] == "activation"
    lifted = activation_response(CONFIG, BIASED, 0, [1], theme=LIGHT, height=260).tables["lines"]
    assert lifted["output"].iloc[[0, 50, 100]].tolist() == [0.75, 0.25, 0]


def cells(one: int, other: int, network=NETWORK):
    chart = activation_map(CONFIG, network, 0, one, other, theme=LIGHT, height=260)
    return chart.tables["cells"]


def test_the_activation_for_two_features_is_exact():
    table = cells(0, 1)
    assert len(table) == 40**2
    expected = np.maximum(table["middle_x"] - table["middle_y"] / 2, 0)
    np.testing.assert_allclose(table["value"], expected, atol=1e-6)
    for low, high in (("x", "x2"), ("y", "y2")):
        np.testing.assert_allclose(table[high] - table[low], 0.05)
        assert (table[low].min(), table[high].max()) == (-1, 1)
    swapped = cells(1, 0)
    expected = np.maximum(swapped["middle_y"] - swapped["middle_x"] / 2, 0)
    np.testing.assert_allclose(swapped["value"], expected, atol=1e-6)
    lifted = cells(0, 1, BIASED)
    expected = np.maximum(lifted["middle_x"] - lifted["middle_y"] / 2 + 0.25, 0)
    np.testing.assert_allclose(lifted["value"], expected, atol=1e-6)
    (layer,) = activation_map(CONFIG, NETWORK, 0, 0, 1, theme=LIGHT, height=260).spec["layer"]
    titles = [layer["encoding"][name]["title"] for name in ("x", "y", "color")]
    assert titles == ["value of f0", "value of f1", "activation"]


@THEMES
def test_low_is_dark_and_high_is_yellow(theme):
    found = picture(activation_map(CONFIG, NETWORK, 0, 0, 1, theme=theme, height=260), theme)
    assert shows(found, "#440154", 5_000)
    assert shows(found, "#fde725", within=20)
