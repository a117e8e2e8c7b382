from __future__ import annotations

import re

import pandas as pd
import pytest

from tests.helpers.chart_specs import THEMES, by_field, mark, picture, rows, shows
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT
from toymodel.charts.response_map import response_map

CELLS = pd.DataFrame(
    {
        "x": [-1.0, 0.0, -1.0, 0.0],
        "x2": [0.0, 1.0, 0.0, 1.0],
        "y": [-1.0, -1.0, 0.0, 0.0],
        "y2": [0.0, 0.0, 1.0, 1.0],
        "value": [0.0, 1.0, 2.0, 3.0],
    }
)
SIGNED = CELLS.assign(value=[-2.0, 0.0, 0.5, 3.0])


def drawn(cells: pd.DataFrame = CELLS, theme=LIGHT, **options) -> Chart:
    return response_map(
        cells, across="f3", up="f7", value="activation", theme=theme, height=260, **options
    )


def cell_layer(chart: Chart):
    return by_field(chart.spec, "color", "value")


def test_cells_are_those_of_the_table_without_gaps():
    spec = drawn().to_vega_lite()
    layer = cell_layer(drawn())
    cells = rows(spec, layer)
    assert cells[CELLS.columns].to_dict("list") == CELLS.to_dict("list")
    assert cells["middle_x"].tolist() == [-0.5, 0.5, -0.5, 0.5]
    assert cells["middle_y"].tolist() == [-0.5, -0.5, 0.5, 0.5]
    encoding = layer["encoding"]
    assert [encoding[name]["field"] for name in ("x", "x2", "y", "y2")] == ["x", "x2", "y", "y2"]
    assert (mark(layer)["x2Offset"], mark(layer)["y2Offset"]) == (1, -1)


def test_axes_and_colours_say_what_they_are():
    encoding = cell_layer(drawn())["encoding"]
    titles = [encoding[name]["title"] for name in ("x", "y", "color")]
    assert titles == ["f3", "f7", "activation"]
    assert [each["title"] for each in encoding["tooltip"]] == titles
    assert encoding["color"]["legend"]["type"] == "gradient"
    assert cell_layer(drawn())["encoding"]["color"]["scale"] == {"scheme": "viridis"}
    assert "negative" not in drawn().spec["description"]
    assert "negative" in drawn(SIGNED, reach=1.0).spec["description"]


@pytest.mark.parametrize(
    ("cells", "reach", "ends"),
    [
        (SIGNED, 1.0, ["−1 or less", "1 or more", "0"]),
        (SIGNED.tail(3), 1.0, ["−1", "1 or more", "0"]),
        (SIGNED, 3.5, ["−3.5", "3.5", "0"]),
        (SIGNED.head(0), 1.0, ["−1", "1", "0"]),
    ],
)
def test_the_legend_says_where_colours_stay_the_same(
    cells: pd.DataFrame, reach: float, ends: list[str]
):
    colour = cell_layer(drawn(cells, reach=reach))["encoding"]["color"]
    assert (colour["scale"]["domain"], colour["scale"]["clamp"]) == ([-reach, 0, reach], True)
    assert colour["legend"]["values"] == [-reach, 0, reach]
    assert re.findall("'(.*?)'", colour["legend"]["labelExpr"]) == ends


@THEMES
def test_signed_values_have_the_colours_of_their_signs(theme):
    found = picture(drawn(SIGNED, theme, reach=1.0), theme)
    for colour in (theme.negative, theme.positive, theme.background):
        assert shows(found, colour, 5_000)
