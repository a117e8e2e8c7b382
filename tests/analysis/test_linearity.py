from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.networks import weights
from toymodel.analysis.linearity import linearity
from toymodel.config import Config
from toymodel.evaluation import evaluation_batches
from toymodel.model import Weights


def shifted(W1: object, *bias: float) -> Weights:
    """Neurons with these input weights and hidden biases."""
    first = np.array(W1, np.float32)
    network = weights(first, first.T)
    return Weights(**vars(network) | {"b_hidden": np.array(bias, np.float32)})


def case(task: str, n: int, m: int, p: float) -> Config:
    return Config(
        task=task, n_features=n, n_neurons=m, feature_probability=p, hidden_bias=task == "identity"
    )


@pytest.mark.parametrize("p", [0.5, 0.05])
def test_one_feature_is_above_0_where_it_is_there(p: float):
    found = linearity(case("identity", 2, 3, p), shifted([[1, 0], [0, -1], [0, 0]], 0, 0, 0))
    assert found.linear[0] == pytest.approx(p, rel=0.1)
    assert found.driven[0] == 1
    assert (found.linear[1], found.driven[1]) == (0, 0)
    assert found.linear[2] == 0
    assert np.isnan(found.driven[2])


def test_a_bias_makes_a_neuron_linear_and_half_of_an_absolute_value_is_above_0():
    config = case("identity", 2, 2, 0.3)
    found = linearity(config, shifted([[1, 0], [1, -1]], 0.5, 1.0))
    assert found.linear.tolist() == pytest.approx([1, 1])
    assert found.bias.tolist() == [0.5, 1]
    found = linearity(case("abs", 3, 2, 0.4), shifted([[1, 0, 0], [0.5, 0.25, 0.01]], 0, 0))
    np.testing.assert_allclose(found.driven, 0.5, atol=0.02)
    assert found.linear[0] == pytest.approx(0.2, abs=0.01)
    assert found.mean.tolist() == [0, 0]
    found = linearity(case("identity", 2, 1, 0.5), shifted([[1, -0.04]], 0))
    assert found.driven[0] == pytest.approx(1, abs=0.03)
    assert found.driven[0] > found.linear[0] + 0.3


@pytest.mark.parametrize("task", ["abs", "identity"])
@pytest.mark.parametrize("p", [1.0, 0.2])
def test_what_the_other_features_add_has_its_exact_moments(task: str, p: float):
    config = case(task, 5, 4, p)
    random = np.random.default_rng(3)
    W1 = random.normal(size=(4, 5)).astype(np.float32)
    found = linearity(config, shifted(W1, 0, 0, 0, 0))
    W1[np.arange(4), np.abs(W1).argmax(axis=1)] = 0
    batches = list(evaluation_batches(config, 20_000))
    x = np.concatenate([batch.x for batch in batches], axis=1)
    weight = np.concatenate([batch.weight for batch in batches])
    added = W1 @ x
    mean = added @ weight / weight.sum()
    np.testing.assert_allclose(found.mean, mean, atol=0.02)
    spread = np.sqrt((added - mean[:, None]) ** 2 @ weight / weight.sum())
    np.testing.assert_allclose(found.spread, spread, rtol=0.03)
