from __future__ import annotations

from dataclasses import replace

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
    privileged_basis,
    random_rotations,
)
from toymodel.analysis.loss import evaluate
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
    found = interference(Config(n_features=3, n_neurons=6), two_neurons_a_feature(3))
    np.testing.assert_array_equal(found.high, np.eye(3))
    np.testing.assert_array_equal(found.low, np.eye(3))
    np.testing.assert_array_equal(found.worst, np.zeros((3, 3)))
    np.testing.assert_array_equal(found.mean, np.zeros((3, 3)))
    found = Interference(high=np.array([[0, -1.0], [1, 0]]), low=np.array([[0, 1.0], [-1, 0]]))
    np.testing.assert_array_equal(found.worst, [[0, -1], [1, 0]])
    np.testing.assert_array_equal(found.mean, np.zeros((2, 2)))


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


# The privileged basis


DENSE = Config(n_features=4, n_neurons=8)


def test_rotations_are_orthogonal_seeded_and_uniform():
    found = random_rotations(40, 6)
    for Q in found:
        np.testing.assert_allclose(Q @ Q.T, np.eye(40), atol=1e-5)
    np.testing.assert_array_equal(found, random_rotations(40, 6))
    assert np.abs(found[0] - found[1]).max() > 0.1
    # Of a random direction of m dimensions, sum of v^4 has the mean 3 / (m + 2).
    assert (found**4).sum(axis=1).mean() == pytest.approx(3 / 42, rel=0.03)
    assert {np.sign(Q[0, 0]) for Q in random_rotations(3, 20)} == {-1, 1}


def test_two_neurons_a_feature_are_a_basis_that_a_rotation_destroys():
    found = privileged_basis(DENSE, two_neurons_a_feature(4))
    np.testing.assert_allclose(found.effective_neurons, 2)
    np.testing.assert_allclose(found.read_off, 1)
    assert found.loss < 1e-12
    assert found.rotated_neurons.mean() > 2.5
    assert found.rotated_read_off.max() < 0.9
    assert found.rotated_loss > 0.2


def test_a_linear_hidden_layer_computes_the_same_in_every_basis():
    random = np.random.default_rng(2)
    linear = replace(
        weights(random.normal(size=(8, 4)), random.normal(size=(4, 8)), random.normal(size=4)),
        b_hidden=random.normal(size=8).astype(np.float32),
        activation="none",
    )
    found = privileged_basis(DENSE, linear)
    assert found.rotated_loss == pytest.approx(found.loss, rel=1e-4)
    assert found.loss == pytest.approx(evaluate(DENSE, linear).value, rel=0.05)
    assert found.read_off.max() < 0.01  # |x| is not a linear function of x


def test_what_is_read_off_one_side_of_a_feature_is_its_share_of_the_variance():
    one_side = weights([[2.0]], [[1]])
    found = privileged_basis(Config(n_features=1, n_neurons=1), one_side)
    assert found.read_off[0] == pytest.approx(0.2, abs=0.02)  # (1/24)^2 / (5/48 * 1/12)
    copied = weights([[2, 0], [2, 0], [0, 1]], [[1, 0, 0], [0, 0, 1]])  # no second side either
    found = privileged_basis(Config(n_features=2, n_neurons=3), copied)
    np.testing.assert_allclose(found.read_off, 0.2, atol=0.02)
    plain = Config(n_features=2, n_neurons=2, task="identity", feature_probability=0.3)
    found = privileged_basis(plain, weights(np.eye(2), np.eye(2)))
    np.testing.assert_allclose(found.read_off, 1)
    np.testing.assert_allclose(found.effective_neurons, 1)


def test_means_are_of_represented_features_and_weighted_by_importance():
    config = Config(n_features=3, n_neurons=2, importance_decay=0.5)
    found = privileged_basis(config, weights([[1, 0, 0], [0, 1, 0]], np.zeros((3, 2))))
    values = np.array([3.0, 6.0, 100.0])
    assert found.mean(config, values) == pytest.approx((3 + 0.5 * 6) / 1.5)
    none = privileged_basis(config, weights(np.zeros((2, 3)), np.zeros((3, 2))))
    assert np.isnan(none.mean(config, values))
    assert none.read_off.tolist() == [0, 0, 0]
    assert none.loss == none.rotated_loss == pytest.approx(1, abs=0.05)
