from __future__ import annotations

import math
from itertools import pairwise

import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.phase.share_map import density_edges, share_map

FRAME = pd.DataFrame(
    [
        (1.0, 1.0, 2.0, 1.0, "1 to 2"),
        (1.0, 2.0, 20.0, 0.0, "2 and more"),
        (0.1, 1.0, 2.0, 0.25, "1 to 2"),
        (0.1, 2.0, 20.0, 0.75, "2 and more"),
        (0.01, 1.0, 2.0, 0.0, "1 to 2"),
        (0.01, 2.0, 20.0, 1.0, "2 and more"),
    ],
    columns=["density", "low", "high", "share", "name"],
)
POINTS = pd.DataFrame({"density": [0.1], "y": [1.5]})
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def drawing(frame=FRAME, theme=LIGHT, **options):
    return share_map(frame, up="features", title="share of neurons", theme=theme, **options)


def picture(theme=LIGHT, **options):
    chart = drawing(theme=theme, **options).chart
    return pixels(chart.properties(width=300, background=theme.background))


def test_columns_meet_and_hold_their_densities():
    edges = density_edges([0.01, 1, 0.2, 1])
    assert list(edges) == [1, 0.2, 0.01]
    for density, (first, last) in edges.items():
        assert first > density > last
    for (_, one), (other, _) in pairwise(edges.values()):
        assert one == other
    assert edges[0.2] == pytest.approx((math.sqrt(0.2), math.sqrt(0.002)))
    # The outermost ones end as far out as they begin within.
    assert edges[1][0] == pytest.approx(1 / math.sqrt(0.2))
    assert edges[0.01][1] == pytest.approx(0.01**2 / math.sqrt(0.002))


def test_one_density_has_a_column_too():
    ((first, last),) = density_edges([0.3]).values()
    assert first > 0.3 > last
    found = drawing(FRAME.loc[FRAME["density"] == 0.1])
    assert shows(pixels(found.chart.properties(width=300)), LIGHT.background)
    first, last = found.data["cells"][["x", "x2"]].iloc[0]
    assert first > 0.1 > last


def test_a_cell_stands_where_its_density_and_its_interval_are():
    spec = drawing().spec
    layer = by_field(spec, "color", "share")
    encoding = layer["encoding"]
    assert [encoding[name]["field"] for name in ("x", "x2", "y", "y2")] == [
        "x",
        "x2",
        "low",
        "high",
    ]
    cells = rows(spec, layer)
    assert cells["share"].tolist() == FRAME["share"].tolist()
    edges = density_edges(FRAME["density"])
    assert list(zip(cells["x"], cells["x2"], strict=True)) == [edges[p] for p in FRAME["density"]]


def test_the_densest_column_is_on_the_left_and_the_axes_end_with_the_cells():
    edges = density_edges(FRAME["density"])
    encoding = by_field(drawing().spec, "color", "share")["encoding"]
    assert encoding["x"]["scale"]["domain"] == [edges[1][0], edges[0.01][1]]
    assert encoding["x"]["axis"]["values"] == [1, 0.3, 0.1, 0.03, 0.01]
    assert encoding["y"]["scale"]["domain"] == [1, 20]


@pytest.mark.parametrize(("log", "kind"), [(True, "log"), (False, "linear")])
def test_heights_are_on_the_axis_that_was_asked_for(log: bool, kind: str):
    encoding = by_field(drawing(log=log).spec, "color", "share")["encoding"]
    assert encoding["y"]["scale"]["type"] == kind


def test_the_colour_is_a_share_from_none_to_all_and_the_legend_says_of_what():
    colour = by_field(drawing().spec, "color", "share")["encoding"]["color"]
    assert colour["scale"]["domain"] == [0, 1]
    assert colour["title"] == "share of neurons"
    assert (colour["legend"]["values"][0], colour["legend"]["values"][-1]) == (0, 1)


def test_points_are_where_they_are_given():
    spec = drawing(points=POINTS).spec
    (point,) = (layer for layer in layers(spec) if mark(layer)["type"] == "circle")
    assert rows(spec, point).to_dict("records") == POINTS.to_dict("records")
    assert [point["encoding"][name]["field"] for name in ("x", "y")] == ["density", "y"]
    assert not any(mark(layer)["type"] == "circle" for layer in layers(drawing().spec))


@THEMES
def test_none_is_the_background_and_all_the_themes_colour(theme):
    assert shows(picture(theme), theme.negative, 1000)
    assert not shows(picture(theme), theme.mark, 8, within=30)
    assert shows(picture(theme, points=POINTS), theme.mark, 8, within=30)
    nowhere = picture(theme, frame=FRAME.assign(share=0.0))
    assert not shows(nowhere, theme.negative, 1000)  # what is left of it is in the legend


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert drawing().spec["description"].startswith("share of neurons: a column a density")
