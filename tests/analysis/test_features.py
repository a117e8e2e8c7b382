from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.analysis.features import (
    CARRIES,
    SERVED,
    WEAK,
    Interference,
    carriers,
    forward,
    interference,
)
from toymodel.analysis.polysemanticity import path_gain
from toymodel.config import Config
from toymodel.model import Weights

TWO = Config(n_features=2, n_neurons=2)


def random_case(n: int, m: int, seed: int) -> tuple[Config, Weights]:
    random = np.random.default_rng(seed)
    W1, W2 = random.normal(size=(m, n)), random.normal(size=(n, m))
    return Config(n_features=n, n_neurons=m), weights(W1, W2, random.normal(size=n))


def test_what_two_features_do_to_each_other_is_exact():
    # Neuron 0 reads x_0 - x_1 / 2, neuron 1 reads -x_0 + x_1 / 4.
    network = weights([[1, -0.5], [-1, 0.25]], [[1, 2], [-3, 0.5]], b=[7, 8])
    found = interference(TWO, network)
    np.testing.assert_array_equal(found.high, [[1, 0.5], [-3, 0.125]])
    np.testing.assert_array_equal(found.low, [[2, 0.5], [0.5, -1.5]])
    np.testing.assert_array_equal(found.worst, [[0, 0.5], [-3, 0]])
    np.testing.assert_array_equal(found.mean, [[0, 0.25], [-2.5 / 4, 0]])


def test_features_with_neurons_of_their_own_do_not_interfere():
    found = interference(Config(n_features=3, n_neurons=6), two_neurons_a_feature(3))
    np.testing.assert_array_equal(found.high, np.eye(3))
    np.testing.assert_array_equal(found.low, np.eye(3))
    np.testing.assert_array_equal(found.worst, np.zeros((3, 3)))
    np.testing.assert_array_equal(found.mean, np.zeros((3, 3)))


@given(n=st.integers(1, 7), m=st.integers(1, 9), seed=st.integers(0, 10**6))
def test_interference_is_what_one_feature_alone_adds_before_bias_and_relu(
    n: int, m: int, seed: int
):
    config, network = random_case(n, m, seed)
    found = interference(config, network)
    total, points = np.zeros((n, n)), (np.arange(200) + 0.5) / 100 - 1
    for k in range(n):
        for end, table in ((1.0, found.high), (-1.0, found.low)):
            hidden, _ = forward(config, network, [(k, end)])
            np.testing.assert_allclose(table[:, k], network.W2 @ hidden, atol=1e-5)
        x = np.zeros((n, 200), np.float32)
        x[k] = points
        total[:, k] = (network.W2 @ network.hidden(x)).mean(axis=1)
    np.fill_diagonal(total, 0)
    np.testing.assert_allclose(found.mean, total, atol=1e-5)
    for i, k in np.ndindex(n, n):
        worst = max(found.high[i, k], found.low[i, k], key=abs) if i != k else 0
        assert found.worst[i, k] == worst
    gain = path_gain(network.W1, network.W2)  # on the diagonal, of each side
    for side, table in ((network.W1 > 0, found.high), (network.W1 < 0, found.low)):
        np.testing.assert_allclose(np.diag(table), (gain * side).sum(axis=0), atol=1e-5)


def test_equal_effects_of_other_signs_count_as_that_of_the_upper_end():
    found = Interference(high=np.array([[0, -1.0], [1, 0]]), low=np.array([[0, 1.0], [-1, 0]]))
    np.testing.assert_array_equal(found.worst, [[0, -1], [1, 0]])
    np.testing.assert_array_equal(found.mean, np.zeros((2, 2)))


def test_a_side_is_computed_from_half_its_slope_on():
    # Feature 0 has both sides, 1 and 2 one each, 3 and 4 fall short, 5 is pushed down.
    just_short = SERVED - 0.01
    sides = [(1, SERVED), (0.7, 0), (0, 0.9), (just_short, just_short), (-1, WEAK), (-1, 0.09)]
    high, low = (np.diag(side) for side in zip(*sides, strict=True))
    found = Interference(high=high + 0.0, low=low + 0.0)
    assert found.sides == (
        "both sides",
        "positive side only",
        "negative side only",
        "in part",
        "in part",
        "not represented",
    )


def test_sides_are_those_of_the_weights_signs():
    network = weights([[1, 0, 0], [-1, 0, 0], [0, 2, 0], [0, 0, -1]], np.zeros((3, 4)))
    network.W2[0, :2], network.W2[1, 2], network.W2[2, 3] = 1, 0.5, 1
    found = interference(Config(n_features=3, n_neurons=4), network)
    assert found.sides == ("both sides", "positive side only", "negative side only")
    together = interference(TWO, weights([[1, 0], [1, 0]], [[0.25, 0.25], [0, 0]]))
    assert together.sides == ("positive side only", "not represented")


def test_carriers_stand_by_the_size_of_their_path_gain():
    # Gains of feature 0: 0.5, -2, just below the threshold, at it, 0, 0.5 again.
    W1 = np.array([[-1, 9], [2, 0], [1, 0], [1, 0], [0, 1], [0.5, 0]])
    W2 = np.array([[0.5, -1, CARRIES - 0.001, CARRIES, 5, 1], [0, 0, 0, 0, 0, 0]])
    network = weights(W1, W2)
    assert carriers(network, 0).tolist() == [1, 0, 5, 3]
    assert carriers(network, 1).tolist() == []


@given(n=st.integers(1, 7), m=st.integers(1, 9), seed=st.integers(0, 10**6))
def test_carriers_are_all_neurons_above_the_threshold_and_no_others(n: int, m: int, seed: int):
    _, network = random_case(n, m, seed)
    for i in range(n):
        gain = [abs(float(network.W1[j, i] * network.W2[i, j])) for j in range(m)]
        found = carriers(network, i).tolist()
        assert sorted(found) == [j for j in range(m) if gain[j] >= CARRIES]
        assert [gain[j] for j in found] == sorted((gain[j] for j in found), reverse=True)


def test_answers_are_those_of_the_network_for_one_input():
    network = weights([[1, -0.5], [-1, 0.25]], [[1, 2], [-3, 0.5]], b=[0.5, 1])
    hidden, output = forward(TWO, network, [(1, -1.0), (0, 0.5)])
    np.testing.assert_array_equal(hidden, [1, 0])
    np.testing.assert_array_equal(output, [1.5, 0])
    hidden, output = forward(TWO, network, [(0, -0.5)])
    np.testing.assert_array_equal(hidden, [0, 0.5])
    np.testing.assert_array_equal(output, [1.5, 1.25])
    # Without an input the output biases answer; it can have every feature, too.
    hidden, output = forward(TWO, weights(np.eye(2), np.eye(2), b=[-1, 0.25]), [])
    assert (hidden.tolist(), output.tolist()) == ([0, 0], [0, 0.25])
    config = Config(n_features=3, n_neurons=6)
    _, output = forward(config, two_neurons_a_feature(3), [(2, -0.5), (0, 1.0), (1, 0.25)])
    assert output.tolist() == pytest.approx([1, 0.25, 0.5])


def test_the_identity_has_one_side():
    config = Config(task="identity", n_features=3, n_neurons=3)
    W1 = np.diag([1.0, 0.5, 0.1])
    found = interference(config, weights(W1, W1))
    assert not found.low.any()
    assert found.sides == ("computed", "in part", "not represented")
    shared = interference(config.replace(n_neurons=1), weights([[1, 0.5, 0]], [[1], [0.5], [0]]))
    assert shared.high[1, 0] == 0.5
    assert shared.mean[1, 0] == 0.25  # over values from 0 to 1
