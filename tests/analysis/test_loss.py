from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.networks import two_neurons_a_feature, weights, without_superposition
from toymodel.analysis.loss import (
    Estimate,
    dead_outputs,
    evaluate,
    evaluate_many,
    evaluation_examples,
    loss_by_feature,
    no_superposition_loss,
    superposition_gain,
)
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.sampling import inputs_from_uniform

EXAMPLES = 2**15


def silent(n: int) -> Weights:
    return weights(np.zeros((1, n)), np.zeros((n, 1)))


def random_weights(n: int, m: int) -> Weights:
    random = np.random.default_rng(0)
    W1, W2 = random.normal(size=(m, n)), random.normal(size=(n, m))
    return weights(W1, W2 / m, random.normal(size=n) / 5)


@pytest.mark.parametrize("p", [1.0, 0.1, 0.001])
def test_hand_made_absolute_value_has_loss_zero(p: float):
    config = Config(n_features=8, n_neurons=16, feature_probability=p)
    assert evaluate(config, two_neurons_a_feature(8), examples=EXAMPLES) == Estimate(0.0, 0.0)


@pytest.mark.parametrize("p", [1.0, 0.3, 0.03, 0.001])
def test_answering_zero_to_everything_scores_one(p: float):
    config = Config(n_features=20, n_neurons=1, feature_probability=p)
    found = evaluate(config, silent(20))
    assert found.error < 0.02
    assert found.value == pytest.approx(1, abs=4.5 * found.error)


def test_the_loss_is_weighed_by_importance_and_normalised():
    # Output 0 is right, output 1 answers x_1 for positive x_1 only, output 2 answers 1/4 always.
    config = Config(n_features=3, n_neurons=3, importance_decay=0.5, feature_probability=1.0)
    network = weights(
        [[1, 0, 0], [-1, 0, 0], [0, 1, 0]], [[1, 1, 0], [0, 0, 1], [0, 0, 0]], b=[0, 0, 0.25]
    )
    missed = [0, 1 / 6, 1 / 3 - 1 / 4 + 1 / 16]
    exact = [I * e / (1.75 / 3) for I, e in zip((1, 0.5, 0.25), missed, strict=True)]
    found = evaluate(config, network)
    assert found.value == pytest.approx(sum(exact), abs=4.5 * found.error)
    np.testing.assert_allclose(loss_by_feature(config, network), exact, atol=4.5 * found.error)


@pytest.mark.parametrize("p", [0.3, 0.1, 0.02])
def test_tilted_and_plain_estimates_of_a_loss_agree(p: float):
    config = Config(n_features=10, n_neurons=6, feature_probability=p)
    network = random_weights(10, 6)
    tilted = evaluate(config, network, examples=EXAMPLES)
    random = np.random.default_rng(7)
    x = inputs_from_uniform(random.random((10, 2**17), dtype=np.float32), p, -1, 1)
    square = (network.output(x) - np.abs(x)) ** 2
    losses = config.importance @ square / config.loss_scale
    error = math.hypot(tilted.error, losses.std() / math.sqrt(losses.size))
    assert error < 0.05 * tilted.value
    assert tilted.value == pytest.approx(losses.mean(), abs=4 * error)


def test_the_standard_error_is_that_of_repeated_estimates():
    config = Config(n_features=4, n_neurons=3, feature_probability=0.2)
    network = random_weights(4, 3)
    random = np.random.default_rng(3)
    q = 1.5 / 4
    x = inputs_from_uniform(random.random((4, 2**17), dtype=np.float32), q, -1, 1)
    k = np.count_nonzero(x, axis=0)
    w = (0.2 / q) ** k * (0.8 / (1 - q)) ** (4 - k)
    losses = w * (config.importance @ (network.output(x) - np.abs(x)) ** 2) / config.loss_scale
    repeated = losses.reshape(-1, 1_024).mean(axis=1).std(ddof=1)
    found = evaluate(config, network, examples=1_024)
    assert found.error == pytest.approx(repeated, rel=0.25)


def test_more_examples_give_a_smaller_error():
    config = Config(n_features=6, n_neurons=3, feature_probability=0.1)
    few, many = (evaluate(config, random_weights(6, 3), examples=e) for e in (1_000, 64_000))
    assert few.error / many.error == pytest.approx(8, rel=0.25)


def test_several_models_are_measured_on_the_same_inputs():
    config = Config(n_features=6, n_neurons=3, feature_probability=0.1)
    networks = [random_weights(6, 3), silent(6)]
    *before, last = evaluate_many([(config, each) for each in networks], examples=5_000)
    assert len(before) == 4
    assert last == [evaluate(config, network, examples=5_000) for network in networks]


def test_large_models_are_measured_on_fewer_examples():
    assert evaluation_examples(Config()) == 2**16
    assert evaluation_examples(Config(n_features=1_000, n_neurons=200)) == 10_000
    assert evaluation_examples(Config(n_features=2_000, n_neurons=2_000)) == 4_096


@pytest.mark.parametrize(("p", "known"), [(1, 0.00288), (0.3, 0.00893), (0.1, 0.0107)])
def test_the_baseline_has_its_known_values(p: float, known: float):
    config = Config(feature_probability=p)
    assert no_superposition_loss(config) == pytest.approx(known, rel=0.005)


@given(p=st.floats(1e-6, 1), n=st.integers(1, 30), m=st.integers(1, 70), d=st.floats(0.3, 1))
def test_the_baseline_agrees_with_quadrature(p: float, n: int, m: int, d: float):
    # |x| is 0 with probability 1 - p, else uniform on [0, 1]: five Gauss points are exact.
    points, shares = np.polynomial.legendre.leggauss(5)
    t = (points + 1) / 2
    left_out = (1 - p) * (p / 2) ** 2 + p * np.sum(shares / 2 * (t - p / 2) ** 2)
    zero = p * np.sum(shares / 2 * t**2)
    I = d ** np.arange(n)
    config = Config(n_features=n, n_neurons=m, feature_probability=p, importance_decay=d)
    expected = I[m // 2 :].sum() * left_out / (I.sum() * zero)
    assert no_superposition_loss(config) == pytest.approx(expected, rel=1e-5, abs=1e-12)
    # The identity takes one neuron a feature.
    identity, double = config.replace(task="identity"), config.replace(n_neurons=2 * m)
    assert no_superposition_loss(identity) == no_superposition_loss(double)


@pytest.mark.parametrize("hidden_bias", [True, False])
def test_the_identity_baseline_is_the_loss_of_a_hand_made_model(hidden_bias: bool):
    config = Config(
        task="identity", n_features=5, n_neurons=3, feature_probability=0.3, hidden_bias=hidden_bias
    )
    W1 = np.eye(3, 5)
    network = weights(W1, W1.T, b=[0, 0, 0, 0.15, 0.15])
    found = evaluate(config, network)
    assert found.value == pytest.approx(no_superposition_loss(config), abs=4 * found.error)


@pytest.mark.parametrize("p", [1.0, 0.3, 0.03])
@pytest.mark.parametrize("m", [6, 7])
def test_the_baseline_is_the_loss_of_a_hand_made_model(p: float, m: int):
    config = Config(n_features=12, n_neurons=m, feature_probability=p)
    found = evaluate(config, without_superposition(config))
    assert found.error < 0.02 * found.value
    assert found.value == pytest.approx(no_superposition_loss(config), abs=4 * found.error)
    parts = loss_by_feature(config, without_superposition(config), examples=EXAMPLES)
    assert (parts == 0).tolist() == [True] * 3 + [False] * 9


def test_superposition_gain():
    config = Config(feature_probability=0.1)
    baseline = no_superposition_loss(config)
    assert superposition_gain(config, baseline) == 1
    assert superposition_gain(config, baseline / 4) == pytest.approx(4)
    assert superposition_gain(config, 0.0) == math.inf
    enough = config.replace(n_features=20, n_neurons=40)
    assert no_superposition_loss(enough) == 0
    assert math.isnan(superposition_gain(enough, 0.1))


@pytest.mark.parametrize("p", [1.0, 0.05])
def test_the_losses_of_all_features_sum_to_the_loss(p: float):
    config = Config(n_features=9, n_neurons=5, feature_probability=p)
    network = random_weights(9, 5)
    parts = loss_by_feature(config, network, examples=EXAMPLES)
    assert parts.shape == (9,)
    assert parts.min() > 0
    whole = evaluate(config, network, examples=EXAMPLES).value
    assert parts.sum() == pytest.approx(whole, rel=1e-5)


def test_dead_outputs_are_zero_on_every_input():
    # 0 is served; 1 has no weights; 2 is pushed below zero; 3 has a positive bias.
    W1 = [[1, 0, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0]]
    W2 = [[1, 1, 0], [0, 0, 0], [0, 0, 0.5], [0, 0, 0]]
    config = Config(n_features=4, n_neurons=3, feature_probability=0.01)
    found = dead_outputs(config, weights(W1, W2, b=[0, 0, -1, 0.1]))
    assert found.tolist() == [False, True, True, False]
    assert dead_outputs(config, weights(W1, W2, b=[0, 0, -0.25, 0])).tolist() == [
        False,
        True,
        False,
        True,
    ]
