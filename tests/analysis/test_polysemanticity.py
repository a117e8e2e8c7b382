from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from toymodel.analysis.polysemanticity import (
    CLASSES,
    UNUSED,
    Thresholds,
    effective_neurons,
    instructive,
    neurons,
    paper_order,
    path_gain,
    superposition,
    with_secondary,
)
from toymodel.settings import SettingError

MONO, SLIGHTLY, POLY = CLASSES
W1 = np.array(
    [
        [0, -2, 0, 0],
        [1, 0.5, 0.25, 0],
        [0.5, -0.5, 0.5, 0.5],
        [0, 0.04, -0.04, 1],
        [0, 0, 0, 0],
        [4, 0, 0, 0.4],
    ],
    np.float32,
)
MATRICES = arrays(
    np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.floats(-10, 10)
)


def test_classes_extra_weight_and_effective_features_are_exact():
    found = neurons(W1)
    assert found.classes == (MONO, SLIGHTLY, POLY, MONO, UNUSED, SLIGHTLY)
    np.testing.assert_allclose(found.extra_weight, [0, 0.75, 3, 0.08, 0, 0.1], atol=1e-7)
    effective = [1, 1.75**2 / 1.3125, 4, 1.08**2 / 1.0032, 0, 1.1**2 / 1.01]
    np.testing.assert_allclose(found.effective_features, effective, rtol=1e-6)
    assert found.primary.tolist() == [1, 0, 0, 3, 0, 0]
    np.testing.assert_array_equal(found.relative[1], [1, 0.5, 0.25, 0])
    np.testing.assert_array_equal(found.relative[4], 0)


def test_counts_name_every_class_and_unused_neurons_only_where_there_are():
    assert neurons(W1).counts == {MONO: 2, SLIGHTLY: 2, POLY: 1, UNUSED: 1}
    assert neurons(W1[:1]).counts == {MONO: 1, SLIGHTLY: 0, POLY: 0}


@pytest.mark.parametrize(
    ("second", "extra", "expected"),
    [(0.49, 0.49, SLIGHTLY), (0.5, 0.5, POLY), (0.05, 0.05, SLIGHTLY), (0.049, 0.049, MONO)],
)
def test_thresholds_end_where_they_say(second: float, extra: float, expected: str):
    row = np.array([[1, second, extra]])
    assert neurons(row).classes == (expected,)
    assert neurons(np.array([[-3.0], [2.0]])).classes == (MONO, MONO)


def test_thresholds_can_be_moved():
    assert neurons(W1, Thresholds(second_weight=0.2)).classes[5] == MONO
    assert neurons(W1, Thresholds(extra_weight=0.5)).classes[1] == POLY
    assert neurons(W1, Thresholds(extra_weight=4.0)).classes[2] == SLIGHTLY
    with pytest.raises(SettingError, match="second_weight = 0: must be a number above 0 and at"):
        Thresholds(second_weight=0)


@given(MATRICES, st.floats(0.01, 100))
def test_neither_scale_nor_sign_changes_what_a_neuron_holds(matrix: np.ndarray, factor: float):
    used = np.abs(matrix).max(axis=1) > 1e-3
    one, other = neurons(matrix), neurons(-factor * matrix)
    np.testing.assert_allclose(one.relative[used], other.relative[used], atol=1e-9)
    assert np.all(one.relative <= 1)
    n = matrix.shape[1]
    assert np.all((one.extra_weight >= 0) & (one.extra_weight <= n - 1 + 1e-9))
    effective = one.effective_features[used]
    assert np.all((effective >= 1 - 1e-9) & (effective <= n + 1e-9))
    assert sum(one.counts.values()) == len(matrix)


def test_neurons_stand_by_the_importance_of_their_primary_feature_then_by_purity():
    found = [j for j in paper_order(W1).tolist() if j != 4]  # unused ones have no primary feature
    assert found == [5, 1, 2, 0, 3]


@given(MATRICES)
def test_the_order_has_every_neuron_once(matrix: np.ndarray):
    order = paper_order(matrix)
    assert sorted(order.tolist()) == list(range(len(matrix)))
    assert np.all(np.diff(neurons(matrix).primary[order]) >= 0)


def test_superposition_of_hand_made_columns_is_exact():
    # Columns (1, 0), (1, 0), (0, 2) and (3, 4): projections of all others on each unit column.
    W = np.array([[1, 1, 0, 3], [0, 0, 2, 4]], np.float64)
    expected = [1 + 9, 1 + 9, 16, 0.6**2 + 0.6**2 + 1.6**2]
    np.testing.assert_allclose(superposition(W), expected, rtol=1e-12)
    I = np.eye(3)
    np.testing.assert_array_equal(superposition(np.concatenate([I, -I])), [0, 0, 0])
    found = superposition(np.array([[1, 0, 0.005, 0.02]]))
    assert [math.isnan(value) for value in found] == [False, True, True, False]
    assert np.isnan(superposition(np.zeros((2, 3)))).all()


def test_path_gain_is_input_size_times_output_weight():
    W1 = np.array([[1, -2], [0.5, 0]])
    W2 = np.array([[3.0, 1], [-1, 7]])
    np.testing.assert_array_equal(path_gain(W1, W2), [[3, -2], [0.5, 0]])


def test_a_clear_secondary_feature_is_neither_small_nor_a_second_primary():
    # Second largest relative weights: 0, 0.5, 1, 0.04, nothing, 0.1.
    assert with_secondary(neurons(W1)).tolist() == [False, True, False, False, False, False]
    second = np.array([0.1999, 0.2, -0.4, 0.6, 0.6001, 1])
    rows = np.stack([np.full(6, -2.0), 2 * second, np.full(6, 0.1)], axis=1)
    assert with_secondary(neurons(rows)).tolist() == [False, True, True, True, False, False]
    # Nor with a third beside two large ones, nor of one feature alone.
    assert with_secondary(neurons(np.array([[1, 0.7, 0.4]]))).tolist() == [False]
    assert with_secondary(neurons(np.array([[-3.0], [0.0]]))).tolist() == [False, False]


def test_the_instructive_neurons_are_one_of_each_kind():
    # In the paper's order: 5, 1, 2, 0, 3; neuron 2 holds four features alike.
    assert instructive(W1, neurons(W1)) == {"secondary": 1, "polysemantic": 2, "monosemantic": 0}
    rows = np.array([[0, 0, 1], [0, 1, 0.5], [0, 2, 0], [1, 0, 0.4], [0.3, 0, 1], [0, 1, 0]])
    found = instructive(rows, neurons(rows))
    assert (found["secondary"], found["monosemantic"]) == (3, 2)
    # The first is monosemantic, but has more effective features than the second.
    rows = np.array([[1, *[0.049] * 99], [1, 1, *[0] * 98]])
    found = neurons(rows)
    assert found.classes == (MONO, POLY)
    assert found.effective_features[0] > 10 > found.effective_features[1]
    assert instructive(rows, found)["polysemantic"] == 1


def test_a_kind_that_a_model_lacks_has_no_neuron():
    none = {"secondary": None, "polysemantic": None, "monosemantic": None}
    for rows in (np.zeros((3, 4)), np.zeros((2, 1))):
        assert instructive(rows, neurons(rows)) == none
    assert instructive(np.eye(3), neurons(np.eye(3))) == none | {"monosemantic": 0}
    alike = np.array([[0, 1, 1, 0], [1, 1, 1, 0.0]])
    assert instructive(alike, neurons(alike)) == none | {"polysemantic": 1}
    alone = np.array([[0.0], [-2]])
    assert instructive(alone, neurons(alone)) == none | {"monosemantic": 1}


@given(MATRICES)
def test_instructive_neurons_are_of_their_kind(matrix: np.ndarray):
    found = neurons(matrix)
    shown = instructive(matrix, found)
    secondary = with_secondary(found)
    assert (shown["secondary"] is None) == (not secondary.any())
    assert shown["secondary"] is None or secondary[shown["secondary"]]
    assert (shown["monosemantic"] is None) == (MONO not in found.classes)
    assert shown["monosemantic"] is None or found.classes[shown["monosemantic"]] == MONO
    polysemantic = [j for j, c in enumerate(found.classes) if c in (SLIGHTLY, POLY)]
    assert (shown["polysemantic"] is None) == (not polysemantic)
    if polysemantic:
        most = max(found.effective_features[polysemantic])
        assert found.effective_features[shown["polysemantic"]] == most


def test_a_feature_is_spread_over_as_many_neurons_as_have_its_weight():
    W1 = [[3, 2, 0, 1], [0, -2, 0, 0.5], [0, 0, 1e-3, 0.5], [0, 0, 0, 0]]
    found = effective_neurons(np.array(W1, np.float32))
    assert found[:2].tolist() == pytest.approx([1, 2])
    assert np.isnan(found[2])  # not represented
    assert found[3] == pytest.approx(1.5**2 / (1 + 2 * 0.25**2))
    assert np.isnan(effective_neurons(np.zeros((2, 3), np.float32))).all()
    tiny = effective_neurons(np.full((5, 2), 1e-30, np.float32))
    assert tiny.tolist() == pytest.approx([5, 5])
