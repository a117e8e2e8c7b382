from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from toymodel.charts.bands import bands
from toymodel.charts.look import DARK, LIGHT

FRAME = pd.DataFrame(
    [
        ("a", 1.0, 0.2, 0),
        ("a", 1.0, 0.5, 1),
        ("a", 1.0, 0.6, 2),
        ("a", 0.1, 0.1, 0),
        ("a", 0.1, 0.4, 1),
        ("b", 1.0, 0.9, 0),
        ("b", 0.1, 0.0, 0),
    ],
    columns=["series", "x", "y", "run"],
)
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def drawing(frame=FRAME, theme=LIGHT, names: str = "ab", **options):
    inks = dict(zip(names, (theme.negative, theme.positive), strict=False))
    return bands(frame, across="density", up="share", series=inks, theme=theme, **options)


def line_layers(spec) -> tuple:
    return tuple(layer for layer in layers(spec) if mark(layer)["type"] == "line")


def test_each_place_has_its_median_and_the_ends_of_its_band():
    middle = drawing().data["middle"].set_index(["series", "x"])
    assert middle.loc[("a", 1.0)].tolist() == [0.2, 0.5, 0.6, 3]
    assert middle.loc[("a", 0.1)].tolist() == [0.1, 0.25, 0.4, 2]
    assert middle.loc[("b", 0.1)].tolist() == [0, 0, 0, 1]
    assert len(middle) == 4
    spec = drawing().spec
    band = by_field(spec, "y2", "high")
    assert (mark(band)["type"], band["encoding"]["y"]["field"]) == ("area", "low")


def test_thin_lines_are_the_runs_and_the_thick_ones_go_through_the_medians():
    spec = drawing().spec
    thin, thick = line_layers(spec)
    assert mark(thin)["strokeWidth"] < mark(thick)["strokeWidth"]
    assert rows(spec, thin).to_dict("list") == FRAME.to_dict("list")
    assert [each["field"] for each in thin["encoding"]["detail"]] == ["series", "run"]
    assert rows(spec, thick)["y"].tolist() == drawing().data["middle"]["y"].tolist()


@pytest.mark.parametrize(("falling", "domain"), [(True, [1, 0.1]), (False, [0.1, 1])])
def test_the_largest_place_is_on_the_left_of_a_falling_axis(falling: bool, domain: list[float]):
    for layer in layers(drawing(falling=falling).spec):
        scale = layer["encoding"]["x"]["scale"]
        assert (scale["type"], scale["domain"]) == ("log", domain)


def test_places_may_be_whole_numbers():
    found = drawing(FRAME.assign(x=[500, 500, 500, 1000, 1000, 500, 1000]))
    assert line_layers(found.spec)[0]["encoding"]["x"]["scale"]["domain"] == [500, 1000]


def test_a_log_axis_leaves_out_what_has_no_place_on_it():
    assert drawing().data["runs"]["y"].min() == 0
    found = drawing(log=True)
    assert found.data["runs"]["y"].min() == found.data["middle"]["low"].min() == 0.1
    assert found.data["middle"].set_index(["series", "x"]).index.tolist() == [
        ("a", 0.1),
        ("a", 1.0),
        ("b", 1.0),
    ]
    scale = line_layers(found.spec)[0]["encoding"]["y"]["scale"]
    assert (scale["type"], scale["domain"]) == ("log", [0.1, 1])


def test_what_is_not_known_is_left_out():
    found = drawing(FRAME.assign(y=[np.nan, *FRAME["y"][1:]]))
    assert found.data["middle"].set_index(["series", "x"])["runs"]["a", 1.0] == 2
    assert found.data["runs"]["y"].notna().all()


def test_shares_go_from_none_to_all_whatever_they_are():
    for layer in layers(drawing(share=True).spec):
        encoding = layer["encoding"]["y"]
        assert encoding["scale"]["domain"] == [0, 1]
        assert encoding["axis"]["format"] == ".0%"
    assert line_layers(drawing().spec)[0]["encoding"]["y"]["scale"] == {"zero": False}


def test_the_legend_names_every_series_by_its_colour_and_dash():
    for each in line_layers(drawing().spec):
        scale = each["encoding"]["color"]["scale"]
        assert scale == {"domain": ["a", "b"], "range": [LIGHT.negative, LIGHT.positive]}
        assert each["encoding"]["color"]["legend"]["orient"] == "top"
    dash = line_layers(drawing().spec)[1]["encoding"]["strokeDash"]
    assert len({tuple(each) for each in dash["scale"]["range"]}) == 2


def test_one_series_needs_no_legend():
    thick = line_layers(drawing(names="a").spec)[1]
    assert thick["encoding"]["color"]["legend"] is None
    assert thick["encoding"]["strokeDash"]["legend"] is None


def test_what_others_found_has_a_mark_with_its_words():
    marks = pd.DataFrame([{"series": "a", "x": 0.1, "y": 0.3, "text": "the paper's"}])
    spec = drawing(marks=marks).spec
    (point,) = (layer for layer in layers(spec) if mark(layer)["type"] == "point")
    assert rows(spec, point).to_dict("records") == marks.to_dict("records")
    assert [each["field"] for each in point["encoding"]["tooltip"]] == ["text"]
    assert not any(mark(layer)["type"] == "point" for layer in layers(drawing().spec))


@THEMES
def test_all_of_it_is_drawn(theme):
    chart = drawing(theme=theme).chart.properties(width=300, background=theme.background)
    picture = pixels(chart)
    for colour in (theme.negative, theme.positive, theme.background):
        assert shows(picture, colour)


@pytest.mark.parametrize("log", [False, True])
def test_one_place_is_drawn_too(log: bool):
    found = drawing(FRAME.loc[FRAME["x"] == 1], log=log)
    low, high = line_layers(found.spec)[0]["encoding"]["x"]["scale"]["domain"]
    assert low < 1 < high
    assert shows(pixels(found.chart.properties(width=300)), LIGHT.negative)


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert drawing().spec["description"] == "share against density, of several networks each: a, b."
