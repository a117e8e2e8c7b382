from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toymodel.config import Config
from toymodel.recipe import Recipe
from toymodel.sampling import (
    Stream,
    curriculum_density,
    generator,
    independent,
    inputs_from_uniform,
    log_ratio,
    proposal_probability,
    sampling_probability,
    strata,
    stratified,
)

PROBABILITIES = st.floats(1e-4, 0.99)


@pytest.mark.parametrize(
    ("n", "p", "q"),
    [(100, 0.001, 0.015), (100, 0.3, 0.3), (100, 1.0, 1.0), (6, 0.1, 0.25), (2, 0.1, 0.5)],
)
def test_importance_sampling_aims_at_some_active_features(n: int, p: float, q: float):
    config = Config(n_features=n, feature_probability=p)
    assert proposal_probability(config) == q
    assert sampling_probability(p, n, Recipe()) == q
    assert sampling_probability(p, n, Recipe(sampler="iid")) == p
    assert sampling_probability(p, n, Recipe(min_active=n / 2)) == max(p, 0.5)


@pytest.mark.parametrize(
    ("n", "p", "factor"),
    [(10, 0.2, 2.6), (10, 0.05, 1.95), (10, 1.0, 1.0), (1, 0.01, 1.0198), (40, 0.1, 2.8)],
)
def test_features_are_sparser_at_first_where_examples_hold_several(n: int, p: float, factor: float):
    config = Config(n_features=n, feature_probability=p, importance_decay=1.0)
    recipe = Recipe(curriculum=2.0)
    found = [curriculum_density(config, recipe, done) for done in (0, 0.35, 0.7, 0.9, 1)]
    assert found == pytest.approx([p / factor, p / math.sqrt(factor), p, p, p], rel=1e-12)
    rising = [curriculum_density(config, recipe, k / 99) for k in range(100)]
    assert rising == sorted(rising)
    assert curriculum_density(config, Recipe(curriculum=0.0), 0) == p
    assert curriculum_density(config, Recipe(), 0) == found[0]
    assert curriculum_density(config.replace(task="identity"), Recipe(), 0) == p


def test_features_that_are_left_out_are_not_counted_by_the_curriculum():
    config = Config(n_features=50, n_neurons=8, feature_probability=0.1, importance_decay=0.5)
    recipe = Recipe(curriculum=1.0, min_importance=0.6)  # 4 features, and one more
    assert curriculum_density(config, recipe, 0) == pytest.approx(0.1 / (1 + 0.9 * 0.5))


@given(p=PROBABILITIES, q=PROBABILITIES, n=st.integers(1, 20))
def test_the_likelihood_ratio_is_that_of_two_binomials(p: float, q: float, n: int):
    constant, slope = log_ratio(p, q, n)
    total = 0.0
    for k in range(n + 1):
        ratio = (p / q) ** k * ((1 - p) / (1 - q)) ** (n - k)
        assert math.exp(constant + slope * k) == pytest.approx(ratio, rel=1e-9)
        total += math.comb(n, k) * q**k * (1 - q) ** (n - k) * math.exp(constant + slope * k)
    assert total == pytest.approx(1, rel=1e-9)
    assert log_ratio(p, p, n) == log_ratio(1.0, 1.0, n) == (0, 0)


def test_uniform_numbers_give_exact_inputs():
    uniform = np.array([0, 0.0625, 0.125, 0.1875, 0.25, 0.5, 0.999], np.float32)
    both_signs = inputs_from_uniform(uniform, 0.25, -1, 1)
    np.testing.assert_array_equal(both_signs, [1, 0.5, 0, -0.5, 0, 0, 0])
    positive = inputs_from_uniform(uniform[:4], 0.25, 0, 1)
    np.testing.assert_array_equal(positive, [1, 0.75, 0.5, 0.25])


def test_active_features_are_uniform_over_the_range():
    uniform = np.random.default_rng(1).random((100, 2_000), dtype=np.float32)
    x = inputs_from_uniform(uniform, 0.3, -1, 1)
    active = x[x != 0]
    assert active.size / x.size == pytest.approx(0.3, abs=0.005)
    assert (active.min() > -1, active.max() <= 1) == (True, True)
    counts, _ = np.histogram(active, bins=10, range=(-1, 1))
    np.testing.assert_allclose(counts / active.size, 0.1, atol=0.007)


@given(st.integers(0, 10**6))
def test_features_that_are_active_stay_so_at_a_higher_density(seed: int):
    uniform = np.random.default_rng(seed).random((10, 50), dtype=np.float32)
    sparse, dense = (inputs_from_uniform(uniform, q, -1, 1) != 0 for q in (0.1, 0.6))
    assert np.all(dense | ~sparse)


@pytest.mark.parametrize("draw", [independent, stratified])
def test_every_number_is_uniform_and_features_are_independent(draw):
    n, examples, batches = 3, 16, 4_000
    u = draw([np.random.default_rng(2)], n, examples)(batches)[0]
    assert (u.dtype, u.shape) == (np.float32, (batches, n, examples))
    assert (u.min() >= 0, u.max() < 1) == (True, True)
    # One example of each batch by itself: nothing tells the two ways to draw apart.
    one = u[:, :, 5].astype(np.float64)
    error = 4.5 / np.sqrt(batches)
    np.testing.assert_allclose(one.mean(axis=0), 1 / 2, atol=error / np.sqrt(12))
    np.testing.assert_allclose((one**2).mean(axis=0), 1 / 3, atol=error * 0.3)
    np.testing.assert_allclose(np.corrcoef(one.T), np.eye(n), atol=error)
    steps = np.corrcoef(one[1:, 0], one[:-1, 0])[0, 1]
    assert abs(steps) < error
    quarters, _ = np.histogram(one, bins=8, range=(0, 1))
    np.testing.assert_allclose(quarters / one.size, 1 / 8, atol=0.015)


@given(n=st.integers(1, 5), examples=st.integers(1, 64), seed=st.integers(0, 1_000))
def test_a_stratified_batch_has_one_number_in_each_stratum(n: int, examples: int, seed: int):
    for batch in stratified([np.random.default_rng(seed)], n, examples)(3)[0]:
        shifted = np.sort(batch.astype(np.float64), axis=1)
        gaps = np.diff(shifted, axis=1, append=shifted[:, :1] + 1)
        np.testing.assert_allclose(gaps, 1 / examples, atol=1e-6)


def test_stratified_batches_vary_less():
    def spread(draw) -> float:
        batches = draw([np.random.default_rng(4)], 10, 100)(300)[0]
        return float(np.std([(batch**2).mean() for batch in batches]))

    assert spread(stratified) < 0.2 * spread(independent)


@pytest.mark.parametrize("draw", [independent, stratified])
def test_blocks_of_any_length_and_beside_other_streams_give_the_same_numbers(draw):
    together = draw([np.random.default_rng(seed) for seed in (6, 7)], 3, 10)(5)
    apart = draw([np.random.default_rng(6)], 3, 10)
    assert np.array_equal(np.concatenate([apart(2), apart(1), apart(2)], axis=1)[0], together[0])


def test_streams_are_separate_and_come_again():
    def first(*keys: int) -> float:
        return generator(*keys).random()

    names = [(stream, *keys) for stream in Stream for keys in ((0, 0), (0, 1), (1, 0))]
    assert len({first(*name) for name in names}) == len(names)
    assert [first(*name) for name in names] == [first(*name) for name in names]


def test_numpy_global_random_state_is_neither_read_nor_moved():
    np.random.seed(5)
    before = generator(Stream.EVALUATION).random()
    state = np.random.get_state()[1].copy()
    np.random.seed(6)
    assert generator(Stream.EVALUATION).random() == before
    np.random.seed(5)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize(("n", "examples"), [(6, 128), (3, 10), (1, 1), (2, 3_000)])
def test_stratified_batches_are_what_a_generator_gives_number_by_number(n: int, examples: int):
    random, same = (np.random.Generator(np.random.PCG64(8)) for _ in range(2))
    draw = stratified([same], n, examples)
    orders = strata(random, examples)
    for steps in (3, 1, 2):
        expected = np.empty((steps, n, examples), np.float32)
        for step in range(steps):
            rows = random.integers(0, len(orders), n)
            shift = random.random((n, 1), dtype=np.float32)
            expected[step] = (orders[rows] + shift) % 1
        np.testing.assert_array_equal(draw(steps)[0], expected)
    after = [each.integers(0, 2**32, 9, np.uint32) for each in (random, same)]
    np.testing.assert_array_equal(*after)
