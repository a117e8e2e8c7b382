from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import THEMES, by_field, layers, mark, picture, rows, shows
from toymodel.charts.bands import bands
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT

TABLE = pd.DataFrame(
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


def chart(table=TABLE, theme=LIGHT, names: str = "ab", **options) -> Chart:
    inks = dict(zip(names, (theme.negative, theme.positive), strict=False))
    return bands(table, across="density", up="share", series=inks, theme=theme, **options)


def line_layers(made: Chart) -> tuple:
    return tuple(layer for layer in layers(made.spec) if mark(layer)["type"] == "line")


def medians(made: Chart) -> pd.DataFrame:
    return made.tables["middle"].set_index(["series", "x"])


def test_each_place_has_its_median_and_the_ends_of_its_band():
    middle = medians(chart())
    assert middle.loc[("a", 1.0)].tolist() == [0.2, 0.5, 0.6, 3]
    assert middle.loc[("a", 0.1)].tolist() == [0.1, 0.25, 0.4, 2]
    assert middle.loc[("b", 0.1)].tolist() == [0, 0, 0, 1]
    assert len(middle) == 4
    band = by_field(chart().spec, "y2", "high")
    assert (mark(band)["type"], band["encoding"]["y"]["field"]) == ("area", "low")


def test_thin_lines_are_the_runs_and_the_thick_ones_go_through_the_medians():
    made = chart()
    thin, thick = line_layers(made)
    assert mark(thin)["strokeWidth"] < mark(thick)["strokeWidth"]
    assert rows(made.to_vega_lite(), thin).to_dict("list") == TABLE.to_dict("list")
    assert [each["field"] for each in thin["encoding"]["detail"]] == ["series", "run"]
    assert thick["data"]["name"] == "middle"


@pytest.mark.parametrize(("falling", "domain"), [(True, [1, 0.1]), (False, [0.1, 1])])
def test_the_largest_place_is_on_the_left_of_a_falling_axis(falling: bool, domain: list[float]):
    for layer in layers(chart(falling=falling).spec):
        scale = layer["encoding"]["x"]["scale"]
        assert (scale["type"], scale["domain"]) == ("log", domain)
    made = chart(TABLE.assign(x=[500, 500, 500, 1000, 1000, 500, 1000]))
    assert line_layers(made)[0]["encoding"]["x"]["scale"]["domain"] == [500, 1000]


@pytest.mark.parametrize("log", [False, True])
def test_one_place_has_an_axis_with_two_ends(log: bool):
    thin, _ = line_layers(chart(TABLE.loc[TABLE["x"] == 1], log=log))
    assert thin["encoding"]["x"]["scale"]["domain"] == [0.5, 2]


def test_a_log_axis_leaves_out_what_has_no_place_on_it():
    assert chart().tables["runs"]["y"].min() == 0
    made = chart(log=True)
    assert made.tables["runs"]["y"].min() == 0.1
    assert medians(made).index.tolist() == [("a", 0.1), ("a", 1.0), ("b", 1.0)]
    scale = line_layers(made)[0]["encoding"]["y"]["scale"]
    assert (scale["type"], scale["domain"]) == ("log", [0.1, 1])


def test_what_is_not_known_is_left_out():
    made = chart(TABLE.assign(y=[np.nan, *TABLE["y"][1:]]))
    assert medians(made)["runs"]["a", 1.0] == 2
    assert made.tables["runs"]["y"].notna().all()


def test_shares_go_from_none_to_all_whatever_they_are():
    for layer in layers(chart(share=True).spec):
        encoding = layer["encoding"]["y"]
        assert encoding["scale"]["domain"] == [0, 1]
        assert encoding["axis"]["format"] == ".0%"
    assert line_layers(chart())[0]["encoding"]["y"]["scale"] == {"zero": False}


def test_the_legend_names_every_series_by_its_colour_and_dash():
    for each in line_layers(chart()):
        scale = each["encoding"]["color"]["scale"]
        assert scale == {"domain": ["a", "b"], "range": [LIGHT.negative, LIGHT.positive]}
        assert each["encoding"]["color"]["legend"]["orient"] == "top"
    dash = line_layers(chart())[1]["encoding"]["strokeDash"]
    assert len({tuple(each) for each in dash["scale"]["range"]}) == 2
    thick = line_layers(chart(names="a"))[1]  # one series needs no legend
    assert thick["encoding"]["color"]["legend"] is thick["encoding"]["strokeDash"]["legend"] is None


def test_values_from_elsewhere_are_crosses_with_their_words():
    marks = pd.DataFrame([{"series": "a", "x": 0.1, "y": 0.3, "text": "the paper's"}])
    made = chart(marks=marks)
    (point,) = (layer for layer in layers(made.spec) if mark(layer)["type"] == "point")
    assert rows(made.to_vega_lite(), point).to_dict("records") == marks.to_dict("records")
    assert [each["field"] for each in point["encoding"]["tooltip"]] == ["text"]
    assert not any(mark(layer)["type"] == "point" for layer in layers(chart().spec))


@THEMES
def test_all_of_it_is_drawn(theme):
    found = picture(chart(theme=theme, log=True), theme)
    assert shows(found, theme.negative) and shows(found, theme.positive)
