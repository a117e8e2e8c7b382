from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import toymodel as tm
from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.analysis.polysemanticity import CLASSES, Thresholds, neurons, superposition
from toymodel.charts.network import tables as frames
from toymodel.model import History
from toymodel.settings import SettingError

MONO, SLIGHTLY, POLY = CLASSES
CONFIG = tm.Config(n_features=4, n_neurons=5, importance_decay=0.5)
# Neurons 3 and 1 hold feature 0 (3 more purely), 4 holds 1, 0 holds 2, 2 holds everything.
W1 = [
    [0.01, 0, -2, 0.02],
    [4, 2, 0, 0],
    [0.5, 1, 1, 1],
    [-1, 0, 0, 0],
    [0, 3, 0, 1.5],
]
W2 = np.arange(20).reshape(4, 5) - 8.0
NETWORK = weights(W1, W2)
ORDER = [3, 1, 4, 2, 0]
NETWORKS = arrays(np.float32, (5, 4), elements=st.floats(-5, 5, width=32))


def test_blocks_of_the_first_columns_are_those_of_all():
    given = weights(np.random.default_rng(0).normal(size=(9, 5)), np.ones((5, 9)))
    config = tm.Config(n_features=5, n_neurons=9)
    whole, first = frames.blocks(config, given), frames.blocks(config, given, first=4)
    expected = whole[whole["column"] < 4].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, expected)


def test_columns_stand_by_importance_of_the_primary_feature_then_by_purity():
    frame = frames.columns(NETWORK)
    assert frame["column"].tolist() == [0, 1, 2, 3, 4]
    assert frame["neuron"].tolist() == ORDER
    assert frame["primary"].tolist() == [0, 0, 1, 1, 2]
    assert frame["class"].tolist() == [MONO, SLIGHTLY, SLIGHTLY, POLY, MONO]
    np.testing.assert_allclose(frame["extra_weight"], [0, 0.5, 0.5, 2.5, 0.015], atol=1e-7)
    expected = [1, 1.5**2 / 1.25, 1.5**2 / 1.25, 3.5**2 / 3.25, 1.015**2 / 1.000125]
    np.testing.assert_allclose(frame["effective_features"], expected, rtol=1e-6)


def test_columns_take_thresholds():
    frame = frames.columns(NETWORK, Thresholds(second_weight=0.6, extra_weight=3.0))
    assert frame["class"].tolist() == [MONO, MONO, MONO, SLIGHTLY, MONO]


def test_blocks_of_a_stack_are_exact():
    frame = frames.blocks(CONFIG, NETWORK)
    stack = frame[frame["neuron"] == 2]
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


def test_small_weights_are_one_block_of_full_height():
    frame = frames.blocks(CONFIG, NETWORK)
    stack = frame[frame["neuron"] == 0]
    assert stack["feature"].tolist() == [2, frames.OTHERS]
    assert stack["features"].tolist() == [1, 2]
    np.testing.assert_allclose(stack["high"], [1, 1.015])
    whole = frames.blocks(CONFIG, NETWORK, least=0.0)
    assert whole.groupby("neuron")["high"].max()[0] == pytest.approx(1.015)
    split = frames.blocks(CONFIG, NETWORK, least=0.0075)
    assert split[split["neuron"] == 0]["feature"].tolist() == [2, 3, frames.OTHERS]


@pytest.mark.parametrize("side", ["input", "output"])
@given(first=NETWORKS, second=NETWORKS, least=st.sampled_from([0.03, 0.2, 0.9]))
def test_stacks_have_no_gaps_and_their_full_height(
    side: str, first: np.ndarray, second: np.ndarray, least: float
):
    network = weights(first, second.T)
    sizes = np.abs(first if side == "input" else second).astype(np.float64)
    largest = sizes.max(axis=1)
    for relative in (True, False):
        frame = frames.blocks(CONFIG, network, side=side, relative=relative, least=least)
        factor = np.where(largest > 0, largest, 1) if relative else 1
        heights = sizes.sum(axis=1) / factor
        found = frame.groupby("neuron")["high"].max().reindex(range(5), fill_value=0)
        np.testing.assert_allclose(found, heights, rtol=1e-6, atol=1e-9)
        for _, stack in frame.groupby("column"):
            np.testing.assert_allclose(stack["low"].iloc[1:], stack["high"].iloc[:-1], atol=1e-9)
            assert abs(stack["low"].iloc[0]) < 1e-9
            counted = stack["features"].sum()
            assert counted == np.count_nonzero(sizes[stack["neuron"].iloc[0]])


@given(NETWORKS)
def test_relative_stacks_are_one_block_and_the_extra_weight_high(matrix: np.ndarray):
    found = neurons(matrix)
    frame = frames.blocks(CONFIG, weights(matrix, matrix.T))
    heights = frame.groupby("neuron")["high"].max()
    for neuron, height in heights.items():
        assert height == pytest.approx(found.extra_weight[neuron] + 1, rel=1e-6)
    assert set(heights.index) == set(np.flatnonzero(np.abs(matrix).max(axis=1)))


def test_blocks_of_the_output_side_are_output_weights_in_the_same_columns():
    frame = frames.blocks(CONFIG, NETWORK, side="output", relative=False)
    stack = frame[frame["neuron"] == 1]
    assert set(stack["column"]) == {1}
    assert stack["w_out"].tolist() == [8, -7, 3, -2]
    assert stack["feature"].tolist() == [3, 0, 2, 1]
    assert stack["high"].tolist() == [8, 15, 18, 20]


def test_a_network_without_weights_has_no_blocks():
    nothing = weights(np.zeros((5, 4)), np.zeros((4, 5)))
    frame = frames.blocks(CONFIG, nothing)
    assert frame.empty
    assert {"column", "feature", "low", "high", "superposition"} <= set(frame.columns)
    assert len(frames.columns(nothing)) == 5


def test_spans_are_runs_of_one_class():
    frame = frames.spans(frames.columns(NETWORK))
    assert frame["class"].tolist() == [MONO, SLIGHTLY, POLY, MONO]
    assert frame["start"].tolist() == [0, 1, 3, 4]
    assert frame["end"].tolist() == [1, 3, 4, 5]
    assert frame["named"].tolist() == [True, True, True, False]


def test_the_widest_run_of_a_class_is_named():
    names = [MONO, POLY, MONO, MONO, POLY, POLY, POLY, MONO]
    frame = frames.spans(pd.DataFrame({"column": range(8), "class": names}))
    assert frame["named"].tolist() == [False, False, True, True, False]


@given(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=30))
def test_spans_cover_every_column_once(names: list[str]):
    frame = frames.spans(pd.DataFrame({"column": range(len(names)), "class": names}))
    spread = [name for s in frame.itertuples() for name in [s[1]] * (s.end - s.start)]
    assert spread == names
    assert frame["start"].tolist() == [0, *frame["end"][:-1]]
    assert np.all(frame["class"].to_numpy()[1:] != frame["class"].to_numpy()[:-1])
    assert sorted(frame[frame["named"]]["class"]) == sorted(set(names))


def test_signed_bars_stack_away_from_the_axis():
    network = weights([[1, -3, 2, -0.5], [4, 0, 0, 0]], np.ones((4, 2)))
    bars = frames.signed_bars(network)
    bar = bars[bars["neuron"] == 0].set_index("feature")
    assert bar["low"].to_dict() == {2: 0, 0: 2, 1: 0, 3: -3}
    assert bar["high"].to_dict() == {2: 2, 0: 3, 1: -3, 3: -3.5}
    assert bar["weight"].to_dict() == {0: 1, 1: -3, 2: 2, 3: -0.5}
    assert bars.set_index("neuron")["column"].to_dict() == {0: 1, 1: 0}
    out = frames.signed_bars(network, side="output")
    assert out.groupby("neuron")["high"].max().tolist() == [4, 4]


def test_neurons_of_a_feature_stand_together_positive_side_first():
    assert frames.by_feature(two_neurons_a_feature(3)) == [0, 3, 1, 4, 2, 5]
    assert frames.by_feature(weights([[0, -2], [-3, 1], [1, 0]], np.ones((2, 3)))) == [2, 1, 0]


def test_edges_lead_from_features_to_neurons_and_on_to_outputs():
    network = weights([[-2, 0.01], [0, 1]], [[1, 0], [0, -4]])
    frame = frames.edges(network)
    rows = frame.to_dict("records")
    assert [(r["layer"], r["feature"], r["neuron"], r["weight"]) for r in rows] == [
        ("W1", 0, 0, -2),
        ("W1", 1, 1, 1),
        ("W2", 0, 0, 1),
        ("W2", 1, 1, -4),
    ]
    assert [(r["x"], r["y"], r["x2"], r["y2"]) for r in rows] == [
        (0.25, 2, 0.25, 1),
        (0.75, 2, 0.75, 1),
        (0.25, 1, 0.25, 0),
        (0.75, 1, 0.75, 0),
    ]
    assert len(frames.edges(network, least=0.001)) == 5


def test_edges_of_a_part_are_laid_out_from_left_to_right():
    network = weights([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.ones((3, 3)))
    frame = frames.edges(network, features=[2, 0], neurons=[1])
    into = frame.loc[frame["layer"] == "W1", ["feature", "neuron", "weight", "x", "x2"]]
    assert into.values.tolist() == [[2, 1, 6, 0.25, 0.5], [0, 1, 4, 0.75, 0.5]]
    assert frame.loc[frame["layer"] == "W2", "x2"].tolist() == [0.25, 0.75]


def test_edges_of_a_network_without_weights_are_an_empty_frame_with_columns():
    frame = frames.edges(weights(np.zeros((2, 2)), np.zeros((2, 2))))
    assert frame.empty
    names = ["layer", "feature", "neuron", "weight", "x", "y", "x2", "y2"]
    assert list(frame.columns) == names


def test_every_weight_is_in_the_tidy_frame_by_neuron_then_feature():
    frame = frames.tidy_weights(weights([[1, -2, 3], [4, 5, -6]], [[7, 8], [9, 10], [11, 12]]))
    assert frame.to_dict("list") == {
        "neuron": [0, 0, 0, 1, 1, 1],
        "feature": [0, 1, 2, 0, 1, 2],
        "w_in": [1, -2, 3, 4, 5, -6],
        "w_out": [7, 9, 11, 8, 10, 12],
    }


def test_a_response_is_the_output_of_a_feature_that_is_alone():
    config = tm.Config(n_features=3, n_neurons=2)
    # Feature 2 is answered by feature 0's neuron, and would show up if it were not alone.
    network = weights([[2, 0, 0], [0, 0, -1]], [[1, 0], [0, 0], [9, 3]], [-0.5, 0.25, 0])
    frame = frames.responses(config, network, [2, 0, 1], points=5)
    assert frame["feature"].tolist() == [2] * 5 + [0] * 5 + [1] * 5
    assert frame["x"].tolist() == [-1, -0.5, 0, 0.5, 1] * 3
    assert frame["target"].tolist() == [1, 0.5, 0, 0.5, 1] * 3
    assert frame["output"].tolist() == [3, 1.5, 0, 0, 0, 0, 0, 0, 0.5, 1.5, *[0.25] * 5]


def test_two_neurons_a_feature_answer_the_target():
    config = tm.Config(n_features=4, n_neurons=8)
    frame = frames.responses(config, two_neurons_a_feature(4), range(4))
    assert len(frame) == 4 * 101
    assert (frame["x"].min(), frame["x"].max()) == (-1, 1)
    np.testing.assert_allclose(frame["output"], frame["target"], atol=1e-6)


@pytest.mark.parametrize("features", [[4], [0, -1]])
def test_a_feature_that_is_not_there_has_no_response(features: list[int]):
    with pytest.raises(SettingError, match="must be from 0 to 3"):
        frames.responses(CONFIG, NETWORK, features)


def test_loss_curves_have_a_row_a_record_that_a_log_axis_can_show():
    history = History(
        step=np.array([10, 20, 30]),
        seconds=np.array([0.5, 1.0, 1.5], np.float32),
        loss=np.array([[1.0, 0.5, 0.25], [np.nan, 2.0, np.inf], [0.75, 0.0, -1.0]], np.float32),
    )
    assert frames.loss_curves(history).to_dict("list") == {
        "restart": [0, 0, 0, 1, 2],
        "step": [10, 20, 30, 20, 10],
        "seconds": [0.5, 1.0, 1.5, 1.0, 0.5],
        "loss": [1.0, 0.5, 0.25, 2.0, 0.75],
    }


def test_of_many_records_evenly_spaced_ones_are_kept_and_the_last():
    records = 3 * frames.MOST_RECORDS
    history = History(
        step=np.arange(1, records + 1),
        seconds=np.arange(records, dtype=np.float32),
        loss=np.linspace(2, 1, 2 * records, dtype=np.float32).reshape(2, records),
    )
    curves = frames.loss_curves(history)
    assert curves.groupby("restart").size().tolist() == [frames.MOST_RECORDS] * 2
    for restart, curve in curves.groupby("restart"):
        assert curve["step"].iloc[[0, -1]].tolist() == [1, records]
        assert curve["step"].diff().dropna().between(2, 4).all()
        np.testing.assert_array_equal(curve["loss"], history.loss[restart, curve["step"] - 1])


def test_loss_curves_before_the_first_record_are_an_empty_frame_with_columns():
    nothing = History(
        step=np.zeros(0, np.int64),
        seconds=np.zeros(0, np.float32),
        loss=np.zeros((2, 0), np.float32),
    )
    frame = frames.loss_curves(nothing)
    assert frame.empty
    assert list(frame.columns) == ["restart", "step", "seconds", "loss"]
