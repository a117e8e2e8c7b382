from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.helpers.activity import measured
from tests.helpers.chart_specs import THEMES, by_field, mark, of_kind, picture, rows, shows
from tests.helpers.networks import weights
from toymodel.analysis.activations import EDGES, STEP, activity
from toymodel.charts.chart import Chart
from toymodel.charts.look import FEATURE_COLOURS, LIGHT, feature_colour
from toymodel.charts.network.stack_plot import OTHERS
from toymodel.charts.neuron.activation_histogram import (
    MAX_BARS,
    activation_bars,
    activation_histogram,
)
from toymodel.config import Config

FIRST = round(EDGES[0] / STEP)


# The table


def test_the_bars_of_a_histogram_are_exact():
    cells = {(1, 0): 100.0, (2, 0): 1.0, (3, 1): 2.0, (3, 2): 1.0, (99, 0): 4.0, (119, 2): 0.5}
    table = activation_bars(measured(cells))
    assert table["feature"].tolist() == [5, 2, OTHERS, 5, OTHERS]
    assert table["name"].tolist() == ["f5, primary", "f2", "others", "f5, primary", "others"]
    np.testing.assert_allclose(table["start"], [0.02, 0.02, 0.02, 0.98, 1.18])
    np.testing.assert_allclose(table["end"], [0.04, 0.04, 0.04, 1.0, 1.2])
    np.testing.assert_allclose(table["per_million"], [1_000, 2_000, 1_000, 4_000, 500])
    np.testing.assert_allclose(table["share"], [0.25, 0.5, 0.25, 1, 1])
    np.testing.assert_allclose(table["low"], [0, 1_000, 3_000, 0, 0])
    np.testing.assert_allclose(table["high"], [1_000, 3_000, 4_000, 4_000, 500])


def test_the_bars_of_a_log_scale_reach_their_count_and_are_divided_by_shares():
    cells = {(2, 0): 1.0, (3, 1): 2.0, (3, 2): 1.0, (99, 0): 4.0, (119, 2): 0.5}
    found = measured({at: 1e3 * weight for at, weight in cells.items()}, examples=1_000_000)
    table = activation_bars(found, log=True)
    # From 1/2 up to 4,000 are 3.9 powers of ten, of which the shares are given their parts.
    whole = math.log10(4_000 / 0.5)
    parts = np.log10(table["high"] / table["low"])
    np.testing.assert_allclose(parts[:4], whole * np.array([0.25, 0.5, 0.25, 1]))
    np.testing.assert_allclose(table["low"][[0, 3, 4]], 0.5)
    np.testing.assert_allclose(table["high"][[2, 3, 4]], [4_000, 4_000, 500])
    np.testing.assert_allclose(table["low"][[1, 2]], table["high"][[0, 1]])
    assert table["per_million"].tolist() == [1_000, 2_000, 1_000, 4_000, 500]


def test_a_log_scale_begins_below_the_rarest_bar_but_not_below_a_tenth_of_an_input():
    cells = {(5, 0): 0.09, (20, 0): 0.3, (50, 0): 1_000.0}
    table = activation_bars(measured(cells, examples=1_000_000), log=True)
    assert table["low"].tolist() == pytest.approx([0.1, 0.1])
    assert table["high"].tolist() == pytest.approx([0.3, 1_000])
    del cells[5, 0]
    table = activation_bars(measured(cells, examples=1_000_000), log=True)
    assert table["low"].tolist() == pytest.approx([0.15, 0.15])


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("cells", [{}, {(0, 0): 7.0, (FIRST - 1, 1): 7.0}], ids=["none", "faint"])
def test_a_histogram_of_nothing_above_its_first_edge_has_no_bars(
    cells: dict[tuple[int, int], float], log: bool
):
    table = activation_bars(measured(cells), log=log)
    assert table.empty
    columns = ["start", "end", "feature", "name", "per_million", "share", "low", "high"]
    assert sorted(table.columns) == sorted(columns)


def test_the_largest_range_has_no_more_bars_than_are_drawn():
    table = activation_bars(measured(np.ones((1_000, 3))))
    # 998 steps in bars of 14: the last one has 4.
    assert table["start"].nunique() == 72 <= MAX_BARS
    np.testing.assert_allclose(table["end"] - table["start"], 0.14)
    assert table["per_million"].tolist() == pytest.approx([14_000] * 71 * 3 + [4_000] * 3)


WEIGHTS = st.tuples(st.integers(100, 1_000), st.integers(1, 9)).flatmap(
    lambda shape: arrays(float, shape, elements=st.floats(1e-3, 1e6), fill=st.just(0.0))
)


@settings(max_examples=30)
@given(weight=WEIGHTS, examples=st.integers(1, 10**7), log=st.booleans())
def test_bars_stack_without_gaps_and_count_every_input_once(
    weight: np.ndarray, examples: int, log: bool
):
    features = tuple(range(weight.shape[1] - 1))
    found = measured(weight, features, examples=examples)
    table = activation_bars(found, log=log)
    in_millions = weight[FIRST:] * (1e6 / examples)
    table_of_all = activation_bars(found)
    for k, feature in enumerate([*features, OTHERS]):
        mine = table_of_all.loc[table_of_all["feature"] == feature, "per_million"]
        assert mine.sum() == pytest.approx(in_millions[:, k].sum())
    assert table["start"].nunique() <= MAX_BARS
    counts = table.groupby("start")["per_million"].sum()
    rarest = table_of_all.groupby("start")["per_million"].sum().min()
    floor = max(min(0.5, rarest / 2), 1e5 / examples) if log and len(counts) else 0
    for start, bar in table.groupby("start"):
        assert start >= EDGES[0]
        assert bar["end"].nunique() == 1
        assert bar["share"].sum() == pytest.approx(1)
        assert bar["low"].iloc[0] == pytest.approx(floor, abs=1e-9 * bar["high"].max())
        assert bar["high"].iloc[-1] == pytest.approx(counts[start])
        rounding = 1e-9 * bar["high"].max()
        np.testing.assert_allclose(bar["low"].iloc[1:], bar["high"].iloc[:-1], atol=rounding)
        height = np.log(bar["high"] / bar["low"]) if log else bar["high"] - bar["low"]
        np.testing.assert_allclose(height / height.sum(), bar["share"], atol=1e-6)


@pytest.mark.parametrize("p", [0.02, 1.0])
def test_what_was_measured_can_be_drawn(p: float):
    config = Config(n_features=12, n_neurons=3, feature_probability=p)
    network = weights(np.random.default_rng(0).normal(size=(3, 12)), np.zeros((12, 3)))
    found = activity(config, network, 1, examples=4_000)
    above = found.weight[FIRST:].sum() * 1e6 / found.examples
    assert activation_bars(found)["per_million"].sum() == pytest.approx(above)


# The chart

CELLS = {(5, 0): 300.0, (5, 2): 700.0, (60, 0): 100.0, (60, 1): 100.0}
FOUND = measured(CELLS, (3, 40))


def drawn(found=FOUND, theme=LIGHT, n_features: int = 100, log: bool = False, **options) -> Chart:
    return activation_histogram(
        found, n_features=n_features, log=log, theme=theme, height=260, **options
    )


def named_and_others(chart: Chart):
    spec = chart.to_vega_lite()
    return spec, by_field(spec, "color", "feature"), by_field(spec, "fill", "name")


@pytest.mark.parametrize("log", [False, True])
def test_blocks_are_those_of_the_table(log: bool):
    spec, named, others = named_and_others(drawn(log=log))
    bars = activation_bars(FOUND, log=log)
    grey = bars["feature"] == OTHERS
    for layer, wanted in ((named, bars.loc[~grey]), (others, bars.loc[grey])):
        blocks = rows(spec, layer)
        assert blocks[bars.columns].to_dict("list") == wanted.to_dict("list")
        encoding = layer["encoding"]
        assert [encoding[name]["field"] for name in ("x", "x2", "y", "y2")] == [
            "start",
            "end",
            "low",
            "high",
        ]
    assert rows(spec, others)["activation"].tolist() == ["0.04–0.06"]
    y = named["encoding"]["y"]
    assert (y["scale"].get("type") == "log") == log
    assert y["scale"].get("domain") == ([bars["low"].min(), bars["high"].max()] if log else None)
    assert y["axis"].get("values") == ([1e2, 1e3, 1e4, 1e5, 1e6] if log else None)
    assert "threshold" in spec["description"]


@pytest.mark.parametrize("n_features", [50, 100])
def test_a_feature_has_the_colour_that_it_has_everywhere(n_features: int):
    _, named, _ = named_and_others(drawn(n_features=n_features))
    wanted = feature_colour(n_features, (3, 40))["scale"]
    assert named["encoding"]["color"]["scale"] == wanted | {"domain": [3, 40]}


def test_the_legend_names_the_features_and_the_others():
    _, named, others = named_and_others(drawn())
    legend = named["encoding"]["color"]["legend"]
    assert legend["values"] == [3, 40]
    assert legend["labelExpr"] == '{"3": "f3, primary", "40": "f40"}[datum.value]'
    assert legend["columns"] == 2
    assert others["encoding"]["fill"]["legend"]
    without = {cell: weight for cell, weight in CELLS.items() if cell[1] < 2}
    _, _, none = named_and_others(drawn(measured(without, (3, 40))))
    assert none["encoding"]["fill"]["legend"] is None
    for threshold, align in ((0.1, "left"), (0.9, "right")):
        spec = drawn(threshold=threshold).to_vega_lite()
        (rule,), (text,) = of_kind(spec, "rule"), of_kind(spec, "text")
        assert rows(spec, rule)["threshold"].tolist() == [threshold]
        assert mark(rule)["strokeDash"]
        assert text["encoding"]["text"]["value"] == "threshold"
        assert mark(text)["align"] == align
    assert drawn().tables["threshold"].empty


@pytest.mark.parametrize("log", [False, True])
def test_a_neuron_that_never_fires_has_axes_only(log: bool):
    _, named, others = named_and_others(drawn(measured({}, (3, 40)), log=log, threshold=0.1))
    assert named["encoding"]["color"]["legend"] is None
    assert others["encoding"]["fill"]["legend"] is None


@THEMES
def test_blocks_and_the_threshold_are_drawn(theme):
    found = picture(drawn(theme=theme, log=theme is not LIGHT, threshold=0.3), theme)
    for colour in (*FEATURE_COLOURS[:2], theme.faint, theme.mark):
        assert shows(found, colour)
