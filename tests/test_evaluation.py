from __future__ import annotations

import math

import numpy as np
import pytest

from toymodel.config import Config
from toymodel.evaluation import Batch, active_probability, evaluation_batches, mostly_several

EXAMPLES = 2**14


def everything(config: Config, examples: int = EXAMPLES) -> tuple[np.ndarray, np.ndarray]:
    """All inputs, (feature, example), and their weights."""
    batches = list(evaluation_batches(config, examples))
    return (
        np.concatenate([batch.x for batch in batches], axis=1),
        np.concatenate([batch.weight for batch in batches]),
    )


def mean_and_error(batches: list[Batch], terms) -> tuple[np.ndarray, np.ndarray]:
    """The mean of terms, functions of x that give (term, example), and its standard error."""
    total, square = 0.0, 0.0
    for x, weight, block in batches:
        found = terms(x) * weight
        total += found.sum(axis=1)
        if block:
            sums = found.reshape(len(found), -1, 2, block).sum(axis=3)
            square += np.square(sums[..., 0] - sums[..., 1]).sum(axis=1)
    return np.asarray(total), np.sqrt(square)


@pytest.mark.parametrize("task", ["abs", "identity"])
@pytest.mark.parametrize("p", [1.0, 0.3, 0.03, 0.003, 1e-5, 1e-300])
@pytest.mark.parametrize("n", [2, 20])
def test_means_are_those_of_the_true_distribution(task: str, n: int, p: float):
    config = Config(task=task, n_features=n, n_neurons=5, feature_probability=p)

    def terms(x):
        x = x.astype(np.float64)
        few = [np.ones(x.shape[1]), *np.abs(x[:2]), *x[-2:] ** 2]
        return np.stack([*few, (x[0] * x[1]) ** 2, np.maximum(x[0], 0) * np.abs(x[-1])])

    found, error = mean_and_error(list(evaluation_batches(config, EXAMPLES)), terms)
    one_side = p / 4 if task == "abs" else p / 2
    exact = np.array([1, p / 2, p / 2, p / 3, p / 3, p**2 / 9, one_side * p / 2])
    assert np.all(np.abs(found - exact) <= 4.5 * error + 1e-6 * exact)


@pytest.mark.parametrize("d", [1.0, 0.5])
@pytest.mark.parametrize("p", [0.6, 0.2, 0.02])
def test_every_set_of_features_is_active_as_often_as_it_should_be(p: float, d: float):
    n = 5
    config = Config(n_features=n, n_neurons=2, feature_probability=p, importance_decay=d)
    x, weight = everything(config, 2**17)
    active = 2 ** np.arange(n) @ (x != 0)
    found = np.bincount(active, weight, minlength=2**n)
    # At most: examples are stratified.
    error = np.sqrt(np.bincount(active, weight**2, minlength=2**n))
    size = np.array([k.bit_count() for k in range(2**n)])
    exact = p**size * (1 - p) ** (n - size)
    np.testing.assert_allclose(found[size < 2], exact[size < 2], rtol=1e-9)
    several = (size > 1) & (exact > 2e-7)
    assert np.all(np.abs(found - exact)[several] <= 4.5 * error[several])
    assert np.all(error[several] < 0.2 * exact[several])


@pytest.mark.parametrize("p", [0.3, 0.01])
def test_values_of_active_features_are_uniform(p: float):
    config = Config(n_features=8, n_neurons=4, feature_probability=p)
    x, weight = everything(config, 2**16)
    several = np.count_nonzero(x, axis=0) > 1
    x, weight = x[:, several], weight[several]
    for values in x:
        on = values != 0
        counts, _ = np.histogram(values[on], bins=8, range=(-1, 1), weights=weight[on])
        np.testing.assert_allclose(counts / weight[on].sum(), 1 / 8, atol=0.02)


def test_inputs_with_one_active_feature_are_integrated_exactly():
    config = Config(n_features=3, n_neurons=2, feature_probability=0.1)
    x, weight = everything(config)
    for k, powers in ((0, [0]), (1, range(8))):
        here = np.count_nonzero(x, axis=0) == k
        chance = math.comb(3, k) * 0.1**k * 0.9 ** (3 - k)
        for power in powers:
            side = np.maximum(x[:, here], 0) ** power if power else (x[:, here] > 0)
            wanted = 0 if k == 0 else chance / 2 / 3 / (power + 1)
            np.testing.assert_allclose(side @ weight[here], wanted, rtol=1e-6)
        assert weight[here].sum() == pytest.approx(chance, rel=1e-12)


def test_a_single_feature_needs_nothing_random():
    for p in (1.0, 0.2):
        batches = list(evaluation_batches(Config(n_features=1, feature_probability=p), 100))
        assert [batch.block for batch in batches] == [0] * len(batches)
        assert sum(batch.weight.sum() for batch in batches) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 30, 2_000])
@pytest.mark.parametrize("p", [1.0, 0.2, 1e-3, 1e-9])
def test_the_number_of_active_features_is_binomial(n: int, p: float):
    found = active_probability(Config(n_features=n, feature_probability=p))
    assert found.shape == (n + 1,)
    assert found.sum() == pytest.approx(1, rel=1e-9)
    assert found @ np.arange(n + 1) == pytest.approx(n * p, rel=1e-9)
    two = n * (n - 1) / 2 * p**2 * (1 - p) ** (n - 2) if n > 1 else 0
    assert found[2:3].sum() == pytest.approx(two, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("p", [1.0, 0.05, 0.002])
@pytest.mark.parametrize("examples", [1, 100, 2_500, 40_000])
def test_an_evaluation_has_as_many_examples_as_wanted_in_pairs_of_blocks(p: float, examples: int):
    config = Config(n_features=45, n_neurons=9, feature_probability=p)
    drawn = 0
    for x, weight, block in evaluation_batches(config, examples):
        assert (x.shape, x.dtype) == ((45, len(weight)), np.float32)
        if block:
            assert len(weight) % (2 * block) == 0
            drawn += len(weight)
    assert examples <= drawn < examples + max(2, examples // 8)


def test_inputs_are_the_same_for_every_seed_and_leave_global_random_numbers_alone():
    np.random.seed(5)
    state = np.random.get_state()[1].copy()
    for p in (1.0, 0.01):
        config = Config(n_features=3, n_neurons=2, feature_probability=p)
        for one, other in zip(
            everything(config, 500), everything(config.replace(seed=9), 500), strict=True
        ):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_inputs_are_taken_apart_where_few_features_are_active():
    def several(n: int, p: float) -> bool:
        return mostly_several(Config(n_features=n, feature_probability=p))

    assert [several(100, p) for p in (1, 0.1, 0.03, 1e-4)] == [True, True, False, False]
    assert [several(2, p) for p in (1, 0.9)] == [True, False]
