from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toymodel.analysis.inputs import Inputs, block_examples, input_blocks, input_examples, slots
from toymodel.config import Config
from toymodel.sampling import proposal_probability

CASES = [
    *[(1, 1.0), (1, 0.3), (1, 1e-6), (3, 0.2), (20, 1.0), (20, 0.3), (20, 0.7)],  # dense
    *[(60, 0.03), (60, 0.01), (100, 1e-6), (300, 0.05), (2_000, 0.001), (2_000, 1e-6)],  # sparse
]


def case(n: int, p: float) -> Config:
    return Config(n_features=n, n_neurons=1, feature_probability=p)


def drawn(config: Config, examples: int) -> list[Inputs]:
    return list(input_blocks(config, examples))


def active(inputs: Inputs) -> tuple[list[int], list[int], list[float]]:
    """Every active feature with the number of its example and its value."""
    example, slot = np.nonzero(inputs.value)
    feature = np.broadcast_to(inputs.feature, inputs.value.shape)[example, slot]
    return example.tolist(), feature.tolist(), inputs.value[example, slot].tolist()


def same(one: Inputs, other: Inputs) -> bool:
    return active(one) == active(other) and np.array_equal(one.weight, other.weight)


def test_a_neurons_contributions_and_its_features_are_those_of_the_slots():
    w = np.array([1, -2, 4], np.float32)
    value = np.array([[0.5, -1, 0.25], [0, 0.5, 0]], np.float32)
    dense = Inputs(np.arange(3)[None], value, np.ones(2))
    np.testing.assert_array_equal(dense.contributions(w), [[0.5, 2, 1], [0, -1, 0]])
    assert dense.feature_at(np.array([1, 2])).tolist() == [1, 2]
    sparse = Inputs(np.array([[2, 1], [1, 0]]), value[:, 1:], np.ones(2))
    np.testing.assert_array_equal(sparse.contributions(w), [[-4, -0.5], [-1, 0]])
    assert sparse.feature_at(np.array([1, 0])).tolist() == [1, 1]


@pytest.mark.parametrize(("n", "p"), CASES)
def test_inputs_estimate_means_of_the_true_distribution(n: int, p: float):
    terms = []
    for inputs in input_blocks(case(n, p), 30_000):
        x, w = inputs.value, inputs.weight
        k = np.count_nonzero(x, axis=1)
        size, square = np.abs(x).sum(axis=1) / n, (x**2).sum(axis=1) / n
        each = [np.ones_like(w), k / n, size, square, x.sum(axis=1) / n, k == 0, k * (k - 1.0)]
        terms.append(w * np.stack(each))
    found = np.concatenate(terms, axis=1)
    assert found.shape[1] == 30_000
    exact = np.array([1, p, p / 2, p / 3, 0, (1 - p) ** n, n * (n - 1) * p**2])
    error = found.std(axis=1) / math.sqrt(found.shape[1])
    tolerance = 4.5 * error + 1e-6 * exact
    tolerance[5] += 1e-6  # where hardly any input is empty, none was drawn
    assert np.all(np.abs(found.mean(axis=1) - exact) <= tolerance)
    if p < 1:  # the bounds above say something
        assert np.all(error[1:4] < 0.05 * exact[1:4])


@pytest.mark.parametrize(("n", "p"), CASES)
def test_an_input_weighs_what_its_number_of_active_features_says(n: int, p: float):
    q = proposal_probability(case(n, p))
    (inputs,) = drawn(case(n, p), 500)
    k = np.count_nonzero(inputs.value, axis=1)
    ratio = np.log([p / q, (1 - p) / (1 - q)] if p < q else [1, 1])
    np.testing.assert_allclose(np.log(inputs.weight), np.stack([k, n - k], 1) @ ratio, atol=1e-9)


@pytest.mark.parametrize(("n", "p"), CASES)
def test_every_feature_is_active_equally_often_and_never_twice(n: int, p: float):
    count, examples = np.zeros(n), 8_000
    for inputs in input_blocks(case(n, p), examples):
        place = np.broadcast_to(inputs.feature, inputs.value.shape)[inputs.value != 0]
        count += np.bincount(place, minlength=n)
        example = np.nonzero(inputs.value)[0]
        assert len(np.unique(example * n + place)) == len(place)
    q = proposal_probability(case(n, p))
    spread = math.sqrt(examples * q * (1 - q))
    assert np.abs(count - examples * q).max() <= 6 * spread
    if n >= 20 and p < 1:  # nor do counts vary less than chance has it
        assert np.std(count) == pytest.approx(spread, rel=5 / math.sqrt(2 * n))


@pytest.mark.parametrize(("n", "p"), CASES)
def test_values_are_uniform_over_the_range_of_the_task(n: int, p: float):
    found = [i.value[i.value != 0] for i in input_blocks(case(n, p), 8_000)]
    value = np.concatenate(found)
    assert (value.dtype, value.min() > -1, value.max() <= 1) == (np.float32, True, True)
    count, _ = np.histogram(value, bins=10, range=(-1, 1))
    atol = 4.5 * math.sqrt(0.09 / value.size)
    np.testing.assert_allclose(count / value.size, 0.1, atol=atol)


@pytest.mark.parametrize(("n", "p"), [(1, 0.2), (150, 0.3), (150, 0.01), (2_000, 1e-6)])
def test_blocks_are_all_of_one_size_but_the_last_and_no_two_are_the_same(n: int, p: float):
    config = case(n, p)
    size = block_examples(config)
    blocks = drawn(config, 2 * size + 5)
    assert [len(inputs.value) for inputs in blocks] == [size, size, 5]
    assert [len(inputs.weight) for inputs in blocks] == [size, size, 5]
    assert not same(blocks[0], blocks[1])
    assert [len(inputs.value) for inputs in drawn(config, 2 * size)] == [size, size]
    whole = drawn(config, 3 * size)[2]
    assert same(blocks[2], Inputs(whole.feature[:5], whole.value[:5], whole.weight[:5]))


@pytest.mark.parametrize(("n", "p"), [(1, 0.2), (20, 0.3), (60, 0.01), (2_000, 0.001)])
@settings(max_examples=10)
@given(fewer=st.integers(1, 600), more=st.integers(600, 2_000))
def test_fewer_examples_are_the_first_of_more(n: int, p: float, fewer: int, more: int):
    (few, *_), (many, *_) = (drawn(case(n, p), e) for e in (fewer, more))
    have = len(few.value)
    assert same(few, Inputs(many.feature[:have], many.value[:have], many.weight[:have]))


@pytest.mark.parametrize("p", [1.0, 0.01])
def test_all_seeds_are_looked_at_on_the_same_inputs(p: float):
    config = case(50, p)
    (one,), (other,), (again,) = (
        drawn(config.replace(**change), 100)
        for change in ({"seed": 0}, {"seed": 9}, {"n_neurons": 7, "importance_decay": 0.5})
    )
    assert same(one, other)
    assert same(one, again)


def test_there_are_more_examples_where_features_are_rarer_as_long_as_few_are_active():
    assert input_examples(case(1, 0.5)) == 100_000
    assert input_examples(case(100, 1.0)) == 100_000
    assert input_examples(case(100, 0.03)) == 150_000
    assert input_examples(case(100, 0.001)) == 300_000
    assert input_examples(case(2_000, 1e-6)) == 1_250_000
    assert input_examples(case(2_000, 0.1)) == 100_000


@given(n=st.integers(1, 2_000), p=st.floats(1e-9, 1))
def test_no_block_takes_much_memory(n: int, p: float):
    config = case(n, p)
    assert 1 <= slots(config) <= n
    size = block_examples(config)
    assert 1 <= size <= 2**13
    assert size * slots(config) <= 2**20
    (inputs,) = drawn(config, min(size, 50))
    assert inputs.value.shape[1] <= min(n, 2 * slots(config))


@pytest.mark.parametrize(("n", "p"), [(2_000, 1.0), (2_000, 0.05), (2_000, 1e-6), (1, 1e-6)])
def test_a_whole_block_is_as_large_as_was_planned(n: int, p: float):
    config = case(n, p)
    inputs = next(input_blocks(config, block_examples(config)))
    assert len(inputs.value) == block_examples(config)
    assert inputs.value.size <= 2 * 2**20
