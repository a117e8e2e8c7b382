from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.network import tables as frames
from toymodel.charts.network.weight_bars import raw_weights


def chart(given, side: str = "input", **options):
    n = given.W1.shape[1]
    bars = frames.signed_bars(given, side=side)
    return raw_weights(bars, n_features=n, title="weights in", theme=LIGHT, **options).chart


def test_bars_are_those_of_the_frame_above_and_below_the_axis():
    given = weights([[1, -3], [4, 0]], np.ones((2, 2)))
    spec = chart(given).to_dict()
    layer = by_field(spec, "color", "feature")
    drawn = rows(spec, layer)
    expected = frames.signed_bars(given)
    for name in ("column", "neuron", "feature", "weight", "low", "high"):
        assert drawn[name].tolist() == expected[name].tolist()
    assert layer["encoding"]["y"]["field"] == "low"
    assert layer["encoding"]["y2"]["field"] == "high"
    assert layer["encoding"]["x"]["scale"]["domain"] == [0, 2]


def test_the_axis_and_the_title_are_there():
    spec = chart(two_neurons_a_feature(2)).to_dict()
    assert spec["title"]["text"] == "weights in"
    assert "weights in" in spec["description"]
    (rule,) = (layer for layer in layers(spec) if mark(layer)["type"] == "rule")
    assert rows(spec, rule)["y"].tolist() == [0]


def test_each_feature_has_its_colour():
    picture = pixels(chart(two_neurons_a_feature(3)).properties(width=400))
    for colour in ("#4c78a8", "#9ecae9", "#f58518"):
        assert shows(picture, colour)


def test_many_features_are_drawn_too():
    random = np.random.default_rng(0)
    given = weights(random.normal(size=(5, 25)), random.normal(size=(25, 5)))
    picture = pixels(chart(given, "output").properties(width=400))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20


def test_a_network_without_weights_is_an_axis():
    picture = pixels(chart(weights(np.zeros((2, 2)), np.zeros((2, 2)))).properties(width=300))
    assert shows(picture, LIGHT.ink)


def test_the_height_axis_fits_the_weights_or_is_that_of_the_chart_beside_it():
    def domain(**options) -> list[float]:
        spec = chart(weights([[4, 1], [-1, 0]], np.ones((2, 2))), **options).to_dict()
        return by_field(spec, "color", "feature")["encoding"]["y"]["scale"]["domain"]

    assert domain() == [-5.5, 5.5]
    assert domain(reach=8.0) == [-8, 8]


def test_features_are_named_on_request():
    def legend(**options) -> object:
        spec = chart(two_neurons_a_feature(2), **options).to_dict()
        return by_field(spec, "color", "feature")["encoding"]["color"]["legend"]

    assert legend() is None
    assert legend(legend=True) is not None


# Stacks: 4 and 2 and 0.5 above the axis; -6 below and 1 above; -12 below.
TALL = weights([[1, -6, 0], [2, 4, 0.5], [0, 0, -12]], np.ones((3, 3)))


def drawing(bars, theme=LIGHT, n: int = 3, **options):
    return raw_weights(bars, n_features=n, title="weights in", theme=theme, **options)


def bar_layer(spec):
    return next(layer for layer in layers(spec) if layer.get("data", {}).get("name") == "bars")


def arrows(spec) -> list:
    found = [layer for layer in layers(spec) if layer["data"]["name"] == "cut"]
    return [layer for layer in found if mark(layer)["type"] == "point"]


def parts(lit) -> pd.DataFrame:
    return frames.signed_bars(TALL).assign(lit=lit, role="inhibition")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_bars_that_are_not_lit_are_grey(theme):
    def picture(lit) -> np.ndarray:
        chart = drawing(parts(lit), theme).chart
        return pixels(chart.properties(width=300, background=theme.background))

    bars = frames.signed_bars(TALL)
    # Half of the way from the background to the faint grey.
    faint, behind = (
        [int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (theme.faint, theme.background)
    )
    grey = "#" + "".join(f"{(a + b) // 2:02x}" for a, b in zip(faint, behind, strict=True))
    some = picture(bars["feature"] == 2)
    assert shows(some, "#f58518", 500)
    assert not shows(some, "#4c78a8")
    assert shows(some, grey, 500)
    every = picture(True)
    assert shows(every, "#4c78a8", 300)
    assert not shows(every, grey, 100)


def test_the_pointer_is_told_the_role_where_there_is_one():
    def told(bars) -> list[str]:
        return [each["field"] for each in bar_layer(drawing(bars).spec)["encoding"]["tooltip"]]

    assert told(parts(True)) == ["neuron", "feature", "weight", "role"]
    assert told(frames.signed_bars(TALL)) == ["neuron", "feature", "weight"]


def test_bars_are_cut_and_keep_their_weights():
    spec = drawing(frames.signed_bars(TALL), clip=3.0).spec
    drawn = rows(spec, bar_layer(spec)).sort_values("weight").query("weight != 0")
    assert drawn[["weight", "low", "high"]].to_numpy().tolist() == [
        [-12, 0, -3],
        [-6, 0, -3],
        [1, 0, 1],
        [4, 0, 3],
    ]


def test_an_arrow_points_out_of_each_cut_stack_and_says_where_it_ends():
    spec = drawing(frames.signed_bars(TALL), clip=5.0).spec
    cut = rows(spec, arrows(spec)[0]).sort_values("column")
    assert cut[["column", "side", "end", "number"]].to_numpy().tolist() == [
        [0, 1, 5, "+6.5"],  # 2 on 4, and more
        [1, -1, -5, "−6.0"],
        [2, -1, -5, "−12"],
    ]
    above, below = arrows(spec)
    assert (mark(above)["shape"], mark(below)["shape"]) == ("triangle-up", "triangle-down")
    assert mark(above)["yOffset"] < 0 < mark(below)["yOffset"]
    further = [mark(each)["yOffset"] for each in layers(spec) if mark(each)["type"] == "text"]
    assert further[0] < mark(above)["yOffset"]
    assert further[1] > mark(below)["yOffset"]


def test_there_is_room_for_the_arrows():
    y = bar_layer(drawing(frames.signed_bars(TALL), clip=5.0).spec)["encoding"]["y"]
    assert y["scale"]["domain"] == [-5, 5]
    assert y["scale"]["padding"] > 20
    assert y["axis"]["values"] == [-4, -2, 0, 2, 4]
    heights = {
        len(pixels(drawing(frames.signed_bars(TALL), **options).chart))
        for options in ({}, {"clip": 5.0}, {"clip": 1.0})
    }
    assert len(heights) == 1  # nothing stands out


def test_a_clip_beyond_all_bars_changes_nothing():
    bars = frames.signed_bars(TALL)
    assert drawing(bars, clip=20.0).template == drawing(bars).template
    y = bar_layer(drawing(bars, clip=20.0, reach=15.0).spec)["encoding"]["y"]["scale"]
    other = bar_layer(drawing(bars, clip=5.0, reach=15.0).spec)["encoding"]["y"]["scale"]
    assert (y["domain"], other["domain"]) == ([-15, 15], [-5, 5])
    assert y["padding"] == other["padding"]  # so that charts that are compared have one unit


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_arrows_have_the_colour_of_their_bars(theme):
    def colour_of_arrows(lit) -> tuple[bool, bool]:
        built = drawing(parts(lit), theme, clip=5.0).chart
        picture = pixels(built.properties(width=300, background=theme.background))
        return shows(picture, "#f58518"), shows(picture, theme.faint)

    assert colour_of_arrows(True) == (True, False)
    assert colour_of_arrows(False) == (False, True)


def test_numbers_at_arrows_are_left_out_where_they_would_touch():
    bars = frames.signed_bars(weights(-9 * np.eye(30), np.eye(30)))

    def inked(width: int) -> bool:
        chart = drawing(bars, n=30, clip=2.0, height=200).chart.properties(width=width)
        below = pixels(chart)[-34:-4]
        return shows(below[:, 60:], LIGHT.ink, 100, within=60)

    assert inked(600)
    assert not inked(250)


def test_columns_are_named_on_request():
    def axis(**options) -> object:
        return bar_layer(drawing(frames.signed_bars(TALL), **options).spec)["encoding"]["x"]["axis"]

    assert axis() is None
    named = axis(names=True)
    order = frames.by_feature(TALL)
    assert named["values"] == [0.5, 1.5, 2.5]
    assert named["tickCount"] >= 3
    assert named["labelExpr"] == f'["{order[0]}", "{order[1]}", "{order[2]}"][floor(datum.value)]'
    x = bar_layer(drawing(frames.signed_bars(TALL), names=True).spec)["encoding"]["x"]
    assert x["title"] == "neuron"


def test_many_columns_have_thin_gaps():
    few, many = (
        bar_layer(drawing(frames.signed_bars(weights(np.eye(m), np.eye(m))), n=m).spec)
        for m in (10, 80)
    )
    assert mark(many)["strokeWidth"] < mark(few)["strokeWidth"]
