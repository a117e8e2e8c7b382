from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import THEMES, by_field, clicked, mark, of_kind, picture, rows, shows
from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.analysis.features import Interference, interference
from toymodel.charts.chart import Chart
from toymodel.charts.feature.interference_map import (
    MIN_CELL,
    SELECTION,
    interference_cells,
    interference_map,
    represented,
)
from toymodel.charts.look import LIGHT
from toymodel.config import Config

THREE = Config(n_features=3, n_neurons=4, importance_decay=0.25)
FOUND = Interference(
    high=np.array([[9, 0.5, -0.25], [0, 9, 0.125], [0.3, -0.4, 9]]),
    low=np.array([[9, -0.75, 0], [0, 9, -0.5], [0.1, 0.2, 9]]),
)


# The table


def cells(weighted: bool = False, **options: object) -> list[tuple[int, int, float]]:
    table = interference_cells(THREE, FOUND, weighted=weighted, **options)
    assert list(table.columns) == ["receiving", "interfering", "value"]
    return list(table.itertuples(index=False, name=None))


def test_there_is_a_cell_where_a_feature_reaches_another_output():
    assert cells() == [(0, 1, -0.75), (0, 2, -0.25), (1, 2, -0.5), (2, 0, 0.3), (2, 1, -0.4)]
    assert cells(features=[0, 1]) == [(0, 1, -0.75)]
    assert cells(features=[0, 2]) == [(0, 2, -0.25), (2, 0, 0.3)]
    assert cells(features=[1]) == cells(features=[]) == []


def test_features_that_are_represented_at_least_in_part_are_drawn():
    high = np.diag([1.0, 0.05, 0.2] * 7)
    few, some = (Interference(high=each, low=0 * each) for each in (high[:3, :3], high))
    assert represented(few) == [0, 1, 2]
    assert represented(some)[:4] == [0, 2, 3, 5]
    many = np.eye(130)
    assert represented(Interference(high=many, low=many)) == list(range(100))


def test_cells_by_importance_are_scaled_by_the_receiving_features_root():
    # Importances 1, 1/4 and 1/16.
    assert cells(weighted=True) == [
        (0, 1, -0.75),
        (0, 2, -0.25),
        (1, 2, -0.25),
        (2, 0, 0.075),
        (2, 1, -0.1),
    ]


def test_the_smallest_cells_are_measured_by_the_largest_or_by_the_largest_target():
    high = np.array([[9, 0.5, 0.0049], [0.0051, 9, 0], [-0.25, 0.004, 9]])
    assert MIN_CELL == 0.01
    found = Interference(high=high, low=0 * high)
    assert interference_cells(THREE, found)["value"].tolist() == [0.5, 0.0051, -0.25]
    # Of an effect that is far beyond every target no 1 % is needed to matter.
    high[0, 1:] = -64, 0.011
    found = Interference(high=high, low=0 * high)
    assert interference_cells(THREE, found)["value"].tolist() == [-64, 0.011, -0.25]


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_features_that_leave_each_other_alone_have_no_cells(n: int, weighted: bool):
    config = Config(n_features=n, n_neurons=2 * n)
    found = interference(config, two_neurons_a_feature(n))
    table = interference_cells(config, found, weighted=weighted)
    assert table.empty
    assert list(table.columns) == ["receiving", "interfering", "value"]


def test_a_feature_without_importance_has_no_cells_by_importance():
    config = Config(n_features=60, n_neurons=60, importance_decay=1e-9)
    assert config.importance[-1] == 0
    found = interference(config, weights(np.ones((60, 60)), np.ones((60, 60))))
    assert interference_cells(config, found)["receiving"].nunique() == 60
    assert interference_cells(config, found, weighted=True)["receiving"].unique().tolist() == [0]


# The chart

CELLS = pd.DataFrame({"receiving": [0, 2, 3], "interfering": [1, 0, 2], "value": [0.5, -1.0, 1.0]})


def drawn(table: pd.DataFrame = CELLS, theme=LIGHT, features=range(4), **options) -> Chart:
    return interference_map(
        table, features=features, title="worst", theme=theme, height=420, **options
    )


def encoding(**options):
    return by_field(drawn(**options).spec, "color", "value")["encoding"]


def test_cells_stand_at_their_numbers_with_the_first_row_on_top():
    spec = drawn().to_vega_lite()
    layer = by_field(spec, "color", "value")
    assert rows(spec, layer)[["x", "x2", "y", "y2"]].to_numpy().tolist() == [
        [1, 2, 0, 1],
        [0, 1, 2, 3],
        [2, 3, 3, 4],
    ]
    assert layer["encoding"]["x"]["scale"]["domain"] == [0, 4]
    assert layer["encoding"]["y"]["scale"]["domain"] == [4, 0]
    assert "worst" in spec["description"]
    few, many = (encoding(features=range(size))["y"]["axis"]["values"] for size in (4, 100))
    assert few == [0.5, 1.5, 2.5, 3.5]
    assert many[:2] == [0.5, 9.5]
    # Features that are left out take no room.
    cropped = drawn(features=[0, 1, 2, 3, 9], table=CELLS.replace({"receiving": {3: 9}}))
    assert cropped.tables["cells"]["y"].tolist() == [0, 2, 4]
    axis = by_field(cropped.spec, "color", "value")["encoding"]["y"]["axis"]
    assert axis["labelExpr"] == '["f0", "f1", "f2", "f3", "f9"][floor(datum.value)]'
    name, fields, _ = clicked(drawn().spec)
    assert (name, fields) == (SELECTION, ["receiving"])


@pytest.mark.parametrize(
    ("largest", "reach", "ticks"),
    [
        (1.0, 1.0, [-1, -0.1, 0, 0.1, 1]),
        (14.2, 15.0, [-15, -1, -0.1, 0, 0.1, 1, 15]),
        (0.01, 0.05, [-0.05, 0, 0.05]),
    ],
)
def test_the_colours_are_symmetric_about_zero_on_a_log_scale(
    largest: float, reach: float, ticks: list[float]
):
    table = CELLS.assign(value=[largest / 2, -largest, largest])
    colour = encoding(table=table)["color"]
    assert colour["legend"]["values"] == ticks
    scale = colour["scale"]
    assert scale["domain"] == [-reach, 0, reach]
    assert scale["type"] == "symlog"
    assert scale["range"] == [LIGHT.negative, LIGHT.background, LIGHT.positive]


def test_signs_are_written_while_cells_are_large():
    spec = drawn().to_vega_lite()
    (text,) = of_kind(spec, "text")
    assert rows(spec, text)[["sign", "strong"]].to_numpy().tolist() == [
        ["+", True],
        ["−", True],
        ["+", True],
    ]
    weak = drawn(CELLS.assign(value=[0.02, -1.0, 1.0])).tables["cells"]
    assert weak["strong"].tolist() == [False, True, True]
    assert not of_kind(drawn(features=range(100)).spec, "text")


def test_the_selected_feature_is_framed_if_it_is_in_the_map():
    def framed(**options) -> list[list[float]]:
        spec = drawn(**options).to_vega_lite()
        (layer,) = (each for each in of_kind(spec, "rect") if mark(each).get("filled") is False)
        return rows(spec, layer).to_numpy().tolist()

    assert framed() == framed(selected=70) == []
    assert framed(selected=2) == [[0, 4, 2, 3], [2, 3, 0, 4]]
    assert drawn(CELLS.head(0), selected=2).tables["cells"].empty


@THEMES
def test_signs_have_their_colours_and_the_selected_feature_its_frame(theme):
    found = picture(drawn(theme=theme, selected=2), theme)
    for colour in (theme.positive, theme.negative):
        assert shows(found, colour, 1000)
    assert shows(found, theme.mark, 500)
