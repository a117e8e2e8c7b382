from __future__ import annotations

import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
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


def marked(frame=FRAME, theme=LIGHT, **options):
    return lines(
        frame,
        across="value",
        up="output",
        series=("with", "without"),
        colours=[theme.positive, theme.negative],
        dashes=[[1, 0], [4, 3]],
        **options,
    )


def test_heights_can_be_on_a_log_axis():
    frame = FRAME.assign(y=[0.025, 0.06, 0.04, 0.03])
    y = by_field(marked(frame, log=True).spec, "strokeDash", "series")["encoding"]["y"]
    assert y["scale"] == {"type": "log", "domain": [0.02, 0.07], "nice": False}
    assert y["axis"]["values"] == [0.02, 0.03, 0.05, 0.07]
    plain = by_field(marked(frame).spec, "strokeDash", "series")["encoding"]["y"]
    assert "scale" not in plain


def test_what_a_log_axis_cannot_show_is_left_out():
    frame = FRAME.assign(y=[0.0, 0.5, float("inf"), -1.0])
    drawn = rows(marked(frame, log=True).spec, by_field(marked().spec, "strokeDash", "series"))
    assert drawn["y"].tolist() == [0.5]
    assert shows(pixels(marked(frame.head(1), log=True).chart), "#888888", within=40)


def test_a_place_is_marked_with_a_point_on_each_curve():
    spec = marked(at=1.0, mark=LIGHT.mark).spec
    (rule,) = (layer for layer in layers(spec) if mark(layer)["type"] == "rule")
    assert mark(rule)["color"] == LIGHT.mark
    assert rows(spec, rule)["x"].tolist() == [1]
    (points,) = (layer for layer in layers(spec) if mark(layer).get("opacity") == 1)
    assert rows(spec, points)[["series", "y"]].to_numpy().tolist() == [["with", 1], ["without", 0]]
    assert not any(mark(layer)["type"] == "rule" for layer in layers(marked().spec))


def test_a_place_between_the_rows_is_marked_without_points():
    drawing = marked(at=0.3, mark=LIGHT.mark)
    assert drawing.data["here"].empty
    assert shows(pixels(drawing.chart.properties(width=300)), LIGHT.mark, 100, within=40)


@THEMES
def test_the_marked_place_has_its_colour(theme):
    options = {"theme": theme, "at": 0.5, "mark": theme.mark}
    background = {"width": 300, "background": theme.background}
    picture = pixels(marked(**options).chart.properties(**background))
    assert shows(picture, theme.mark, 100, within=40)
    assert not shows(pixels(marked(theme=theme).chart.properties(**background)), theme.mark)


@pytest.mark.parametrize("steps", ["ascending", "descending"])
def test_a_few_places_stand_side_by_side_with_a_point_at_each(steps: str):
    given = lines(
        FRAME.assign(x=[0.1, 0.01, 0.1, 0.01]),
        across="density",
        up="share",
        series=("with", "without"),
        colours=[LIGHT.positive, LIGHT.negative],
        dashes=[[1, 0], [4, 3]],
        steps=steps,
    )
    line, points = layers(given.spec)
    assert line["encoding"]["x"]["sort"] == steps
    assert line["encoding"]["x"]["type"] == "ordinal"
    assert mark(points)["opacity"] == 1
    assert len(rows(given.spec, points)) == 4
