"""Sparse inputs: separate random streams, importance sampling and stratified batches.

Every input is made from uniform numbers: a feature is active where its number u is below q, and
its value then runs over the task's range. So the same numbers give inputs of any density.

Where features are rare, q is larger than the feature probability p. That is importance sampling:
features are drawn more often than they occur, and examples are weighted by the likelihood ratio.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import IntEnum

import numpy as np
from jaxtyping import Float32, UInt32

from toymodel.config import Config
from toymodel.recipe import Recipe

MIN_ACTIVE = 1.5
"""Active features an example that importance sampling aims at, where a recipe does not say it."""

_CURRICULUM_SHARE = 0.7  # of the steps
_STRATA_NUMBERS = 2**21  # bounds the memory of a stream's strata


class Stream(IntEnum):
    """The separate sources of randomness: drawing from one never changes another."""

    INITIAL_WEIGHTS = 0
    TRAINING_DATA = 1
    EVALUATION = 2
    ACTIVATIONS = 3
    ROTATIONS = 4


def generator(stream: Stream, *keys: int) -> np.random.Generator:
    """Make the random generator of a stream.

    Args:
        stream: the source of randomness.
        keys: numbers such as a seed and a restart; other keys give other random numbers.

    Returns:
        A generator that always starts at the same number.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((stream, *keys))))


def curriculum_density(config: Config, recipe: Recipe, done: float) -> float:
    """The density of training examples: sparser at first, and p after 70 % of the training.

    Where examples hold few features anyway, it is p from the start.

    Args:
        config: gives p, and how many features are trained.
        recipe: gives the curriculum.
        done: the share of the steps that is done, 0 to 1.

    Returns:
        p / f^(1 - done / 0.7), where f = 1 + curriculum (1 - p) min(1, p n); p from 0.7 on.
    """
    p, n = config.feature_probability, recipe.trained_features(config)
    factor = recipe.resolve(config).curriculum or 0.0
    sparser = 1 + factor * (1 - p) * min(1.0, p * n)
    return p * sparser ** -(1 - min(1.0, done / _CURRICULUM_SHARE))


def sampling_probability(p: float, n_features: int, recipe: Recipe) -> float:
    """How often a feature is active in training examples.

    Args:
        p: the density of the examples.
        n_features: how many features they have.
        recipe: gives the sampler.

    Returns:
        q, in (0, 1]: p, or under importance sampling max(p, min_active / n), where a q above p is
        1/2 at most.
    """
    if recipe.sampler == "iid":
        return p
    return _tilted(p, n_features, recipe.min_active)


def proposal_probability(config: Config, min_active: float = MIN_ACTIVE) -> float:
    """How often a feature is active under importance sampling of all features of a config.

    Args:
        config: gives p and n.
        min_active: active features an example to aim at where p gives fewer.

    Returns:
        q, in (0, 1].
    """
    return _tilted(config.feature_probability, config.n_features, min_active)


def _tilted(p: float, n_features: int, min_active: float) -> float:
    # With q near 1 an empty example, common under p, would be rare and have a huge weight.
    return max(p, min(0.5, min_active / n_features))


def log_ratio(p: float, q: float, n_features: int) -> tuple[float, float]:
    """Compute the log likelihood ratio of examples, which is linear in their active features.

    An example with k active features has the ratio (p/q)^k ((1-p)/(1-q))^(n-k).

    Args:
        p: the true feature probability.
        q: the probability with which features are drawn.
        n_features: n.

    Returns:
        (a, b), where a + b k is the logarithm of the ratio; (0, 0) where p = q.
    """
    if p == q:
        return 0.0, 0.0
    idle = math.log1p(-p) - math.log1p(-q)
    return n_features * idle, math.log(p / q) - idle


def inputs_from_uniform(
    uniform: Float32[np.ndarray, "*shape"], q: float, low: float, high: float
) -> Float32[np.ndarray, "*shape"]:
    """Turn uniform numbers into sparse inputs.

    Args:
        uniform: numbers u in [0, 1), of any shape.
        q: how often a feature is active, in (0, 1].
        low: the lower end of the range of an active feature.
        high: the upper end.

    Returns:
        Inputs of the same shape: 0 where u >= q, else uniform on (low, high].
    """
    value = np.float32(high) - np.float32((high - low) / q) * uniform
    return np.where(value > np.float32(low), value, np.float32(0.0))


Draw = Callable[[int], Float32[np.ndarray, "stream step feature example"]]
"""Draws uniform numbers in [0, 1) for the given number of next steps, one batch a step."""


def independent(streams: Sequence[np.random.Generator], n_features: int, examples: int) -> Draw:
    """Make a `Draw` of independent uniform numbers.

    Args:
        streams: a generator for every stream.
        n_features: n.
        examples: examples of a batch.
    """

    def draw(steps: int) -> Float32[np.ndarray, "stream step feature example"]:
        batches = np.empty((len(streams), steps, n_features, examples), np.float32)
        for random, out in zip(streams, batches, strict=True):
            random.random(dtype=np.float32, out=out)
        return batches

    return draw


def strata_rows(examples: int) -> int:
    """How many rows `strata` has for batches of this many examples."""
    return max(16, min(1_024, _STRATA_NUMBERS // examples))


def strata(random: np.random.Generator, examples: int) -> Float32[np.ndarray, "row example"]:
    """Make rows that each hold 0, 1/B, ... (B - 1)/B in random order; B is the batch size."""
    ordered = np.tile(np.arange(examples, dtype=np.float32), (strata_rows(examples), 1))
    return random.permuted(ordered, axis=1) / np.float32(examples)


def stratified(streams: Sequence[np.random.Generator], n_features: int, examples: int) -> Draw:
    """Make a `Draw` whose numbers are spread evenly over [0, 1) within each feature and batch.

    Each example by itself has the distribution of independent numbers; only the examples of one
    batch depend on each other. So expectations stay the same, and a batch's mean varies less: a
    feature with q = 0.1 is active in a tenth of every batch.

    Args:
        streams: a generator for every stream.
        n_features: n.
        examples: examples of a batch.
    """
    orders = [strata(random, examples) for random in streams]
    rows = len(orders[0])

    def draw(steps: int) -> Float32[np.ndarray, "stream step feature example"]:
        # A row and a shift for every feature, step after step, so that the numbers do not depend
        # on how many steps are drawn at once.
        size = 2 * steps * n_features
        words = np.stack([_random_words(random.bit_generator, size) for random in streams])
        words = words.reshape(len(streams), steps, 2, n_features)
        # The high half of a 64-bit product is below `rows`, and even to one in a million.
        chosen = (words[:, :, 0].astype(np.uint64) * np.uint64(rows) >> np.uint64(32)).astype(int)
        shift = (words[:, :, 1] >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)
        batches = np.empty((len(streams), steps, n_features, examples), np.float32)
        for order, places, out in zip(orders, chosen, batches, strict=True):
            np.take(order, places, axis=0, out=out, mode="clip")  # "clip" needs no buffer
        batches += shift[..., None]
        batches -= batches >= 1
        return batches

    return draw


def _random_words(bits: np.random.BitGenerator, count: int) -> UInt32[np.ndarray, " word"]:
    """Draw 32-bit words as a `Generator` does one by one: two of each 64-bit number, low first.

    Like a `Generator`, it keeps a word that is left over for the next call.
    """
    before = bits.state
    kept = before["has_uint32"]
    raw = bits.random_raw((count - kept + 1) // 2)
    words = np.empty(kept + 2 * len(raw), np.uint32)
    words[:kept] = before["uinteger"]
    words[kept::2], words[kept + 1 :: 2] = raw & np.uint64(2**32 - 1), raw >> np.uint64(32)
    left_over = len(words) - count
    if kept or left_over:
        kept_word = int(words[-1]) if left_over else 0
        bits.state = {**bits.state, "has_uint32": left_over, "uinteger": kept_word}
    return words[:count]
