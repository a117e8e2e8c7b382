from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import toymodel as tm
from tests.helpers.chart_specs import THEMES, by_field, clicked, of_kind, picture, rows, shows
from tests.helpers.networks import weights
from toymodel.analysis.polysemanticity import CLASSES, Thresholds, neurons, superposition
from toymodel.charts.chart import Chart
from toymodel.charts.look import FEATURE_COLOURS, LIGHT
from toymodel.charts.network.stack_plot import OTHERS, SELECTION, class_spans, stack_plot, stacks

MONO, SLIGHTLY, POLY = CLASSES
CONFIG = tm.Config(n_features=4, n_neurons=5, importance_decay=0.5)
# Neurons 3 and 1 hold feature 0 (3 more purely), 4 holds 1, 0 holds 2, 2 holds everything.
W1 = [[0.01, 0, -2, 0.02], [4, 2, 0, 0], [0.5, 1, 1, 1], [-1, 0, 0, 0], [0, 3, 0, 1.5]]
W2 = np.arange(20).reshape(4, 5) - 8.0
NETWORK = weights(W1, W2)
NOTHING = weights(np.zeros((5, 4)), np.zeros((4, 5)))
ORDER = [3, 1, 4, 2, 0]
NETWORKS = arrays(np.float32, (5, 4), elements=st.floats(-5, 5, width=32))


# The tables


def test_columns_stand_by_importance_of_the_primary_feature_then_by_purity():
    table = stacks(CONFIG, NETWORK).columns
    assert table["column"].tolist() == [0, 1, 2, 3, 4]
    assert table["neuron"].tolist() == ORDER
    assert table["primary"].tolist() == [0, 0, 1, 1, 2]
    assert table["class"].tolist() == [MONO, SLIGHTLY, SLIGHTLY, POLY, MONO]
    np.testing.assert_allclose(table["extra_weight"], [0, 0.5, 0.5, 2.5, 0.015], atol=1e-7)
    expected = [1, 1.5**2 / 1.25, 1.5**2 / 1.25, 3.5**2 / 3.25, 1.015**2 / 1.000125]
    np.testing.assert_allclose(table["effective_features"], expected, rtol=1e-6)
    moved = stacks(CONFIG, NETWORK, Thresholds(second_weight=0.6, extra_weight=3.0)).columns
    assert moved["class"].tolist() == [MONO, MONO, MONO, SLIGHTLY, MONO]


def test_blocks_of_a_stack_are_exact():
    blocks = stacks(CONFIG, NETWORK).blocks
    stack = blocks[blocks["neuron"] == 2]
    assert set(stack["column"]) == {3}
    assert stack["feature"].tolist() == [1, 2, 3, 0]  # equals by feature number, then smaller
    assert stack["low"].tolist() == [0, 1, 2, 3]
    assert stack["high"].tolist() == [1, 2, 3, 3.5]
    assert stack["features"].tolist() == [1, 1, 1, 1]
    assert stack["importance"].tolist() == [0.5, 0.25, 0.125, 1]
    assert stack["w_in"].tolist() == [1, 1, 1, 0.5]
    assert stack["w_out"].tolist() == [W2[i, 2] for i in (1, 2, 3, 0)]
    shares = superposition(NETWORK.W1)
    np.testing.assert_allclose(stack["superposition"], shares[[1, 2, 3, 0]])


def test_blocks_of_the_output_side_are_output_weights_in_the_same_columns():
    blocks = stacks(CONFIG, NETWORK, side="output", relative=False).blocks
    stack = blocks[blocks["neuron"] == 1]
    assert set(stack["column"]) == {1}
    assert stack["w_out"].tolist() == [8, -7, 3, -2]
    assert stack["feature"].tolist() == [3, 0, 2, 1]
    assert stack["high"].tolist() == [8, 15, 18, 20]


def test_small_weights_are_one_block_of_full_height():
    blocks = stacks(CONFIG, NETWORK).blocks
    stack = blocks[blocks["neuron"] == 0]
    assert stack["feature"].tolist() == [2, OTHERS]
    assert stack["features"].tolist() == [1, 2]
    np.testing.assert_allclose(stack["high"], [1, 1.015])
    whole = stacks(CONFIG, NETWORK, smallest=0.0).blocks
    assert whole.groupby("neuron")["high"].max()[0] == pytest.approx(1.015)
    split = stacks(CONFIG, NETWORK, smallest=0.0075).blocks
    assert split[split["neuron"] == 0]["feature"].tolist() == [2, 3, OTHERS]
    plot = stacks(CONFIG, NOTHING)
    assert plot.blocks.empty
    assert {"column", "feature", "low", "high", "superposition"} <= set(plot.blocks.columns)
    assert len(plot.columns) == 5
    assert plot.highest == 0


def test_of_very_many_weights_the_largest_are_blocks_of_their_own():
    n, m = 100, 60
    given = weights(np.random.default_rng(0).uniform(0.5, 1, (m, n)), np.ones((n, m)))
    blocks = stacks(tm.Config(n_features=n, n_neurons=m), given).blocks
    assert (blocks["feature"] != OTHERS).sum() == 4_000
    np.testing.assert_allclose(
        blocks.groupby("neuron")["high"].max(), neurons(given.W1).extra_weight + 1, rtol=1e-6
    )


@pytest.mark.parametrize("side", ["input", "output"])
@settings(max_examples=25)
@given(first=NETWORKS, second=NETWORKS, smallest=st.sampled_from([0.03, 0.2, 0.9]))
def test_stacks_have_no_gaps_and_their_full_height(
    side: str, first: np.ndarray, second: np.ndarray, smallest: float
):
    network = weights(first, second.T)
    sizes = np.abs(first if side == "input" else second).astype(np.float64)
    largest = sizes.max(axis=1)
    for relative in (True, False):
        plot = stacks(CONFIG, network, side=side, relative=relative, smallest=smallest)
        factor = np.where(largest > 0, largest, 1) if relative else 1
        heights = sizes.sum(axis=1) / factor
        found = plot.blocks.groupby("neuron")["high"].max().reindex(range(5), fill_value=0)
        np.testing.assert_allclose(found, heights, rtol=1e-6, atol=1e-9)
        assert plot.highest == found.max()
        for _, stack in plot.blocks.groupby("column"):
            np.testing.assert_allclose(stack["low"].iloc[1:], stack["high"].iloc[:-1], atol=1e-9)
            assert abs(stack["low"].iloc[0]) < 1e-9
            counted = stack["features"].sum()
            assert counted == np.count_nonzero(sizes[stack["neuron"].iloc[0]])


@given(NETWORKS)
def test_relative_stacks_are_one_block_and_the_extra_weight_high(matrix: np.ndarray):
    found = neurons(matrix)
    heights = stacks(CONFIG, weights(matrix, matrix.T)).blocks.groupby("neuron")["high"].max()
    for neuron, height in heights.items():
        assert height == pytest.approx(found.extra_weight[neuron] + 1, rel=1e-6)
    assert set(heights.index) == set(np.flatnonzero(np.abs(matrix).max(axis=1)))


def test_the_first_columns_and_those_of_a_part_are_those_of_all():
    given = weights(np.random.default_rng(0).normal(size=(9, 5)), np.ones((5, 9)))
    config = tm.Config(n_features=5, n_neurons=9)
    whole, first = stacks(config, given), stacks(config, given, first=4)
    for name in ("blocks", "columns"):
        every = getattr(whole, name)
        expected = every[every["column"] < 4].reset_index(drop=True)
        pd.testing.assert_frame_equal(getattr(first, name), expected)
        expected = every[every["column"].isin([2, 3, 4])].reset_index(drop=True)
        part = getattr(whole.part(2, 5), name)
        assert sorted(set(part["column"])) == [0, 1, 2]
        part = part.assign(column=part["column"] + 2)
        pd.testing.assert_frame_equal(part, expected)


@pytest.mark.parametrize(
    ("names", "starts", "named"),
    [
        ([MONO, SLIGHTLY, SLIGHTLY, POLY, MONO], [0, 1, 3, 4], [True, True, True, False]),
        (
            [MONO, POLY, MONO, MONO, POLY, POLY, POLY, MONO],
            [0, 1, 2, 4, 7],
            [False, False, True, True, False],
        ),
    ],
)
def test_spans_are_runs_of_one_class_and_the_widest_of_each_is_named(
    names: list[str], starts: list[int], named: list[bool]
):
    spans = class_spans(pd.DataFrame({"column": range(len(names)), "class": names}))
    assert spans["class"].tolist() == [names[start] for start in starts]
    assert spans["start"].tolist() == starts
    assert spans["named"].tolist() == named


@given(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=30))
def test_spans_cover_every_column_once(names: list[str]):
    spans = class_spans(pd.DataFrame({"column": range(len(names)), "class": names}))
    spread = [name for s in spans.itertuples() for name in [s[1]] * (s.end - s.start)]
    assert spread == names
    assert spans["start"].tolist() == [0, *spans["end"][:-1]]
    assert np.all(spans["class"].to_numpy()[1:] != spans["class"].to_numpy()[:-1])
    assert sorted(spans[spans["named"]]["class"]) == sorted(set(names))


# The chart


def plot(network: tm.Weights = NETWORK, **options) -> Chart:
    defaults = {"n_features": 4, "top": 5.0, "theme": LIGHT}
    return stack_plot(stacks(CONFIG, network), **(defaults | options))


def test_every_block_is_drawn_once_at_its_place():
    spec = plot().to_vega_lite()
    blocks = stacks(CONFIG, NETWORK).blocks
    named = by_field(spec, "color", "superposition")
    (others,) = (each for each in of_kind(spec, "rect") if each["mark"].get("color") == LIGHT.faint)
    for layer, expected in (
        (named, blocks[blocks["feature"] != OTHERS]),
        (others, blocks[blocks["feature"] == OTHERS]),
    ):
        drawn = rows(spec, layer)
        assert len(drawn) > 0
        for name in ("neuron", "feature", "low", "high"):
            assert drawn[name].tolist() == expected[name].tolist()
        assert (drawn["start"] - expected["column"]).between(0, 0.1).all()
        assert (expected["column"] + 1 - drawn["end"]).between(0, 0.1).all()
    encoding = by_field(plot(top=7.5).to_vega_lite(), "color", "superposition")["encoding"]
    assert encoding["y"]["scale"]["domain"] == [0, 7.5]
    assert encoding["x"]["scale"]["domain"] == [0, 5]
    assert plot(selected=2).tables["selected"]["start"].tolist() == [ORDER.index(2)]
    assert plot().tables["selected"].empty
    found = plot(NOTHING).tables
    assert found["blocks"].empty
    assert found["spans"]["class"].tolist() == ["unused"]


@THEMES
def test_spans_have_the_colours_and_names_of_their_classes(theme):
    spec = plot(theme=theme).to_vega_lite()
    spans = rows(spec, by_field(spec, "fill", "background"))
    expected = class_spans(stacks(CONFIG, NETWORK).columns)
    assert spans["class"].tolist() == expected["class"].tolist()
    assert spans["background"].tolist() == [theme.class_background[c] for c in expected["class"]]
    assert spans["ink"].tolist() == [theme.class_ink[c] for c in expected["class"]]
    (text,) = of_kind(spec, "text")
    assert text["encoding"]["text"]["field"] == "name"
    assert spans["named"].tolist() == expected["named"].tolist()
    unnamed = plot(theme=theme, class_names=False)
    assert not unnamed.tables["spans"]["named"].any()


@THEMES
def test_blocks_spans_and_the_selected_neuron_are_drawn(theme):
    options = {"n_features": 4, "top": 4.0, "theme": theme, "selected": 2, "colour": "feature"}
    drawn = picture(stack_plot(stacks(CONFIG, NETWORK, smallest=0.6), **options), theme, 900)
    for name in CLASSES:
        assert shows(drawn, theme.class_background[name])
        assert shows(drawn, theme.class_ink[name])
    for colour in FEATURE_COLOURS[:4]:
        assert shows(drawn, colour)
    assert shows(drawn, theme.mark)
    assert shows(drawn, theme.faint)


def test_a_click_anywhere_in_a_column_selects_its_neuron():
    spec = plot().to_vega_lite()
    name, fields, layer = clicked(spec)
    assert (name, fields) == (SELECTION, ["neuron"])
    columns = rows(spec, layer)
    assert columns[["neuron", "start", "end"]].to_numpy().tolist() == [
        [neuron, column, column + 1] for column, neuron in enumerate(ORDER)
    ]
    assert not {"y", "y2"} & layer["encoding"].keys()
    spec = plot(round=7).to_vega_lite()
    _, fields, layer = clicked(spec)
    assert fields == ["neuron", "round"]
    assert set(rows(spec, layer)["round"]) == {7}


def test_columns_of_a_pixel_or_two_are_not_hidden_by_the_gaps_between_blocks():
    def gap(m: int) -> object:
        given = weights(np.tile(np.eye(2), (m // 2, 1)), np.ones((2, m)))
        config = tm.Config(n_features=2, n_neurons=m)
        made = stack_plot(stacks(config, given), n_features=2, top=1.2, theme=LIGHT)
        layer = by_field(made.to_vega_lite(), "color", "superposition")
        return layer["encoding"]["strokeWidth"]

    assert gap(600) == {"value": 0}
    assert gap(40)["condition"]["value"] > gap(40)["value"] > 0


def test_a_plot_by_itself_says_what_heights_and_colours_mean():
    spec = plot(axis_title="|W1|", legend=True).to_vega_lite()
    encoding = by_field(spec, "color", "superposition")["encoding"]
    assert encoding["color"]["legend"]["values"] == [0, 0.5, 1]
    assert encoding["y"]["axis"]["title"] == "|W1|"
    scale = by_field(spec, "fill", "class")["encoding"]["fill"]["scale"]
    assert scale["domain"] == list(CLASSES)
    assert scale["range"] == [LIGHT.class_ink[name] for name in CLASSES]
    beside_others = by_field(plot().to_vega_lite(), "color", "superposition")["encoding"]
    assert (beside_others["color"]["legend"], beside_others["y"]["axis"]) == (None, None)
    numbers_alone = by_field(plot(axis_title="").to_vega_lite(), "color", "superposition")
    assert numbers_alone["encoding"]["y"]["axis"]["title"] is None
    assert "stack plot" in spec["description"]
    found = plot(colour="feature").to_vega_lite()
    scale = by_field(found, "color", "feature")["encoding"]["color"]["scale"]
    assert scale["range"] == list(FEATURE_COLOURS[:4])
    scale = by_field(plot().to_vega_lite(), "color", "superposition")["encoding"]["color"]["scale"]
    assert scale["scheme"] == "viridis"
