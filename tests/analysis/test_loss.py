from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.networks import two_neurons_a_feature, weights, without_superposition
from tests.helpers.quadrature import by_brute_force
from toymodel.analysis.loss import (
    Estimate,
    dead_outputs,
    evaluate,
    evaluate_many,
    evaluation_examples,
    inputs_of,
    loss_by_feature,
    no_superposition_loss,
    superposition_gain,
)
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.sampling import generator, inputs_from_uniform

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
def test_the_estimate_of_a_loss_and_that_from_plain_samples_agree(p: float):
    config = Config(n_features=10, n_neurons=6, feature_probability=p)
    network = random_weights(10, 6)
    found = evaluate(config, network, examples=EXAMPLES)
    random = np.random.default_rng(7)
    x = inputs_from_uniform(random.random((10, 2**17), dtype=np.float32), p, -1, 1)
    square = (network.output(x) - np.abs(x)) ** 2
    losses = config.importance @ square / config.loss_scale
    error = math.hypot(found.error, losses.std() / math.sqrt(losses.size))
    assert error < 0.05 * found.value
    assert found.value == pytest.approx(losses.mean(), abs=4 * error)


@pytest.mark.parametrize("p", [1.0, 0.4, 0.05, 1e-3, 1e-6])
def test_the_loss_of_two_features_is_that_of_quadrature(p: float):
    config = Config(n_features=2, n_neurons=5, importance_decay=0.5, feature_probability=p)
    network = random_weights(2, 5)
    parts = by_brute_force(p, network.W1, network.W2, network.b)
    exact = config.importance @ parts / config.loss_scale
    found = evaluate(config, network)
    assert found.error < 0.004 * exact
    # The nodes of single features and the grid of the quadrature are not exact at kinks.
    assert found.value == pytest.approx(exact, abs=4 * found.error + 5e-4 * exact)
    assert loss_by_feature(config, network) * config.loss_scale == pytest.approx(
        config.importance * parts, rel=0.02
    )


def test_the_loss_of_sparse_features_is_that_of_many_plain_samples():
    config = Config(n_features=4, n_neurons=5, feature_probability=0.05)
    network = random_weights(4, 5)
    found = evaluate(config, network)
    random = np.random.default_rng(7)
    losses = np.empty((20, 500_000), np.float32)
    for chunk in losses:
        uniform = random.random((4, chunk.size), dtype=np.float32)
        x = inputs_from_uniform(uniform, 0.05, -1, 1)
        chunk[:] = config.importance @ (network.output(x) - np.abs(x)) ** 2 / config.loss_scale
    plain, spread = losses.mean(dtype=np.float64), losses.std(dtype=np.float64)
    error = math.hypot(found.error, spread / math.sqrt(losses.size))
    assert error < 0.003 * plain
    assert found.value == pytest.approx(plain, abs=4 * error)


@pytest.mark.parametrize(
    ("n", "m", "p"), [(12, 7, 1.0), (12, 7, 0.3), (12, 7, 0.05), (12, 7, 0.002), (40, 10, 0.05)]
)
def test_estimates_from_other_random_numbers_scatter_about_the_truth_as_their_errors_say(
    n: int, m: int, p: float, monkeypatch: pytest.MonkeyPatch
):
    config = Config(n_features=n, n_neurons=m, feature_probability=p)
    network, exact = without_superposition(config), no_superposition_loss(config)
    found = []
    for key in range(60):
        monkeypatch.setattr("toymodel.evaluation.generator", lambda s, key=key: generator(s, key))
        found.append(evaluate(config, network, examples=2_048))
    values, errors = np.array(found).T
    assert values.mean() == pytest.approx(exact, abs=4.5 * values.std() / math.sqrt(60) + 2e-6)
    assert np.mean(np.abs(values - exact) < 2 * errors + 2e-6) > 0.8
    assert values.std() > 0.5 * errors.mean()


def test_more_examples_give_a_smaller_error():
    config = Config(n_features=6, n_neurons=3, feature_probability=0.1)
    few, many = (evaluate(config, random_weights(6, 3), examples=e) for e in (1_000, 64_000))
    assert many.error < few.error / 6


def test_a_single_feature_is_measured_exactly():
    # The output is 0.5 for x above -0.25 and 0.5 - |x| + 0.25 below: it misses by parts of lines.
    config = Config(n_features=1, n_neurons=1, feature_probability=0.3)
    found = evaluate(config, weights([[1]], [[0]], b=[0.5]))
    exact = 0.7 * 0.25 + 0.3 * (1 / 3 - 1 / 2 + 1 / 4)
    assert found.error == 0
    assert found.value == pytest.approx(exact / 0.1, rel=1e-6)


def test_several_models_are_measured_on_the_same_inputs():
    config = Config(n_features=6, n_neurons=3, feature_probability=0.1)
    networks = [random_weights(6, 3), silent(6)]
    *before, last = evaluate_many([(config, each) for each in networks], examples=20_000)
    assert len(before) > 2
    sums = np.array([[estimate.value for estimate in so_far] for so_far in (*before, last)])
    assert np.all(np.diff(sums, axis=0) >= 0)
    assert last == [evaluate(config, network, examples=20_000) for network in networks]


def test_inputs_are_shared_by_configs_that_differ_in_their_seed_alone():
    config = Config(n_features=6, n_neurons=3, feature_probability=0.1)
    assert inputs_of(config) == inputs_of(config.replace(seed=5))
    changes = [{"n_neurons": 4}, {"importance_decay": 0.5}, {"feature_probability": 0.2}]
    assert inputs_of(config) not in [inputs_of(config.replace(**change)) for change in changes]


def test_dense_and_large_models_are_measured_on_fewer_examples():
    def examples(n: int, m: int, p: float) -> int:
        return evaluation_examples(Config(n_features=n, n_neurons=m, feature_probability=p))

    assert [examples(100, 40, p) for p in (1, 0.5, 0.2, 0.1)] == [2**14, 2**14, 2**15, 2**16]
    assert [examples(100, 40, p) for p in (0.03, 0.001)] == [110_000, 2**16]
    assert examples(1_000, 200, 0.01) == 10_000
    assert examples(2_000, 2_000, 0.01) == 4_096


@pytest.mark.parametrize(("p", "known"), [(1, 0.00288), (0.3, 0.00893), (0.1, 0.0107)])
def test_the_baseline_has_its_known_values(p: float, known: float):
    config = Config(feature_probability=p)
    assert no_superposition_loss(config) == pytest.approx(known, rel=0.005)


@given(p=st.floats(1e-6, 1), n=st.integers(1, 30), m=st.integers(1, 70), d=st.floats(0.3, 1))
def test_the_baseline_agrees_with_quadrature(p: float, n: int, m: int, d: float):
    # |x| is 0 with probability 1 - p, else uniform on [0, 1]: five Gauss points are exact.
    points, shares = np.polynomial.legendre.leggauss(5)
    t = (points + 1) / 2
    zero = p * np.sum(shares / 2 * t**2)
    left_out = (1 - p) * (p / 2) ** 2 + p * np.sum(shares / 2 * (t - p / 2) ** 2)
    # One neuron is t on one side and 0 elsewhere: the best a t + b by least squares.
    one_side = np.concatenate([[0], 0 * t, t])
    chance = np.sqrt(np.concatenate([[1 - p], p / 2 * shares / 2, p / 2 * shares / 2]))
    terms = np.stack([one_side, np.ones_like(one_side)], axis=1) * chance[:, None]
    wanted = np.concatenate([[0], t, t]) * chance
    missed = wanted - terms @ np.linalg.lstsq(terms, wanted, rcond=None)[0]
    cost = d ** np.arange(n) * left_out / zero
    cost[: m // 2] = 0
    if m % 2:
        cost[m // 2 : m // 2 + 1] *= np.sum(missed**2) / left_out
    config = Config(n_features=n, n_neurons=m, feature_probability=p, importance_decay=d)
    expected = cost.sum() / np.sum(d ** np.arange(n))
    assert no_superposition_loss(config) == pytest.approx(expected, rel=1e-5, abs=1e-12)
    # The identity takes one neuron a feature.
    identity, double = config.replace(task="identity"), config.replace(n_neurons=2 * m)
    assert no_superposition_loss(identity) == no_superposition_loss(double)


@pytest.mark.parametrize("p", [1.0, 0.5, 0.05])
def test_one_neuron_can_do_no_better_on_one_feature_than_the_baseline_says(p: float):
    # Every output weight and bias, of both signs, behind the ReLU of the output.
    x = (np.arange(400) + 0.5) / 200 - 1

    def lowest(slopes, biases):
        slope, bias = np.meshgrid(slopes, biases)
        y = np.maximum(slope[..., None] * np.maximum(x, 0) + bias[..., None], 0)
        loss = p * ((y - np.abs(x)) ** 2).mean(axis=-1) + (1 - p) * np.maximum(bias, 0) ** 2
        best = np.unravel_index(loss.argmin(), loss.shape)
        return loss[best] / (p / 3), slope[best], bias[best]

    _, slope, bias = lowest(np.linspace(-2, 3, 101), np.linspace(-1, 1, 101))
    near = np.linspace(-0.05, 0.05, 101)
    found, slope, bias = lowest(slope + near, bias + near)
    config = Config(n_features=1, n_neurons=1, feature_probability=p)
    assert no_superposition_loss(config) == pytest.approx(found, rel=1e-4)
    assert bias == pytest.approx(p / (4 - 1.5 * p), abs=1e-3)
    assert slope == pytest.approx(1 - 1.5 * p / (4 - 1.5 * p), abs=1e-3)


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
