from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from tests.helpers.colours import contrast
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.phase.diagram_map import SELECTION, borders_between, phase_map
from toymodel.charts.phase.share_map import density_edges

DENSITIES, RATIOS = (1.0, 0.1, 0.01), (0.1, 1.0)  # falling, rising
FRAME = pd.DataFrame(
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
LABELS = pd.DataFrame({"density": [0.1], "ratio": [1.0], "text": ["both"]})
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def drawing(theme=LIGHT, selected: tuple[int, int] | None = None, frame=FRAME, **options):
    return phase_map(
        frame,
        names=NAMES,
        title="Trained",
        theme=theme,
        borders=borders_between(CLASSES, DENSITIES, RATIOS),
        labels=LABELS,
        selected=selected,
        **options,
    )


def picture(theme=LIGHT, **options) -> np.ndarray:
    chart = drawing(theme, **options).chart
    return pixels(chart.properties(width=300, background=theme.background))


def cell_layer(spec):
    (layer,) = (each for each in layers(spec) if each["data"]["name"] == "cells")
    return layer


def ends(piece) -> tuple[tuple[float, float], tuple[float, float]]:
    return (piece.x, piece.y), (piece.x2, piece.y2)


def pieces(classes: object, densities=DENSITIES, ratios=RATIOS) -> set:
    found = borders_between(np.array(classes), densities, ratios)
    assert list(found) == ["x", "y", "x2", "y2"]
    return {frozenset(ends(piece)) for piece in found.itertuples()}


def test_lines_are_between_cells_that_differ_and_nowhere_else():
    # Of density 1, 0.1, 0.01 and ratio 0.1, 1 the edges are halfway on a log axis.
    edge = {half: 10**half for half in (-2.5, -1.5, -0.5, 0.5)}
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
    assert found["x"].max() == pytest.approx(edge[0.5])


def test_lines_end_on_the_edges_of_cells():
    across, up = density_edges(DENSITIES), density_edges(RATIOS)
    corners = {(x, y) for pair in across.values() for x in pair for e in up.values() for y in e}
    for piece in pieces(CLASSES):
        assert piece <= corners


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


def test_cells_that_are_alike_have_no_line():
    assert pieces(np.ones((3, 2), int)) == set()


def test_a_cell_stands_where_its_density_and_its_ratio_are():
    spec = drawing().spec
    cells = rows(spec, cell_layer(spec))
    across, up = density_edges(DENSITIES), density_edges(RATIOS)
    for cell in cells.itertuples():
        assert (cell.x, cell.x2) == across[cell.density]
        assert (cell.y, cell.y2) == up[cell.ratio]
    encoding = cell_layer(spec)["encoding"]
    assert encoding["x"]["scale"]["domain"] == [across[1][0], across[0.01][1]]
    assert encoding["y"]["scale"]["domain"] == [up[0.1][1], up[1.0][0]]


def test_colours_are_phases_or_weights():
    by_phase = cell_layer(drawing().spec)["encoding"]["color"]
    assert by_phase["field"] == "phase"
    assert by_phase["scale"] == {"domain": list(NAMES), "range": list(LIGHT.phases[:2])}
    by_weight = cell_layer(drawing(shaded=True).spec)["encoding"]["color"]
    assert (by_weight["field"], by_weight["scale"]["domain"]) == ("weight", [0, 1])
    assert by_weight["title"] != by_phase["title"]


def test_a_click_selects_the_row_and_the_column_of_a_cell():
    spec = drawing().spec
    (param,) = spec["params"]
    assert (param["name"], param["select"]["fields"]) == (SELECTION, ["row", "column"])
    assert param["views"] == [cell_layer(spec)["name"]]
    assert not {"tooltip"} & {name for each in list(layers(spec))[1:] for name in each["encoding"]}


def test_cells_that_disagree_have_a_point():
    spec = drawing().spec
    (point,) = (each for each in layers(spec) if mark(each)["type"] == "circle")
    assert rows(spec, point)[["row", "column"]].to_numpy().tolist() == [[1, 0]]
    assert [point["encoding"][name]["field"] for name in ("x", "y")] == ["density", "ratio"]
    assert rows(spec, cell_layer(spec))["agreement"].tolist().count("no") == 1


def test_the_words_are_on_the_picture():
    spec = drawing().spec
    words = by_field(spec, "text", "text")
    assert rows(spec, words).to_dict("records") == LABELS.to_dict("records")


@THEMES
def test_the_selected_cell_is_framed(theme):
    def framed(selected) -> list[list[int]]:
        return drawing(selected=selected).data["selected"][["row", "column"]].to_numpy().tolist()

    assert framed((1, 0)) == [[1, 0]]
    assert framed((0, 0)) == [[0, 0]]
    assert framed(None) == framed((7, 0)) == []
    assert shows(picture(theme, selected=(1, 0)), theme.mark, 200, within=30)
    assert not shows(picture(theme), theme.mark, within=30)


@THEMES
def test_phases_have_the_themes_colours_and_the_line_its_ink(theme):
    drawn = picture(theme)
    for colour in (*theme.phases[:2], theme.ink):
        assert shows(drawn, colour, 200)
    assert not shows(drawn, theme.phases[2])
    assert not shows(picture(theme, shaded=True), theme.phases[0])


@THEMES
def test_lines_and_points_are_seen_on_small_weights_in_either_theme(theme):
    darkest = "#440154"  # viridis at 0
    spec = drawing(theme, shaded=True).spec
    inks = {
        mark(each)["color"] for each in layers(spec) if mark(each)["type"] in ("rule", "circle")
    }
    for ink in inks:
        assert contrast(ink, darkest) >= 4.5
    assert shows(picture(theme, shaded=True, frame=FRAME.assign(weight=0.0)), darkest, 1000)


def test_the_themes_differ():
    assert not set(LIGHT.phases) & set(DARK.phases)
    assert drawing(LIGHT).template != drawing(DARK).template


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert drawing().spec["description"].startswith("Trained: density across")
