from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import THEMES, clicked, mark, mixed, of_kind, picture, rows, shows
from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.charts.chart import Chart
from toymodel.charts.look import FEATURE_COLOURS, LIGHT
from toymodel.charts.network.weight_bars import (
    SELECTION,
    by_feature,
    clip_of,
    reach_of,
    signed_bars,
    weight_bars,
)

# Stacks: 4 and 2 and 0.5 above the axis; -6 below and 1 above; -12 below.
TALL = weights([[1, -6, 0], [2, 4, 0.5], [0, 0, -12]], np.ones((3, 3)))


# The table


def test_signed_bars_stack_away_from_the_axis():
    network = weights([[1, -3, 2, -0.5], [4, 0, 0, 0]], np.ones((4, 2)))
    bars = signed_bars(network)
    bar = bars[bars["neuron"] == 0].set_index("feature")
    assert bar["low"].to_dict() == {2: 0, 0: 2, 1: 0, 3: -3}
    assert bar["high"].to_dict() == {2: 2, 0: 3, 1: -3, 3: -3.5}
    assert bar["weight"].to_dict() == {0: 1, 1: -3, 2: 2, 3: -0.5}
    assert bars.set_index("neuron")["column"].to_dict() == {0: 1, 1: 0}
    out = signed_bars(network, side="output")
    assert out.groupby("neuron")["high"].max().tolist() == [4, 4]


def test_neurons_of_a_feature_stand_together_positive_side_first():
    assert by_feature(two_neurons_a_feature(3)) == [0, 3, 1, 4, 2, 5]
    assert by_feature(weights([[0, -2], [-3, 1], [1, 0]], np.ones((2, 3)))) == [2, 1, 0]


def test_only_much_longer_stacks_are_clipped():
    # Ends 1, 1 and 9: a quarter of the stacks end at 1, and three of that are 3.
    long, even = (signed_bars(weights(np.diag([1, 1, end]), np.eye(3))) for end in (9, 5))
    assert (clip_of(long), clip_of(even), clip_of(long.head(0))) == (3, None, None)
    assert (reach_of(long), reach_of(even), reach_of(long.head(0))) == (10, 6, None)


# The chart


def drawn(bars: pd.DataFrame | None = None, theme=LIGHT, n: int = 3, **options) -> Chart:
    bars = signed_bars(TALL) if bars is None else bars
    return weight_bars(bars, n_features=n, title="weights in", theme=theme, **options)


def bar_layer(spec):
    return clicked(spec)[2]


def encoding(**options):
    return bar_layer(drawn(**options).to_vega_lite())["encoding"]


def parts(lit: object) -> pd.DataFrame:
    return signed_bars(TALL).assign(lit=lit, role="inhibition")


def test_bars_are_those_of_the_table_above_and_below_the_axis():
    spec = drawn().to_vega_lite()
    layer = bar_layer(spec)
    expected = signed_bars(TALL)
    pd.testing.assert_frame_equal(rows(spec, layer)[expected.columns], expected)
    channels = layer["encoding"]
    assert [channels[name]["field"] for name in ("x", "x2", "y", "y2", "color")] == [
        "start",
        "end",
        "low",
        "high",
        "feature",
    ]
    assert channels["x"]["scale"]["domain"] == [0, 3]
    (rule,) = of_kind(spec, "rule")
    assert rows(spec, rule)["y"].tolist() == [0]
    assert spec["title"]["text"] == "weights in"
    assert "weights in" in spec["description"]
    name, fields, layer = clicked(drawn().to_vega_lite())
    assert (name, fields, mark(layer)["type"]) == (SELECTION, ["neuron"], "rect")


def test_the_vertical_axis_fits_the_weights_or_is_that_of_the_chart_beside_it():
    bars = signed_bars(weights([[4, 1], [-1, 0]], np.ones((2, 2))))
    assert encoding(bars=bars)["y"]["scale"]["domain"] == [-5.5, 5.5]
    assert encoding(bars=bars, reach=8.0)["y"]["scale"]["domain"] == [-8, 8]
    assert "values" not in encoding(bars=bars)["y"]["axis"]
    assert encoding(bars=bars, reach=1.5)["y"]["axis"]["values"] == [-1, 0, 1]
    bars = signed_bars(weights(np.zeros((2, 2)), np.zeros((2, 2))))
    assert (bars["low"] == bars["high"]).all()
    assert encoding(bars=bars)["y"]["scale"]["domain"] == [0, 0]
    y = encoding(clip=5.0)["y"]
    assert y["scale"]["domain"] == [-5, 5]
    assert y["scale"]["padding"] > 20
    assert y["axis"]["values"] == [-4, -2, 0, 2, 4]


def test_features_and_columns_are_named_on_request_and_many_are_a_scale_with_thin_gaps():
    assert encoding()["color"]["legend"] is None
    assert encoding(legend=True)["color"]["legend"] is not None
    assert encoding(n=25)["color"]["type"] == "quantitative"
    assert encoding(n=25, chosen=(0, 2))["color"]["scale"]["domain"] == [0, 2]
    assert encoding()["x"]["axis"] is None
    x = encoding(names=True)["x"]
    order = by_feature(TALL)
    assert x["title"] == "neuron"
    assert x["axis"]["values"] == [0.5, 1.5, 2.5]
    assert x["axis"]["tickCount"] >= 3
    numbers = f'["{order[0]}", "{order[1]}", "{order[2]}"][floor(datum.value)]'
    assert x["axis"]["labelExpr"] == numbers
    few, many = (
        mark(bar_layer(drawn(signed_bars(weights(np.eye(m), np.eye(m))), n=m).to_vega_lite()))
        for m in (10, 80)
    )
    assert many["strokeWidth"] < few["strokeWidth"]


def test_the_axis_ends_where_the_bars_do_if_that_is_asked():
    bars = signed_bars(weights([[4, 1], [-1, 0]], np.ones((2, 2))))
    y = encoding(bars=bars, fitted=True)["y"]
    assert y["scale"]["domain"] == [-1.2, 5.5]
    assert encoding(clip=5.0, fitted=True)["y"]["axis"]["values"] == [-4, -2, 0, 2, 4]
    none = signed_bars(weights(np.zeros((2, 2)), np.zeros((2, 2))))
    assert encoding(bars=none, fitted=True)["y"]["scale"]["domain"] == [0, 0]


def test_large_bars_that_are_lit_have_the_names_of_their_features():
    bars = signed_bars(TALL).assign(lit=True)
    names = drawn(bars, height=150).tables["labels"]
    # 13 of 150 pixels are 2.3 of the axis from -13.2 to 13.2: 1, 2, and 0.5 have no name.
    assert sorted(names["name"]) == ["f1", "f1", "f2"]
    assert names.loc[names["name"] == "f2", ["middle", "at"]].values.tolist() == [[2.5, -6]]
    bars["lit"] = bars["feature"] == 1
    assert set(drawn(bars, height=150).tables["labels"]["name"]) == {"f1"}
    assert "labels" not in drawn(bars.assign(lit=False), height=150).tables


def test_the_pointer_is_told_the_role_where_there_is_one():
    def told(bars: pd.DataFrame) -> list[str]:
        return [each["field"] for each in encoding(bars=bars)["tooltip"]]

    assert told(parts(True)) == ["neuron", "feature", "weight", "role"]
    assert told(signed_bars(TALL)) == ["neuron", "feature", "weight"]


def test_bars_are_cut_and_keep_their_weights():
    spec = drawn(clip=3.0).to_vega_lite()
    bars = rows(spec, bar_layer(spec)).sort_values("weight").query("weight != 0")
    assert bars[["weight", "low", "high"]].to_numpy().tolist() == [
        [-12, 0, -3],
        [-6, 0, -3],
        [1, 0, 1],
        [4, 0, 3],
    ]


def test_an_arrow_points_out_of_each_cut_stack_and_says_where_it_ends():
    spec = drawn(parts(True), clip=5.0).to_vega_lite()
    above, below = of_kind(spec, "point")
    cut = rows(spec, above).sort_values("column")
    assert cut[["column", "side", "end", "number"]].to_numpy().tolist() == [
        [0, 1, 5, "+6.5"],  # 2 on 4, and more
        [1, -1, -5, "−6.0"],
        [2, -1, -5, "−12"],
    ]
    assert (mark(above)["shape"], mark(below)["shape"]) == ("triangle-up", "triangle-down")
    assert mark(above)["yOffset"] < 0 < mark(below)["yOffset"]
    higher, lower = (mark(text)["yOffset"] for text in of_kind(spec, "text")[:2])
    assert higher < mark(above)["yOffset"]
    assert lower > mark(below)["yOffset"]
    # Arrows have the colours of their bars, and grey ones grey numbers.
    assert above["encoding"]["color"] == bar_layer(spec)["encoding"]["color"]
    ink = of_kind(spec, "text")[0]["encoding"]["color"]
    assert (ink["condition"]["value"], ink["value"]) == (LIGHT.ink, LIGHT.node)
    assert of_kind(drawn(clip=5.0).to_vega_lite(), "text")[0]["encoding"]["color"] == {
        "value": LIGHT.ink
    }


def test_a_clip_beyond_all_bars_changes_nothing():
    assert drawn(clip=20.0).spec == drawn().spec
    y, other = (encoding(clip=clip, reach=15.0)["y"]["scale"] for clip in (20.0, 5.0))
    assert (y["domain"], other["domain"]) == ([-15, 15], [-5, 5])
    assert y["padding"] == other["padding"]  # so that charts that are compared have one unit


@pytest.mark.parametrize(("m", "upright"), [(10, False), (30, True)])
def test_numbers_at_arrows_are_left_out_where_they_would_touch(m: int, upright: bool):
    # Only the last two columns stand beside each other.
    ends = np.where(np.arange(m) % 3 == 0, -9.0, -1.0)
    ends[-2:] = -9
    bars = signed_bars(weights(np.diag(ends), np.eye(m)))
    spec = drawn(bars, n=m, clip=2.0).to_vega_lite()
    number = of_kind(spec, "text")[1]
    assert (mark(number).get("angle") == 270) == upright
    width = 10 if upright else 26
    room = number["transform"][1]["filter"]
    assert room == f"datum.free * width > {m * width}"
    free = rows(spec, number).set_index("column")["free"]
    assert free[0] == free[3] == 3
    assert free[m - 2] == free[m - 1] == 1


@THEMES
def test_bars_and_arrows_that_are_not_lit_are_grey(theme):
    bars = parts(signed_bars(TALL)["feature"] == 2)
    found = picture(drawn(bars, theme, clip=5.0, names=True, height=200), theme)
    assert shows(found, FEATURE_COLOURS[2], 500)  # in its bar and its arrow
    assert not shows(found, FEATURE_COLOURS[0])
    assert shows(found, mixed(theme.faint, theme.background, 0.5), 500)
    assert shows(found, theme.faint)  # arrows are opaque
    assert shows(found, theme.ink, within=40)
