from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.analysis.activations import EDGES, INTERVALS, STEP, Activity, activity
from toymodel.analysis.example_inputs import BANDS, Band, Example
from toymodel.analysis.loss import Estimate
from toymodel.charts.network.tables import OTHERS
from toymodel.charts.neuron import tables as frames
from toymodel.config import Config
from toymodel.model import Weights

CONFIG = Config(n_features=4, n_neurons=5, importance_decay=0.5)
W1 = [
    [0.01, 0, -2, 0.02],
    [4, 2, 0, 0],
    [0.5, 1, 1, 1],
    [-1, 0, 0, 0],
    [0, 3, 0, 0],
]
W2 = np.array([[-8, -3, 2, 7], [-7, -2, 3, 8], [-6, -1, 4, 9], [-5, 0, 5, 10], [-4, 1, 6, 11]]).T
NETWORK = weights(W1, W2)

TWO = Config(n_features=2, n_neurons=1)
ONE_NEURON = weights([[1, -0.5]], [[0], [0]])

FIRST = round(EDGES[0] / STEP)


def counted(
    cells: dict[tuple[int, int], float] | np.ndarray,
    features: tuple[int, ...] = (5, 2),
    *,
    examples: int = 1_000,
    present: dict[tuple[int, int], float] | None = None,
) -> Activity:
    """An activity with these weights, by step and group; every input stands for itself."""
    weight = cells if isinstance(cells, np.ndarray) else np.zeros((120, len(features) + 1))
    presence = np.zeros((len(weight), 2))
    for at, value in ({} if isinstance(cells, np.ndarray) else cells).items():
        weight[at] = value
    for at, value in (present or {}).items():
        presence[at] = value
    return Activity(
        neuron=0,
        range=1.0,
        features=features,
        examples=examples,
        silent=Estimate(0.5, 0.0),
        weight=weight,
        square=weight,
        presence=presence,
        presence_square=presence,
        bands=(),
    )


# Weights


def test_the_weights_of_a_neuron_are_listed_largest_first():
    frame = frames.neuron_weights(CONFIG, NETWORK, 0)
    assert frame["feature"].tolist() == [2, 3, 0, 1]
    np.testing.assert_allclose(frame["w_in"], [-2, 0.02, 0.01, 0], rtol=1e-6)
    assert frame["w_out"].tolist() == [2, 7, -8, -3]
    np.testing.assert_allclose(frame["path_gain"], [4, 0.14, -0.08, 0], rtol=1e-6)
    assert frame["importance"].tolist() == [0.25, 0.125, 1, 0.5]


def test_the_weights_of_a_neuron_come_with_how_much_their_features_share():
    # Columns (1, 1), (0, 1) and 0: half of the first lies along the second.
    network = weights([[1, 0, 0], [1, 1, 0]], np.ones((3, 2)))
    frame = frames.neuron_weights(Config(n_features=3, n_neurons=2), network, 0)
    assert frame["feature"].tolist() == [0, 1, 2]
    np.testing.assert_allclose(frame["superposition"], [0.5, 1, np.nan])


# The histogram


def test_the_bars_of_a_histogram_are_exact():
    cells = {(1, 0): 100.0, (2, 0): 1.0, (3, 1): 2.0, (3, 2): 1.0, (99, 0): 4.0, (119, 2): 0.5}
    frame = frames.activation_bars(counted(cells))
    assert frame["feature"].tolist() == [5, 2, OTHERS, 5, OTHERS]
    assert frame["name"].tolist() == ["f5, primary", "f2", "others", "f5, primary", "others"]
    np.testing.assert_allclose(frame["start"], [0.02, 0.02, 0.02, 0.98, 1.18])
    np.testing.assert_allclose(frame["end"], [0.04, 0.04, 0.04, 1.0, 1.2])
    np.testing.assert_allclose(frame["per_million"], [1_000, 2_000, 1_000, 4_000, 500])
    np.testing.assert_allclose(frame["share"], [0.25, 0.5, 0.25, 1, 1])
    np.testing.assert_allclose(frame["low"], [0, 1_000, 3_000, 0, 0])
    np.testing.assert_allclose(frame["high"], [1_000, 3_000, 4_000, 4_000, 500])


def test_the_bars_of_a_log_scale_reach_their_count_and_are_divided_by_shares():
    cells = {(2, 0): 1.0, (3, 1): 2.0, (3, 2): 1.0, (99, 0): 4.0, (119, 2): 0.5}
    found = counted({at: 1e3 * weight for at, weight in cells.items()}, examples=1_000_000)
    frame = frames.activation_bars(found, log=True)
    # From 1/2 up to 4,000 are 3.9 powers of ten, of which the shares are given their parts.
    whole = math.log10(4_000 / 0.5)
    parts = np.log10(frame["high"] / frame["low"])
    np.testing.assert_allclose(parts[:4], whole * np.array([0.25, 0.5, 0.25, 1]))
    np.testing.assert_allclose(frame["low"][[0, 3, 4]], 0.5)
    np.testing.assert_allclose(frame["high"][[2, 3, 4]], [4_000, 4_000, 500])
    np.testing.assert_allclose(frame["low"][[1, 2]], frame["high"][[0, 1]])
    assert frame["per_million"].tolist() == [1_000, 2_000, 1_000, 4_000, 500]


def test_a_log_scale_begins_below_the_rarest_bar_but_not_below_a_tenth_of_an_input():
    cells = {(5, 0): 0.09, (20, 0): 0.3, (50, 0): 1_000.0}
    frame = frames.activation_bars(counted(cells, examples=1_000_000), log=True)
    assert frame["low"].tolist() == pytest.approx([0.1, 0.1])
    assert frame["high"].tolist() == pytest.approx([0.3, 1_000])
    del cells[5, 0]
    frame = frames.activation_bars(counted(cells, examples=1_000_000), log=True)
    assert frame["low"].tolist() == pytest.approx([0.15, 0.15])


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("cells", [{}, {(0, 0): 7.0, (FIRST - 1, 1): 7.0}], ids=["none", "faint"])
def test_a_histogram_of_nothing_above_its_first_edge_has_no_bars(
    cells: dict[tuple[int, int], float], log: bool
):
    frame = frames.activation_bars(counted(cells), log=log)
    assert frame.empty
    columns = ["start", "end", "feature", "name", "per_million", "share", "low", "high"]
    assert sorted(frame.columns) == sorted(columns)


def test_the_largest_range_has_no_more_bars_than_are_drawn():
    frame = frames.activation_bars(counted(np.ones((1_000, 3))))
    # 998 steps in bars of 14: the last one has 4.
    assert frame["start"].nunique() == 72 <= frames.MOST_BARS
    np.testing.assert_allclose(frame["end"] - frame["start"], 0.14)
    assert frame["per_million"].tolist() == pytest.approx([14_000] * 71 * 3 + [4_000] * 3)


TABLES = st.tuples(st.integers(100, 1_000), st.integers(1, 9)).flatmap(
    lambda shape: arrays(
        float,
        shape,
        elements=st.floats(1e-3, 1e6),
        fill=st.just(0.0),
    )
)


@given(weight=TABLES, examples=st.integers(1, 10**7), log=st.booleans())
def test_bars_stack_without_gaps_and_count_every_input_once(
    weight: np.ndarray, examples: int, log: bool
):
    features = tuple(range(weight.shape[1] - 1))
    found = counted(weight, features, examples=examples)
    frame = frames.activation_bars(found, log=log)
    in_millions = weight[FIRST:] * (1e6 / examples)
    frame_of_all = frames.activation_bars(found)
    for k, feature in enumerate([*features, OTHERS]):
        mine = frame_of_all.loc[frame_of_all["feature"] == feature, "per_million"]
        assert mine.sum() == pytest.approx(in_millions[:, k].sum())
    assert frame["start"].nunique() <= frames.MOST_BARS
    counts = frame.groupby("start")["per_million"].sum()
    rarest = frame_of_all.groupby("start")["per_million"].sum().min()
    floor = max(min(0.5, rarest / 2), 1e5 / examples) if log and len(counts) else 0
    for start, bar in frame.groupby("start"):
        assert start >= EDGES[0]
        assert bar["end"].nunique() == 1
        assert bar["share"].sum() == pytest.approx(1)
        assert bar["low"].iloc[0] == pytest.approx(floor, abs=1e-9 * bar["high"].max())
        assert bar["high"].iloc[-1] == pytest.approx(counts[start])
        rounding = 1e-9 * bar["high"].max()
        np.testing.assert_allclose(bar["low"].iloc[1:], bar["high"].iloc[:-1], atol=rounding)
        height = np.log(bar["high"] / bar["low"]) if log else bar["high"] - bar["low"]
        np.testing.assert_allclose(height / height.sum(), bar["share"], atol=1e-6)


# Shares


def test_the_shares_of_a_neuron_and_the_median_of_others_are_exact():
    cells = {
        (2, 0): 1.0,  # the first interval: 1 of 4
        (9, 2): 3.0,
        (10, 0): 5.0,  # the second: all
        (74, 0): 1.0,  # the fourth: a half; nothing in the third and the fifth
        (50, 1): 1.0,
        (100, 0): 2.0,  # above 1
    }
    found = counted(cells, present={(2, 0): 2.0, (9, 1): 2.0, (119, 0): 2.0})
    others = np.array([[0.2] * 6, [0.4] * 6, [0.9] * 6])
    others[2, 0] = np.nan
    others[:, 5] = np.nan
    frame = frames.shares_by_magnitude(found, {"some": others, "none": others[:0]})
    kinds = (frames.LEADS, frames.PRESENT, "some", "none")
    mine, there, some, none = (frame[frame["kind"] == kind] for kind in kinds)
    assert len(frame) == 4 * len(INTERVALS)
    assert list(zip(mine["low"], mine["high"], strict=True)) == list(INTERVALS)
    np.testing.assert_allclose(mine["value"], [0.25, 1, np.nan, 0.5, np.nan, 1])
    np.testing.assert_allclose(there["value"], [0.5, np.nan, np.nan, np.nan, np.nan, 1])
    np.testing.assert_allclose(mine["effective"], [4, 5, 0, 2, 0, 2])
    for row, (low, high) in zip(mine.itertuples(), INTERVALS, strict=True):
        share = found.dominated(low, high)
        np.testing.assert_equal((row.value_low, row.value_high), (share.low, share.high))
    np.testing.assert_allclose(some["value"], [0.3, 0.4, 0.4, 0.4, 0.4, np.nan])
    assert none["value"].isna().all()
    assert some[["value_low", "value_high", "effective"]].isna().all(axis=None)
    assert some["interval"].tolist() == mine["interval"].tolist()


def test_medians_stand_alone_too():
    shares = np.array([[0.2] * 6, [0.6] * 6])
    found = frames.median_shares({"some": shares})
    assert found["kind"].tolist() == ["some"] * len(INTERVALS)
    np.testing.assert_allclose(found["value"], 0.4)
    assert found["interval"].tolist() == [frames.interval_name(*each) for each in INTERVALS]
    assert found[["value_low", "value_high", "effective"]].isna().all(axis=None)
    assert frames.median_shares({}).empty


def test_an_interval_is_told_in_words():
    assert [frames.interval_name(*interval) for interval in INTERVALS] == [
        "0.02–0.1",
        "0.1–0.25",
        "0.25–0.5",
        "0.5–0.75",
        "0.75–1",
        "above 1",
    ]


# Inputs


def band(*examples: Example) -> Band:
    return Band("top", 0.9, 1.0, examples)


def listed(
    contributions: Sequence[float], values: Sequence[float] | None = None, most: int = 6
) -> str:
    """What is said of an input with these contributions of the features 0, 1, ..."""
    features = tuple(range(len(contributions)))
    example = Example(0.5, features, tuple(values or [1.0] * len(features)), tuple(contributions))
    frame = frames.band_examples(band(example), most)
    assert frame["features"].tolist() == [len(features)]
    return frame["contributions"][0]


def test_an_input_is_written_out_feature_by_feature():
    one = Example(0.95, (3, 1), (0.8, -0.5), (0.8, 0.15))
    other = Example(0.9, (7,), (-1.0,), (0.9,))
    frame = frames.band_examples(band(one, other))
    assert frame["activation"].tolist() == [0.95, 0.9]
    assert frame["features"].tolist() == [2, 1]
    assert frame["contributions"].tolist() == [
        "f3 = +0.80 → +0.80;  f1 = −0.50 → +0.15",
        "f7 = −1.00 → +0.90",
    ]


def test_of_many_features_the_largest_are_written_out_and_the_others_summed():
    text = listed([0.5, 0.25, 0.1, 0.05, -0.01, -0.4], most=3)
    assert text == (
        "f0 = +1.00 → +0.50;  f1 = +1.00 → +0.25;  f5 = +1.00 → −0.40;  3 others → +0.14"
    )
    assert listed([0.5, -0.1], most=1) == "f0 = +1.00 → +0.50;  1 other → −0.10"
    many = listed([1e-3] * 1_200 + [-0.2], most=1)
    assert many == "f1200 = +1.00 → −0.20;  1,200 others → +1.20"


def test_what_contributes_nothing_is_counted_and_not_written_out():
    assert listed([0.5, 0, 0.004]) == "f0 = +1.00 → +0.50;  2 others → 0"
    assert listed([0.5, -0.001], [0.3, 0.001]) == "f0 = +0.30 → +0.50;  1 other → 0"
    assert listed([0.0]) == "1 other → 0"


def test_a_band_without_inputs_is_an_empty_table():
    frame = frames.band_examples(band())
    assert frame.empty
    assert list(frame.columns) == ["activation", "contributions", "features"]


@given(
    shares=st.lists(st.floats(-1, 1), min_size=1, max_size=20),
    most=st.integers(0, 8),
)
def test_every_feature_of_an_input_is_written_out_or_summed(shares: list[float], most: int):
    parts = listed(shares, most=most).split(";  ")
    summed = int(parts[-1].split()[0]) if "other" in parts[-1] else 0
    written = [part for part in parts if part.startswith("f")]
    assert len(written) + summed == len(shares)
    assert len(written) == min(most, sum(abs(share) >= 0.005 for share in shares))
    total = sum(float(part.split("→ ")[1].replace("−", "-")) for part in parts)
    assert total == pytest.approx(sum(shares), abs=0.005 * len(parts) + 1e-9)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "+0.50"),
        (-0.5, "−0.50"),
        (12.346, "+12.35"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.004, "0"),
        (-0.004, "0"),
        (0.006, "+0.01"),
        (-0.006, "−0.01"),
    ],
)
def test_a_number_has_its_sign_and_two_digits(value: float, text: str):
    assert frames.signed(value) == text


@pytest.mark.parametrize("p", [0.02, 1.0])
def test_what_was_measured_can_be_drawn_and_listed(p: float):
    config = Config(n_features=12, n_neurons=3, feature_probability=p)
    network = weights(np.random.default_rng(0).normal(size=(3, 12)), np.zeros((12, 3)))
    found = activity(config, network, 1, examples=4_000)
    frame = frames.activation_bars(found)
    above = found.weight[FIRST:].sum() * 1e6 / found.examples
    assert frame["per_million"].sum() == pytest.approx(above)
    assert [each.name for each in found.bands] == [name for name, *_ in BANDS]
    for each in found.bands:
        table = frames.band_examples(each)
        assert len(table) == len(each.examples) > 0
        for example, text in zip(each.examples, table["contributions"], strict=True):
            said = [float(part.split("→ ")[1].replace("−", "-")) for part in text.split(";  ")]
            assert sum(said) == pytest.approx(example.activation, abs=0.005 * len(said))


# Responses


def test_a_neurons_activation_for_one_feature_alone_is_exact():
    frame = frames.activation_responses(TWO, ONE_NEURON, 0, [1, 0], points=3)
    assert frame["feature"].tolist() == [1, 1, 1, 0, 0, 0]
    assert frame["x"].tolist() == [-1, 0, 1, -1, 0, 1]
    assert frame["output"].tolist() == [0.5, 0, 0, 0, 0, 1]


def test_a_hidden_bias_lifts_an_activation():
    network = dataclasses.replace(ONE_NEURON, b_hidden=np.array([0.25], np.float32))
    frame = frames.activation_responses(TWO, network, 0, [1], points=3)
    assert frame["output"].tolist() == [0.75, 0.25, 0]
    cells = frames.activation_map(TWO, network, 0, 0, 1, cells=2)
    assert cells["value"].tolist() == [0, 1, 0, 0.5]


def test_a_neurons_activation_for_two_features_is_exact():
    frame = frames.activation_map(TWO, ONE_NEURON, 0, 0, 1, cells=2)
    assert frame["x"].tolist() == [-1, 0, -1, 0]
    assert frame["x2"].tolist() == [0, 1, 0, 1]
    assert frame["y"].tolist() == [-1, -1, 0, 0]
    assert frame["y2"].tolist() == [0, 0, 1, 1]
    # In the middles, at -1/2 and 1/2: x_0 - x_1 / 2 where that is above 0.
    assert frame["value"].tolist() == [0, 0.75, 0, 0.25]
    swapped = frames.activation_map(TWO, ONE_NEURON, 0, 1, 0, cells=2)
    assert swapped["value"].tolist() == [0, 0, 0.75, 0.25]


def values(frame: pd.DataFrame, series: str) -> np.ndarray:
    return frame.loc[frame["series"] == series, "y"].to_numpy()


def test_an_output_is_drawn_with_the_neuron_on_and_off():
    config = Config(n_features=2, n_neurons=4)
    network: Weights = two_neurons_a_feature(2)  # neurons 0 and 2 hold feature 0
    frame = frames.with_and_without(config, network, 2, 0)
    x = np.linspace(-1, 1, 101, dtype=np.float32)
    assert frame["series"].unique().tolist() == ["with neuron 2", "without it", "target |x|"]
    assert frame["x"].tolist() == x.tolist() * 3
    np.testing.assert_array_equal(values(frame, "with neuron 2"), abs(x))
    np.testing.assert_array_equal(values(frame, "without it"), np.maximum(x, 0))
    np.testing.assert_array_equal(values(frame, "target |x|"), abs(x))
    np.testing.assert_array_equal(network.W2, two_neurons_a_feature(2).W2)


def test_a_neuron_that_a_feature_does_not_need_changes_nothing():
    frame = frames.with_and_without(
        Config(n_features=2, n_neurons=4), two_neurons_a_feature(2), 1, 0
    )
    np.testing.assert_array_equal(values(frame, "with neuron 1"), values(frame, "without it"))
