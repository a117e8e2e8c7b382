from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.analysis.linearity import loss_without_relu, simulated_bias
from toymodel.analysis.loss import best_constant_loss, evaluate, evaluation_inputs
from toymodel.config import Config
from toymodel.evaluation import evaluation_batches
from toymodel.model import Weights


def shifted(W1: object, *bias: float) -> Weights:
    """Neurons with these input weights and hidden biases."""
    first = np.array(W1, np.float32)
    return replace(weights(first, first.T), b_hidden=np.array(bias, np.float32))


def case(task: str, n: int, m: int, p: float) -> Config:
    return Config(task=task, n_features=n, n_neurons=m, feature_probability=p)


@pytest.mark.parametrize("p", [1.0, 0.2])
def test_a_network_that_copies_on_its_own_neurons_does_not_need_its_relu(p: float):
    config = case("identity", 3, 3, p)
    assert loss_without_relu(config, weights(np.eye(3), np.eye(3))) < 1e-12
    # A hidden bias that shifts the neurons up, and an output bias of which nothing remains to see.
    up = replace(weights(np.eye(3), np.eye(3), [-1, -1, -1]), b_hidden=np.ones(3, np.float32))
    assert evaluate(config, up).value < 1e-12
    assert loss_without_relu(config, up) < 1e-12
    assert loss_without_relu(config, replace(up, b=np.full(3, 5, np.float32))) < 1e-12


@pytest.mark.parametrize("p", [1.0, 0.2])
def test_without_its_relu_a_network_that_computes_absolute_values_knows_nothing(p: float):
    config = case("abs", 3, 6, p)
    exact = two_neurons_a_feature(3)
    assert evaluate(config, exact).value < 1e-12
    # x and -x cancel, and the best constant is left.
    found = loss_without_relu(config, exact)
    assert found == pytest.approx(best_constant_loss(config), rel=0.02)


@pytest.mark.parametrize("task", ["abs", "identity"])
@pytest.mark.parametrize("p", [1.0, 0.1])
def test_the_output_biases_are_the_best_ones(task: str, p: float):
    config = case(task, 4, 3, p)
    random = np.random.default_rng(5)
    made = weights(random.normal(size=(3, 4)), random.normal(size=(4, 3)))
    linear = replace(made, activation="none")
    batches = list(evaluation_inputs(config))
    x = np.concatenate([batch.x for batch in batches], axis=1)
    weight = np.concatenate([batch.weight for batch in batches])
    drive, target = linear.W2 @ linear.hidden(x), config.definition.target(x)

    def error(b: float) -> np.ndarray:
        return np.square(np.maximum(drive + b, 0) - target) @ weight

    tried = np.min([error(b) for b in np.linspace(-10, 10, 401)], axis=0)
    tried = np.minimum(tried, target**2 @ weight)
    lowest = float(config.importance @ tried) / config.loss_scale
    found = loss_without_relu(config, made)
    assert lowest * 0.99 < found <= lowest * (1 + 1e-6)
    assert found <= 1.01  # answering 0 is one of the choices


@pytest.mark.parametrize("task", ["abs", "identity"])
@pytest.mark.parametrize("p", [1.0, 0.2])
def test_what_the_other_features_add_has_its_exact_moments(task: str, p: float):
    config = case(task, 5, 4, p)
    random = np.random.default_rng(3)
    W1 = random.normal(size=(4, 5)).astype(np.float32)
    found = simulated_bias(config, shifted(W1, 0, 0, 0, 0))
    W1[np.arange(4), np.abs(W1).argmax(axis=1)] = 0
    batches = list(evaluation_batches(config, 20_000))
    x = np.concatenate([batch.x for batch in batches], axis=1)
    weight = np.concatenate([batch.weight for batch in batches])
    added = W1 @ x
    mean = added @ weight / weight.sum()
    np.testing.assert_allclose(found.mean, mean, atol=0.02)
    spread = np.sqrt((added - mean[:, None]) ** 2 @ weight / weight.sum())
    np.testing.assert_allclose(found.spread, spread, rtol=0.03)
