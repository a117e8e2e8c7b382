from __future__ import annotations

import numpy as np

from tests.builders import two_neurons_a_feature, weights
from tests.charts.drawing import by_field, layers, mark, pixels, rows, shows
from toymodel import frames
from toymodel.charts.look import LIGHT
from toymodel.charts.raw_weights import raw_weights


def chart(given, side: str = "input", **options):
    n = given.W1.shape[1]
    bars = frames.signed_bars(given, side=side)
    return raw_weights(bars, n_features=n, title="weights in", theme=LIGHT, **options).chart


def test_bars_are_those_of_the_frame_above_and_below_the_axis():
    given = weights([[1, -3], [4, 0]], np.ones((2, 2)))
    spec = chart(given).to_dict()
    layer = by_field(spec, "color", "feature")
    drawn = rows(spec, layer)
    expected = frames.signed_bars(given)
    for name in ("column", "neuron", "feature", "weight", "low", "high"):
        assert drawn[name].tolist() == expected[name].tolist()
    assert layer["encoding"]["y"]["field"] == "low"
    assert layer["encoding"]["y2"]["field"] == "high"
    assert layer["encoding"]["x"]["scale"]["domain"] == [0, 2]


def test_the_axis_and_the_title_are_there():
    spec = chart(two_neurons_a_feature(2)).to_dict()
    assert spec["title"]["text"] == "weights in"
    assert "weights in" in spec["description"]
    (rule,) = (layer for layer in layers(spec) if mark(layer)["type"] == "rule")
    assert rows(spec, rule)["y"].tolist() == [0]


def test_each_feature_has_its_colour():
    picture = pixels(chart(two_neurons_a_feature(3)).properties(width=400))
    for colour in ("#4c78a8", "#9ecae9", "#f58518"):
        assert shows(picture, colour)


def test_many_features_are_drawn_too():
    random = np.random.default_rng(0)
    given = weights(random.normal(size=(5, 25)), random.normal(size=(25, 5)))
    picture = pixels(chart(given, "output").properties(width=400))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20


def test_a_network_without_weights_is_an_axis():
    picture = pixels(chart(weights(np.zeros((2, 2)), np.zeros((2, 2)))).properties(width=300))
    assert shows(picture, LIGHT.ink)


def test_the_height_axis_fits_the_weights_or_is_that_of_the_chart_beside_it():
    def domain(**options) -> list[float]:
        spec = chart(weights([[4, 1], [-1, 0]], np.ones((2, 2))), **options).to_dict()
        return by_field(spec, "color", "feature")["encoding"]["y"]["scale"]["domain"]

    assert domain() == [-5.5, 5.5]
    assert domain(reach=8.0) == [-8, 8]


def test_features_are_named_on_request():
    def legend(**options) -> object:
        spec = chart(two_neurons_a_feature(2), **options).to_dict()
        return by_field(spec, "color", "feature")["encoding"]["color"]["legend"]

    assert legend() is None
    assert legend(legend=True) is not None
