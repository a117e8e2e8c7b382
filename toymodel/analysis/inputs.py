"""The seeded inputs on which single neurons are measured; sparse ones are stored sparsely."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int

from toymodel.config import Config
from toymodel.sampling import (
    Stream,
    generator,
    inputs_from_uniform,
    log_ratio,
    proposal_probability,
)

_MIN_EXAMPLES = 100_000
_ACTIVE_TIMES = 4_500
_MAX_NUMBERS = 10_000_000
_MAX_BLOCK_NUMBERS = 2**20
_MAX_BLOCK_EXAMPLES = 2**13


class Inputs(NamedTuple):
    """Some inputs, one a row, with slots for their active features.

    Attributes:
        feature: (example, slot), the feature in a slot; (1, slot) if it is the same in every
            example.
        value: (example, slot), its value; 0 in slots that are not used.
        weight: (example,): the mean of weight times f(x) estimates E f under the true
            distribution.
    """

    feature: Int[np.ndarray, "#example slot"]
    value: Float32[np.ndarray, "example slot"]
    weight: Float[np.ndarray, " example"]

    def contributions(
        self, w: Float32[np.ndarray, " feature"]
    ) -> Float32[np.ndarray, "example slot"]:
        """What each slot adds to a neuron with the input weights w: w_i x_i, (example, slot)."""
        return w[self.feature] * self.value

    def feature_at(self, slot: Int[np.ndarray, " example"]) -> Int[np.ndarray, " example"]:
        """The feature in one slot of every example, (example,)."""
        if len(self.feature) == 1:
            return self.feature[0, slot]
        return np.take_along_axis(self.feature, slot[:, None], axis=1)[:, 0]


def input_examples(config: Config) -> int:
    """How many inputs a neuron is measured on.

    Returns:
        100,000, or more where features are rarer, so that each is active some 4,500 times, unless
        that took more than 10,000,000 slots.
    """
    needed = int(_ACTIVE_TIMES / proposal_probability(config))
    return max(_MIN_EXAMPLES, min(needed, _MAX_NUMBERS // slots(config)))


def importance_sampled(config: Config) -> bool:
    """Whether features are drawn more often than they occur, and the inputs weighted."""
    return proposal_probability(config) > config.feature_probability


def input_blocks(config: Config, examples: int) -> Iterator[Inputs]:
    """Draw the inputs of a config, in blocks of bounded memory.

    The inputs are the same for every seed and recipe, and the first ones are the same however
    many there are.

    Args:
        config: gives the task, n and p.
        examples: how many inputs, in all blocks together.
    """
    size = block_examples(config)
    for block in range(math.ceil(examples / size)):
        inputs = _draw(config, block, size)
        left = examples - block * size
        yield inputs if left >= size else Inputs(*(part[:left] for part in inputs))


def block_examples(config: Config) -> int:
    """How many inputs a block has."""
    return max(1, min(_MAX_BLOCK_EXAMPLES, _MAX_BLOCK_NUMBERS // slots(config)))


def slots(config: Config) -> int:
    """About the largest number of features that are active in an input: five sigma above mean."""
    active = proposal_probability(config) * config.n_features
    return min(config.n_features, math.ceil(active + 5 * math.sqrt(active)))


def _draw(config: Config, block: int, examples: int) -> Inputs:
    n, task = config.n_features, config.definition
    q = proposal_probability(config)
    random = generator(Stream.ACTIVATIONS, block)
    if 2 * slots(config) > n:
        uniform = random.random((examples, n), dtype=np.float32)
        value = inputs_from_uniform(uniform, q, task.low, task.high)
        feature = np.arange(n)[None]
        active = np.count_nonzero(value, axis=1)
    else:
        example, active_feature = np.divmod(_active_cells(random, examples * n, q), n)
        active = np.bincount(example, minlength=examples)
        slot = np.arange(len(example)) - (np.cumsum(active) - active)[example]
        feature = np.zeros((examples, max(1, active.max(initial=0))), np.int64)
        value = np.zeros(feature.shape, np.float32)
        feature[example, slot] = active_feature
        uniform = random.random(len(example), dtype=np.float32)
        value[example, slot] = np.float32(task.high) - np.float32(task.high - task.low) * uniform
    constant, slope = log_ratio(config.feature_probability, q, n)
    return Inputs(feature, value, np.exp(constant + slope * active))


def _active_cells(random: np.random.Generator, cells: int, q: float) -> Int[np.ndarray, " cell"]:
    # Drawn by the gaps between active cells, which are geometric.
    places = np.empty(0, np.int64)
    while not places.size or places[-1] < cells:
        last = places[-1] if places.size else -1
        missing = q * (cells - last)
        gaps = random.geometric(q, int(missing + 6 * math.sqrt(missing) + 10))
        places = np.concatenate([places, last + np.cumsum(gaps)])
    return places[places < cells]
