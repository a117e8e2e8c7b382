"""The seeded inputs on which neurons are looked at: sparse ones are kept as what is active."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int

from toymodel.config import Config
from toymodel.sampling import Stream, cut, generator, log_ratio, tilted_probability

_MIN_ACTIVE = 1.5
_FEWEST = 100_000
_TIMES = 4_500
_MOST_NUMBERS = 10_000_000
_BLOCK_NUMBERS = 2**20
_MOST_BLOCK = 2**13


class Inputs(NamedTuple):
    """Some inputs, one a row.

    feature: (example, slot), which feature stands in a slot; (1, slot) where it is the same in
    every example. value: (example, slot), 0 in slots that are not used. weight: (example,): the
    mean of weight times f(x) estimates E f under the true distribution.
    """

    feature: Int[np.ndarray, "#example slot"]
    value: Float32[np.ndarray, "example slot"]
    weight: Float[np.ndarray, " example"]

    def contributions(
        self, w: Float32[np.ndarray, " feature"]
    ) -> Float32[np.ndarray, "example slot"]:
        """What each slot adds to a neuron with the input weights w: w_i x_i."""
        return w[self.feature] * self.value

    def feature_at(self, slot: Int[np.ndarray, " example"]) -> Int[np.ndarray, " example"]:
        """The feature in one slot of every example."""
        if len(self.feature) == 1:
            return self.feature[0, slot]
        return np.take_along_axis(self.feature, slot[:, None], axis=1)[:, 0]


def input_examples(config: Config) -> int:
    """How many inputs a neuron is looked at on: 100,000, and more where features are rarer.

    Each feature is then active some 4,500 times, as long as that takes a moment only.
    """
    wanted = int(_TIMES / tilted_probability(config, _MIN_ACTIVE))
    return max(_FEWEST, min(wanted, _MOST_NUMBERS // slots(config)))


def tilted(config: Config) -> bool:
    """Whether features are drawn more often than they are there, and inputs weighted to make up."""
    return tilted_probability(config, _MIN_ACTIVE) > config.feature_probability


def input_blocks(config: Config, examples: int) -> Iterator[Inputs]:
    """The inputs of a config in blocks, so that memory is bounded.

    The same for every seed and recipe, and the first ones are the same however many there are.
    """
    size = block_examples(config)
    for block in range(math.ceil(examples / size)):
        inputs = _draw(config, block, size)
        left = examples - block * size
        yield inputs if left >= size else Inputs(*(part[:left] for part in inputs))


def block_examples(config: Config) -> int:
    """How many examples a block has."""
    return max(1, min(_MOST_BLOCK, _BLOCK_NUMBERS // slots(config)))


def slots(config: Config) -> int:
    """About the most features that are active in an example."""
    active = tilted_probability(config, _MIN_ACTIVE) * config.n_features
    return min(config.n_features, math.ceil(active + 5 * math.sqrt(active)))


def _draw(config: Config, block: int, examples: int) -> Inputs:
    n, task = config.n_features, config.definition
    q = tilted_probability(config, _MIN_ACTIVE)
    random = generator(Stream.ACTIVATIONS, block)
    if 2 * slots(config) > n:
        value = cut(random.random((examples, n), dtype=np.float32), q, task.low, task.high)
        feature = np.arange(n)[None]
        active = np.count_nonzero(value, axis=1)
    else:
        place = _places(random, examples * n, q)
        example, of = np.divmod(place, n)
        active = np.bincount(example, minlength=examples)
        slot = np.arange(len(place)) - (np.cumsum(active) - active)[example]
        feature = np.zeros((examples, max(1, active.max(initial=0))), np.int64)
        value = np.zeros(feature.shape, np.float32)
        feature[example, slot] = of
        drawn = random.random(len(place), dtype=np.float32)
        value[example, slot] = np.float32(task.high) - np.float32(task.high - task.low) * drawn
    constant, slope = log_ratio(config.feature_probability, q, n)
    return Inputs(feature, value, np.exp(constant + slope * active))


def _places(random: np.random.Generator, cells: int, q: float) -> np.ndarray:
    # Which of the cells are active: the gaps between them are geometric.
    places = np.empty(0, np.int64)
    while not places.size or places[-1] < cells:
        last = places[-1] if places.size else -1
        missing = q * (cells - last)
        gaps = random.geometric(q, int(missing + 6 * math.sqrt(missing) + 10))
        places = np.concatenate([places, last + np.cumsum(gaps)])
    return places[places < cells]
