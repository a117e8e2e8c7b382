from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import THEMES, by_field, layers, mark, picture, rows, shows
from tests.helpers.colours import contrast
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT
from toymodel.charts.phase.density_map import density_edges
from toymodel.charts.phase.phase_diagram import SELECTION, borders_between, phase_diagram

DENSITIES, RATIOS = (1.0, 0.1, 0.01), (0.1, 1.0)  # falling, rising
CELLS = pd.DataFrame(
    [
        (0, 0, 1.0, 0.1, "the first", 0.0, False, 0.1),
        (0, 1, 1.0, 1.0, "both", 0.5, False, 0.2),
        (1, 0, 0.1, 0.1, "the first", 0.0, True, 0.3),
        (1, 1, 0.1, 1.0, "both", 1.0, False, 0.4),
        (2, 0, 0.01, 0.1, "both", 0.75, False, 0.5),
        (2, 1, 0.01, 1.0, "both", 0.9, False, 0.6),
    ],
    columns=["row", "column", "density", "ratio", "phase", "weight", "disagrees", "loss"],
)
CLASSES = np.array([[0, 2], [0, 2], [2, 2]])
NAMES = ("the first", "both")


def chart(theme=LIGHT, cells=CELLS, **options) -> Chart:
    borders = borders_between(CLASSES, DENSITIES, RATIOS)
    return phase_diagram(
        cells, names=NAMES, title="Trained", theme=theme, borders=borders, **options
    )


def of_cells(made: Chart):
    (layer,) = (each for each in layers(made.spec) if each["data"]["name"] == "cells")
    return layer


def ends(piece) -> tuple[tuple[float, float], tuple[float, float]]:
    return (piece.x, piece.y), (piece.x2, piece.y2)


def pieces(classes: object, densities=DENSITIES, ratios=RATIOS) -> set:
    found = borders_between(np.array(classes), densities, ratios)
    assert list(found) == ["x", "y", "x2", "y2"]
    return {frozenset(ends(piece)) for piece in found.itertuples()}


def test_lines_are_between_cells_that_differ_and_nowhere_else():
    # Of density 1, 0.1, 0.01 and ratio 0.1, 1 the edges are halfway on a log axis.
    found = borders_between(CLASSES, DENSITIES, RATIOS)
    assert {
        frozenset((round(np.log10(x), 6), round(np.log10(y), 6)) for x, y in ends(piece))
        for piece in found.itertuples()
    } == {
        frozenset({(0.5, -0.5), (-0.5, -0.5)}),  # at density 1, between the ratios
        frozenset({(-0.5, -0.5), (-1.5, -0.5)}),  # at density 0.1
        frozenset({(-1.5, -0.5), (-1.5, -1.5)}),  # at ratio 0.1, between density 0.1 and 0.01
    }
    assert len(found) == 3
    across, up = density_edges(DENSITIES), density_edges(RATIOS)
    corners = {(x, y) for pair in across.values() for x in pair for e in up.values() for y in e}
    for piece in pieces(CLASSES):
        assert piece <= corners
    assert pieces(np.ones((3, 2), int)) == set()


def test_one_cell_among_others_is_framed_on_its_four_sides():
    classes = np.zeros((3, 3), int)
    classes[1, 1] = 2
    ratios = (0.1, 1.0, 10.0)
    (x, x2), (y, y2) = density_edges(DENSITIES)[0.1], density_edges(ratios)[1.0]
    assert pieces(classes, ratios=ratios) == {
        frozenset({(x, y), (x2, y)}),
        frozenset({(x, y2), (x2, y2)}),
        frozenset({(x, y), (x, y2)}),
        frozenset({(x2, y), (x2, y2)}),
    }


def test_a_cell_stands_where_its_density_and_its_ratio_are():
    across, up = density_edges(DENSITIES), density_edges(RATIOS)
    for cell in chart().tables["cells"].itertuples():
        assert (cell.x, cell.x2) == across[cell.density]
        assert (cell.y, cell.y2) == up[cell.ratio]
    encoding = of_cells(chart())["encoding"]
    assert encoding["x"]["scale"]["domain"] == [across[1][0], across[0.01][1]]
    assert encoding["y"]["scale"]["domain"] == [up[0.1][1], up[1.0][0]]


def test_colours_are_phases_or_weights():
    by_phase = of_cells(chart())["encoding"]["color"]
    assert by_phase["field"] == "phase"
    assert by_phase["scale"] == {"domain": list(NAMES), "range": list(LIGHT.phases[:2])}
    by_weight = of_cells(chart(by_weight=True))["encoding"]["color"]
    assert (by_weight["field"], by_weight["scale"]["domain"]) == ("weight", [0, 1])
    assert by_weight["title"] != by_phase["title"]


def test_a_click_selects_the_row_and_the_column_of_a_cell():
    made = chart()
    (param,) = made.spec["params"]
    assert (param["name"], param["select"]["fields"]) == (SELECTION, ["row", "column"])
    assert param["views"] == [of_cells(made)["name"]]
    assert not {"tooltip"} & {
        name for each in list(layers(made.spec))[1:] for name in each["encoding"]
    }


def test_cells_that_disagree_have_a_point():
    made = chart()
    (point,) = (each for each in layers(made.spec) if mark(each)["type"] == "circle")
    drawn = rows(made.to_vega_lite(), point)
    assert drawn[["row", "column"]].to_numpy().tolist() == [[1, 0]]
    assert [point["encoding"][name]["field"] for name in ("x", "y")] == ["density", "ratio"]
    assert made.tables["cells"]["agreement"].tolist().count("no") == 1


def test_a_large_phase_has_its_name_in_its_middle():
    densities, ratios = np.meshgrid(10.0 ** -np.arange(5), 10.0 ** np.arange(5))
    cells = pd.DataFrame({"density": densities.ravel(), "ratio": ratios.ravel(), "loss": 0.1})
    cells = cells.assign(row=0, column=0, phase="both", weight=0.5, disagrees=False)
    cells.loc[:2, "phase"] = "the first"  # too few for a name
    made = chart(cells=cells)
    assert by_field(made.spec, "text", "text")["data"]["name"] == "labels"
    (label,) = made.tables["labels"].to_dict("records")
    assert label == {"density": pytest.approx(0.01), "ratio": pytest.approx(100), "text": "both"}
    assert chart(cells=cells, by_weight=True).tables["labels"].empty


@pytest.mark.parametrize(
    ("selected", "framed"), [((1, 0), [[1, 0]]), ((0, 0), [[0, 0]]), (None, []), ((7, 0), [])]
)
def test_the_selected_cell_is_framed(selected, framed):
    found = chart(selected=selected).tables["selected"]
    assert found[["row", "column"]].to_numpy().tolist() == framed


@THEMES
def test_phases_lines_and_the_frame_have_the_themes_colours(theme):
    found = picture(chart(theme, selected=(1, 0)), theme)
    assert all(shows(found, colour, 200) for colour in (*theme.phases[:2], theme.ink))
    assert shows(found, theme.mark, 200, within=30)
    # Lines and points are seen on small weights.
    darkest = "#440154"  # viridis at 0
    marks = [mark(each) for each in layers(chart(theme, by_weight=True).spec)]
    for ink in {each["color"] for each in marks if each["type"] in ("rule", "circle")}:
        assert contrast(ink, darkest) >= 4.5
