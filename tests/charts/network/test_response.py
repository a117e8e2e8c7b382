from __future__ import annotations

import pytest

import toymodel as tm
from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.network.response import response
from toymodel.charts.network.tables import responses

SMALL = tm.Config(n_features=3, n_neurons=6)
FRAME = responses(SMALL, weights([[1, 0, 0]] * 6, [[0.5] * 6, [0] * 6, [0] * 6]), [0, 2], points=5)


def chart(frame=FRAME, n_features: int = 3, theme=LIGHT):
    return response(frame, n_features=n_features, theme=theme).chart


def test_the_lines_are_those_of_the_frame():
    spec = chart().to_dict()
    line, target = (layer for layer in layers(spec) if mark(layer)["type"] == "line")
    assert rows(spec, line).to_dict("list") == FRAME.to_dict("list")
    encoding = line["encoding"]
    assert [encoding[name]["field"] for name in ("x", "y", "color", "detail")] == [
        "x",
        "output",
        "feature",
        "feature",
    ]
    assert target["encoding"]["y"]["field"] == "target"
    assert rows(spec, target)["target"].tolist() == [1, 0.5, 0, 0.5, 1]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_target_is_a_dashed_line_in_ink(theme):
    spec = chart(theme=theme).to_dict()
    target = by_field(spec, "y", "target")
    assert mark(target)["color"] == theme.ink
    assert mark(target)["strokeDash"]


def test_the_legend_names_the_features():
    spec = chart().to_dict()
    line = next(layer for layer in layers(spec) if mark(layer)["type"] == "line")
    assert line["encoding"]["color"]["legend"]["values"] == [0, 2]


def test_a_feature_has_the_colour_that_it_has_everywhere():
    picture = pixels(chart(responses(SMALL, two_neurons_a_feature(3), [2])).properties(width=400))
    assert shows(picture, "#f58518")  # the third of tableau20
    assert not shows(picture, "#4c78a8")


def test_features_of_many_can_be_told_apart():
    config = tm.Config(n_features=100, n_neurons=200)
    scaled = two_neurons_a_feature(100)
    scaled.W2[1] *= 0.5
    built = chart(responses(config, scaled, [0, 1]), n_features=100)
    picture = pixels(built.properties(width=400))
    assert shows(picture, "#4c78a8")
    assert shows(picture, "#f58518")


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert "feature" in chart().to_dict()["description"]


def test_a_frame_without_a_target_is_drawn_without():
    spec = chart(FRAME.drop(columns="target")).to_dict()
    (line,) = (layer for layer in layers(spec) if mark(layer)["type"] == "line")
    assert line["encoding"]["y"]["field"] == "output"
    assert "target" not in str(spec)
    assert pixels(chart(FRAME.drop(columns="target"))).size


def test_the_height_says_what_it_is():
    drawing = response(FRAME, n_features=3, theme=LIGHT, up="activation of n1")
    line = next(layer for layer in layers(drawing.template) if mark(layer)["type"] == "line")
    assert line["encoding"]["y"]["title"] == "activation of n1"
    assert drawing.template["description"].startswith("Activation of n1")
