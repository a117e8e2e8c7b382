from __future__ import annotations

import pandas as pd
import pytest

from tests.helpers.chart_specs import THEMES, by_field, mark, of_kind, picture, rows, shows
from toymodel.charts.chart import Chart
from toymodel.charts.lines import lines
from toymodel.charts.look import LIGHT

CURVES = pd.DataFrame(
    {"series": ["with", "with", "without", "without"], "x": [0, 1, 0, 1], "y": [0.0, 1, 1, 0]}
)


def drawn(table: pd.DataFrame = CURVES, theme=LIGHT, **options) -> Chart:
    return lines(
        table,
        across="value",
        up="output",
        series=("with", "without"),
        colours=[theme.positive, theme.negative],
        dashes=[[1, 0], [4, 3]],
        height=240,
        **options,
    )


def curve_layer(spec):
    return by_field(spec, "strokeDash", "series")


def test_curves_are_those_of_the_table():
    spec = drawn().to_vega_lite()
    layer = curve_layer(spec)
    assert rows(spec, layer).to_dict("list") == CURVES.to_dict("list")
    encoding = layer["encoding"]
    assert [encoding[name]["title"] for name in ("x", "y")] == ["value", "output"]
    assert spec["description"] == "output against value: with, without."
    encoding = curve_layer(drawn().spec)["encoding"]
    assert encoding["color"]["scale"] == {
        "domain": ["with", "without"],
        "range": [LIGHT.positive, LIGHT.negative],
    }
    assert encoding["strokeDash"]["scale"]["range"] == [[1, 0], [4, 3]]
    assert encoding["color"]["legend"] == encoding["strokeDash"]["legend"]
    assert encoding["color"]["legend"]["symbolType"] == "stroke"
    (hit,) = of_kind(drawn().spec, "circle")
    assert mark(hit)["opacity"] == 0
    assert [each["title"] for each in hit["encoding"]["tooltip"]] == ["curve", "value", "output"]


@pytest.mark.parametrize("count", [0, 1])
def test_few_points_are_drawn_too(count: int):
    assert len(drawn(CURVES.head(count)).tables["lines"]) == count
    y = curve_layer(drawn(CURVES.head(count), log=True).spec)["encoding"]["y"]
    low, high = y["scale"]["domain"]
    assert 0 < low < high


def test_a_log_axis_ends_at_round_numbers_around_the_curves():
    table = CURVES.assign(y=[0.012, 0.5, 0.02, 0.3])
    y = curve_layer(drawn(table, log=True).spec)["encoding"]["y"]
    assert y["scale"] == {"type": "log", "domain": [0.01, 0.5], "nice": False}
    assert y["axis"]["values"] == [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
    assert "scale" not in curve_layer(drawn(table).spec)["encoding"]["y"]
    table = CURVES.assign(y=[0.0, 0.5, float("inf"), -1.0])
    assert drawn(table, log=True).tables["lines"]["y"].tolist() == [0.5]


def test_a_place_is_marked_with_a_point_on_each_curve():
    spec = drawn(at=1.0, mark=LIGHT.mark).to_vega_lite()
    (rule,) = of_kind(spec, "rule")
    assert mark(rule)["color"] == LIGHT.mark
    assert rows(spec, rule)["x"].tolist() == [1]
    (points,) = (layer for layer in of_kind(spec, "circle") if mark(layer)["opacity"] == 1)
    assert rows(spec, points)[["series", "y"]].to_numpy().tolist() == [["with", 1], ["without", 0]]
    assert not of_kind(drawn().spec, "rule")
    between = drawn(at=0.3, mark=LIGHT.mark)
    assert between.tables["here"].empty
    assert len(between.tables["at"]) == 1


@pytest.mark.parametrize("steps", ["ascending", "descending"])
def test_a_few_places_stand_side_by_side_with_a_point_at_each(steps: str):
    spec = drawn(CURVES.assign(x=[0.1, 0.01, 0.1, 0.01]), steps=steps).to_vega_lite()
    (line,), (points,) = of_kind(spec, "line"), of_kind(spec, "circle")
    assert line["encoding"]["x"]["sort"] == steps
    assert line["encoding"]["x"]["type"] == "ordinal"
    assert mark(points)["opacity"] == 1
    assert len(rows(spec, points)) == 4


@THEMES
def test_curves_and_the_marked_place_are_drawn(theme):
    found = picture(drawn(theme=theme, at=0.5, mark=theme.mark), theme)
    for colour in (theme.positive, theme.negative):
        assert shows(found, colour)
    assert shows(found, theme.mark, 100, within=40)
