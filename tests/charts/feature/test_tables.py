from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.analysis.features import CARRIES, Interference, interference
from toymodel.analysis.polysemanticity import Thresholds, path_gain
from toymodel.charts.feature.tables import (
    LEAST_CELL,
    MOST_CELLS,
    feature_carriers,
    interference_cells,
    interference_of,
    strongest_effects,
)
from toymodel.config import Config

# Feature 0 has neurons 0 and 1, feature 1 has 2; 3 holds feature 2, which 2 takes away from.
NETWORK = weights(
    [[1, 0, 0], [-1, 0, 0], [0, 2, 0.5], [0.03125, 0, -1]],
    [[1, 0.5, 0, 1], [0, 0, 0.25, 0], [0, 0, -2, 0.75]],
)

THREE = Config(n_features=3, n_neurons=4, importance_decay=0.25)
FOUND = Interference(
    high=np.array([[9, 0.5, -0.25], [0, 9, 0.125], [0.3, -0.4, 9]]),
    low=np.array([[9, -0.75, 0], [0, 9, -0.5], [0.1, 0.2, 9]]),
)


def test_the_neurons_of_a_feature_are_listed_with_what_they_give():
    frame = feature_carriers(NETWORK, 2)
    assert frame["neuron"].tolist() == [2, 3]
    assert frame["side"].tolist() == ["positive", "negative"]
    assert frame["path_gain"].tolist() == [-1, 0.75]
    assert frame["w_in"].tolist() == [0.5, -1]
    assert frame["w_out"].tolist() == [-2, 0.75]
    assert frame["class"].tolist() == ["slightly polysemantic", "monosemantic"]
    assert frame["primary"].tolist() == [1, 2]


def test_a_neuron_with_a_small_path_gain_does_not_carry_a_feature():
    assert feature_carriers(NETWORK, 0)["neuron"].tolist() == [0, 1]
    assert feature_carriers(NETWORK, 0)["path_gain"].tolist() == [1, 0.5]
    assert 0 < path_gain(NETWORK.W1, NETWORK.W2)[3, 0] < CARRIES


def test_the_classes_of_carriers_follow_the_thresholds():
    frame = feature_carriers(NETWORK, 2, Thresholds(second_weight=0.3))
    assert frame["class"].tolist() == ["monosemantic", "monosemantic"]
    frame = feature_carriers(NETWORK, 2, Thresholds(extra_weight=0.25))
    assert frame["class"].tolist() == ["polysemantic", "monosemantic"]


def test_a_feature_that_no_neuron_carries_has_an_empty_table():
    nothing = weights(np.zeros((2, 3)), np.zeros((3, 2)))
    frame = feature_carriers(nothing, 1)
    assert frame.empty
    assert list(frame.columns) == list(feature_carriers(NETWORK, 2).columns)


def test_what_a_feature_receives_is_a_row_the_worst_first():
    frame = interference_of(THREE, FOUND, 0, received=True)
    assert frame["feature"].tolist() == [1, 2]
    assert frame["importance"].tolist() == [0.25, 0.0625]
    assert frame["worst"].tolist() == [-0.75, -0.25]
    assert frame["mean"].tolist() == [-0.0625, -0.0625]
    assert frame["high"].tolist() == [0.5, -0.25]
    assert frame["low"].tolist() == [-0.75, 0]


def test_what_a_feature_does_to_others_is_a_column_the_worst_first():
    frame = interference_of(THREE, FOUND, 0, received=False)
    assert frame["feature"].tolist() == [2, 1]
    assert frame["importance"].tolist() == [0.0625, 0.25]
    assert frame["worst"].tolist() == [0.3, 0]
    assert frame["high"].tolist() == [0.3, 0]
    assert frame["low"].tolist() == [0.1, 0]


def test_of_equal_effects_the_more_important_feature_comes_first():
    high = np.full((4, 4), 0.5) * np.array([1, -1, 1, -1])
    frame = interference_of(
        Config(n_features=4, n_neurons=1), Interference(high=high, low=0 * high), 2, received=True
    )
    assert frame["feature"].tolist() == [0, 1, 3]


def cells(weighted: bool = False, first: int = MOST_CELLS) -> list[tuple[int, int, float]]:
    frame = interference_cells(THREE, FOUND, weighted=weighted, first=first)
    assert list(frame.columns) == ["receiving", "interfering", "value"]
    return list(frame.itertuples(index=False, name=None))


def test_the_map_has_a_cell_where_a_feature_reaches_another_output():
    assert cells() == [(0, 1, -0.75), (0, 2, -0.25), (1, 2, -0.5), (2, 0, 0.3), (2, 1, -0.4)]


def test_cells_by_importance_are_scaled_by_the_receiving_features_root():
    # Importances 1, 1/4 and 1/16.
    assert cells(weighted=True) == [
        (0, 1, -0.75),
        (0, 2, -0.25),
        (1, 2, -0.25),
        (2, 0, 0.075),
        (2, 1, -0.1),
    ]


def test_the_map_of_the_first_features_has_these_alone():
    assert cells(first=2) == [(0, 1, -0.75)]
    assert cells(first=1) == []


def test_the_smallest_cells_are_measured_by_the_largest_that_is_drawn():
    high = np.array([[9, 64, 0.5], [0.75, 9, 0], [-0.5, 0.625, 9]])
    found = Interference(high=high, low=0 * high)
    assert LEAST_CELL == 0.01
    frame = interference_cells(THREE, found)
    assert list(frame.itertuples(index=False, name=None)) == [(0, 1, 64), (1, 0, 0.75)]
    # Without the outlier everything counts.
    high[0, 1] = 0
    found = Interference(high=high, low=0 * high)
    assert interference_cells(THREE, found)["value"].tolist() == [0.5, 0.75, -0.5, 0.625]


@pytest.mark.parametrize("n", [1, 3])
def test_features_that_leave_each_other_alone_have_an_empty_map(n: int):
    config = Config(n_features=n, n_neurons=2 * n)
    found = interference(config, two_neurons_a_feature(n))
    for weighted in (False, True):
        frame = interference_cells(config, found, weighted=weighted)
        assert frame.empty
        assert list(frame.columns) == ["receiving", "interfering", "value"]
    received = interference_of(config, found, 0, received=True)
    assert received["worst"].tolist() == [0] * (n - 1)


def test_a_feature_without_importance_has_no_cells_by_importance():
    config = Config(n_features=60, n_neurons=60, importance_decay=1e-9)
    assert config.importance[-1] == 0
    found = interference(config, weights(np.ones((60, 60)), np.ones((60, 60))))
    assert interference_cells(config, found)["receiving"].nunique() == 60
    assert interference_cells(config, found, weighted=True)["receiving"].unique().tolist() == [0]


@given(n=st.integers(1, 6), m=st.integers(1, 7), seed=st.integers(0, 10**6), data=st.data())
def test_lists_and_map_tell_the_same(n: int, m: int, seed: int, data: st.DataObject):
    random = np.random.default_rng(seed)
    config = Config(n_features=n, n_neurons=m)
    found = interference(
        config, weights(random.normal(size=(m, n)), random.normal(size=(n, m)) ** 3)
    )
    feature = data.draw(st.integers(0, n - 1))
    drawn = interference_cells(config, found)
    for received, mine, theirs in (
        (True, "receiving", "interfering"),
        (False, "interfering", "receiving"),
    ):
        table = interference_of(config, found, feature, received=received)
        assert sorted(table["feature"]) == [i for i in range(n) if i != feature]
        assert table["worst"].abs().is_monotonic_decreasing
        assert (table[["high", "low"]].abs().max(axis=1) == table["worst"].abs()).all()
        told = table.set_index("feature")["worst"]
        part = drawn[drawn[mine] == feature].set_index(theirs)["value"]
        assert part.to_dict() == {i: told[i] for i in part.index}
        left_out = told.drop(part.index).abs()
        assert (left_out < LEAST_CELL * np.abs(found.worst).max() + 1e-12).all()


def test_the_strongest_effects_are_those_up_and_then_those_down_by_either_end():
    table = interference_of(THREE, FOUND, 0, received=True)
    frame = strongest_effects(table, 8)
    assert list(frame.itertuples(index=False, name=None)) == [
        (1, "positive", 0.5),
        (1, "negative", -0.75),
        (2, "positive", -0.25),
    ]
    assert strongest_effects(table, 1)["effect"].tolist() == [0.5, -0.75]
    assert strongest_effects(table.assign(high=0.009, low=-0.009), 8).empty
