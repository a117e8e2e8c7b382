from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.motifs import MUTUAL, ONE, TWO_UNEVEN
from tests.helpers.motifs import one as planted
from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.analysis.ablation import (
    ablate,
    fitted_share,
    interventions,
    loss_by_inhibition,
)
from toymodel.analysis.loss import evaluate, evaluation_examples, loss_by_feature
from toymodel.analysis.motifs import find_motifs
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.settings import SettingError


def random_weights(n: int, m: int, seed: int = 0) -> Weights:
    random = np.random.default_rng(seed)
    W1, W2 = random.normal(size=(m, n)), random.normal(size=(n, m))
    return weights(W1, W2 / m, random.normal(size=n) / 5)


def without(network: Weights, neuron: int) -> Weights:
    W1 = network.W1.copy()
    W1[neuron] = 0
    return replace(network, W1=W1)


def test_half_an_absolute_value_is_worth_half_its_loss():
    # Without ReLU(x_0) output 0 misses x_0 above 0: I_0 E[x^2; x > 0] over the sum of I / 3.
    config = Config(n_features=2, n_neurons=4, importance_decay=0.5)
    found = ablate(config, two_neurons_a_feature(2), 0)
    error = 3 / 1.5 * math.sqrt((1 / 10 - 1 / 36) / evaluation_examples(config))
    assert found.by_feature.tolist() == [found.rise, 0]
    assert found.rise == pytest.approx(1 / 6 * 3 / 1.5, abs=4.5 * error)


def test_a_neuron_that_does_harm_is_worth_less_than_nothing():
    # Neuron 2 adds ReLU(x_0) / 2 to output 1, which is right without it.
    config = Config(n_features=2, n_neurons=5, importance_decay=0.5)
    exact = two_neurons_a_feature(2)
    network = weights(
        np.insert(exact.W1, 2, [1, 0], axis=0), np.insert(exact.W2, 2, [0, 0.5], axis=1)
    )
    found = ablate(config, network, 2)
    error = 3 / 1.5 * 0.5 * 0.25 * math.sqrt((1 / 10 - 1 / 36) / evaluation_examples(config))
    assert found.by_feature.tolist() == [0, found.rise]
    assert found.rise == pytest.approx(-0.5 * 0.25 / 6 * 3 / 1.5, abs=4.5 * error)


@settings(max_examples=25)
@given(
    n=st.integers(1, 8),
    m=st.integers(1, 6),
    p=st.sampled_from([1.0, 0.4, 0.05, 1e-5]),
    seed=st.integers(0, 10**6),
    data=st.data(),
)
def test_the_rise_is_that_of_the_loss_without_the_neuron(
    n: int, m: int, p: float, seed: int, data: st.DataObject
):
    neuron = data.draw(st.integers(0, m - 1))
    config = Config(n_features=n, n_neurons=m, feature_probability=p)
    network = random_weights(n, m, seed)
    found = ablate(config, network, neuron, examples=1_500)
    pair = without(network, neuron), network
    after, before = (evaluate(config, w, examples=1_500).value for w in pair)
    assert found.rise == pytest.approx(after - before, abs=2e-5 * max(after, before))
    after, before = (loss_by_feature(config, w, examples=1_500) for w in pair)
    scale = max(after.max(), before.max())
    np.testing.assert_allclose(found.by_feature, after - before, atol=2e-5 * scale)
    assert found.by_feature.sum() == pytest.approx(found.rise, rel=1e-12, abs=1e-15)


def test_the_rise_is_measured_on_as_many_examples_as_the_loss():
    config = Config(n_features=3, n_neurons=2, feature_probability=0.2)
    network = random_weights(3, 2)
    pair = without(network, 1), network
    after, before = (evaluate(config, w).value for w in pair)
    assert ablate(config, network, 1).rise == pytest.approx(after - before, rel=1e-4)


@pytest.mark.parametrize("p", [1.0, 0.01])
def test_a_neuron_that_does_nothing_is_worth_nothing(p: float):
    # Neuron 0 never fires, nothing listens to neuron 1.
    config = Config(n_features=2, n_neurons=3, feature_probability=p)
    network = weights([[0, 0], [1, 1], [1, 0]], [[1, 0, 1], [1, 0, 0]])
    for neuron in (0, 1):
        found = ablate(config, network, neuron, examples=2_000)
        assert (found.rise, found.by_feature.tolist()) == (0, [0, 0])
    assert ablate(config, network, 2, examples=2_000).rise > 0.1


def test_an_ablation_leaves_the_weights_as_they_were():
    network = random_weights(4, 3)
    before = network.W1.copy(), network.W2.copy(), network.b.copy()
    ablate(Config(n_features=4, n_neurons=3), network, 1, examples=100)
    for one, other in zip(before, (network.W1, network.W2, network.b), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("neuron", [-1, 3, 1_000])
def test_a_neuron_that_is_not_there_is_refused(neuron: int):
    config = Config(n_features=4, n_neurons=3)
    says = f"neuron = {neuron}: must be a whole number from 0 to 2$"
    with pytest.raises(SettingError, match=says):
        ablate(config, random_weights(4, 3), neuron, examples=100)


# The inhibition re-fitted

PAPER = Config(n_features=6, n_neurons=10, feature_probability=0.1)


@pytest.mark.parametrize("bias", [0, -0.25, 0.5])
@pytest.mark.parametrize("network", [TWO_UNEVEN, MUTUAL], ids=["uneven", "mutual"])
def test_no_other_share_of_the_inhibition_is_better_than_the_fitted_one(
    network: Weights, bias: float
):
    (motif, *_) = find_motifs(network.W1, network.W2)
    shifted = replace(network, b=network.b + np.float32(bias))
    fitted = fitted_share(PAPER, shifted, motif)
    shares = [fitted, *np.linspace(0, 3, 61), *(fitted + step for step in (-1e-3, 1e-3))]
    best, *others = loss_by_inhibition(PAPER, shifted, [motif], shares)
    assert fitted > 0
    assert best <= min(others) + 1e-9
    assert best < others[0]


def test_the_fitted_share_of_a_planted_instance_is_known():
    config = Config(n_features=3, n_neurons=6, feature_probability=1e-9)
    W1, W2 = planted()
    W1[4, 2] = 0
    # One feature at a time: f0 pushes output 1 up by 4, of which 16 x 0.25 is taken away.
    assert fitted_share(config, weights(W1, W2), ONE) == pytest.approx(1)
    W2[1, 4] = -32
    assert fitted_share(config, weights(W1, W2), ONE) == pytest.approx(0.5)
    W2[1, 0] = 0  # nothing is to be taken away
    assert fitted_share(config, weights(W1, W2), ONE) == 0


@pytest.mark.parametrize("network", [TWO_UNEVEN, MUTUAL], ids=["uneven", "mutual"])
def test_a_symmetric_neuron_is_worse_even_with_the_inhibition_that_suits_it(network: Weights):
    for motif in find_motifs(network.W1, network.W2):
        as_it_is, _, fitted, without, _ = interventions(PAPER, network, motif)
        assert fitted.loss < without.loss
        assert fitted.loss > 2 * as_it_is.loss
