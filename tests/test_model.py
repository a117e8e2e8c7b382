from __future__ import annotations

from dataclasses import replace

import jaxtyping
import numpy as np
import pytest

from tests.helpers.networks import model, two_neurons_a_feature, weights
from toymodel.config import Config
from toymodel.recipe import Recipe


def test_output_is_computed_as_in_the_paper():
    network = weights([[1, 0], [0, -2]], [[3, 1], [-1, 5]], b=[0.5, -1])
    x = np.array([[1, -1], [-1, 0.5]], np.float32)  # examples (1, -1) and (-1, 0.5)
    np.testing.assert_array_equal(network.hidden(x), [[1, 0], [2, 0]])
    np.testing.assert_array_equal(network.output(x), [[5.5, 0.5], [8, 0]])
    network = replace(weights([[1]], [[1]]), b_hidden=np.array([0.25], np.float32))
    np.testing.assert_array_equal(network.output(np.array([[0.5, -1]], np.float32)), [[0.75, 0]])
    x = np.random.default_rng(0).uniform(-1, 1, (5, 100)).astype(np.float32)
    np.testing.assert_array_equal(two_neurons_a_feature(5).output(x), np.abs(x))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["W1", "W2", "b", "b_hidden"])
def test_weights_that_are_not_finite_are_known(name: str, value: float):
    network = two_neurons_a_feature(2)
    assert network.finite
    vars(network)[name].flat[-1] = value
    assert not network.finite


def test_a_linear_hidden_layer_passes_what_is_below_0():
    network = two_neurons_a_feature(1)
    linear = replace(network, activation="none")
    x = np.array([[0.5, -0.25]], np.float32)
    np.testing.assert_array_equal(network.hidden(x), [[0.5, 0], [0, 0.25]])
    np.testing.assert_array_equal(linear.hidden(x), [[0.5, -0.25], [-0.5, 0.25]])
    np.testing.assert_array_equal(network.output(x), np.abs(x))
    np.testing.assert_array_equal(linear.output(x), [[0, 0]])


def test_the_best_restart_has_the_lowest_loss():
    found = model(Config(n_features=3, n_neurons=2), Recipe(restarts=4))
    assert found.best == 3
    assert (found.loss, found.loss_error) == (0.25, pytest.approx(0.01))
    for name in ("W1", "W2", "b", "b_hidden"):
        assert getattr(found, name) is getattr(found.restarts[3], name)


def test_arrays_with_the_wrong_axes_are_refused_while_tests_run():
    with pytest.raises(jaxtyping.TypeCheckError):
        weights(np.ones((4, 3)), np.ones((4, 4)))
    with pytest.raises(jaxtyping.TypeCheckError):
        two_neurons_a_feature(2).output(np.ones((2, 3)))  # float64
