from __future__ import annotations

import pandas as pd
import pytest

from tests.charts.drawing import by_field, layers, mark, pixels, rows, shows
from toymodel.charts.lines import lines
from toymodel.charts.look import DARK, LIGHT

FRAME = pd.DataFrame(
    {"series": ["with", "with", "without", "without"], "x": [0, 1, 0, 1], "y": [0.0, 1, 1, 0]}
)
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def drawing(frame=FRAME, theme=LIGHT, series=("with", "without")):
    return lines(
        frame,
        across="value",
        up="output",
        series=series,
        colours=[theme.positive, theme.negative][: len(series)],
        dashes=[[1, 0], [4, 3]][: len(series)],
    )


def chart(*given, **options):
    return drawing(*given, **options).chart


def test_curves_are_those_of_the_frame():
    spec = drawing().spec
    layer = by_field(spec, "strokeDash", "series")
    assert rows(spec, layer).to_dict("list") == FRAME.to_dict("list")
    encoding = layer["encoding"]
    assert [encoding[name]["title"] for name in ("x", "y")] == ["value", "output"]


def test_curves_differ_by_dash_and_colour_and_the_legend_says_so():
    encoding = by_field(drawing().spec, "strokeDash", "series")["encoding"]
    assert encoding["color"]["scale"] == {
        "domain": ["with", "without"],
        "range": [LIGHT.positive, LIGHT.negative],
    }
    assert encoding["strokeDash"]["scale"]["range"] == [[1, 0], [4, 3]]
    assert encoding["color"]["legend"] == encoding["strokeDash"]["legend"]
    assert encoding["color"]["legend"]["symbolType"] == "stroke"


def test_the_pointer_finds_points():
    spec = drawing().spec
    (hit,) = (layer for layer in layers(spec) if mark(layer)["type"] == "circle")
    assert mark(hit)["opacity"] == 0
    assert [each["title"] for each in hit["encoding"]["tooltip"]] == ["curve", "value", "output"]


@THEMES
def test_all_of_it_is_drawn(theme):
    picture = pixels(chart(theme=theme).properties(width=300))
    for colour in (theme.positive, theme.negative):
        assert shows(picture, colour, 50, within=40)


def test_a_single_point_is_drawn_too():
    picture = pixels(chart(FRAME.head(1), series=("with",)).properties(width=300))
    assert (picture != 255).any()


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert "output against value: with, without" in drawing().spec["description"]
