"""Sparse inputs: where their randomness comes from, and tilted sampling.

Every input is cut from uniform numbers: a feature is active where its number u is below q, and
its value then runs over the task's range. So two densities can be cut from the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum

import numpy as np
from jaxtyping import Float, Float32, UInt32

from toymodel.config import Config, Recipe

_STRATA_NUMBERS = 2**21


class Stream(IntEnum):
    """Separate sources of randomness: none of them moves when another draws more."""

    INITIAL_WEIGHTS = 0
    TRAINING_DATA = 1
    EVALUATION = 2
    ACTIVATIONS = 3


def generator(stream: Stream, *keys: int) -> np.random.Generator:
    """The random numbers of one stream, told apart by `keys` (a seed, a restart)."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((stream, *keys))))


def sampling_probability(config: Config, recipe: Recipe) -> float:
    """q in (0, 1]: how often a feature is active in the examples that are drawn."""
    if recipe.sampler == "iid":
        return config.feature_probability
    return tilted_probability(config, recipe.min_active)


def tilted_probability(config: Config, min_active: float) -> float:
    """q = max(p, min_active / n), where a tilt goes to 1/2 at most."""
    # With q near 1 an empty example, common under p, would be rare and weigh a great deal.
    return max(config.feature_probability, min(0.5, min_active / config.n_features))


def log_ratio(p: float, q: float, n_features: int) -> tuple[float, float]:
    """The likelihood ratio of an example with k active features: its logarithm is a + b k.

    (p/q)^k ((1-p)/(1-q))^(n-k). Returns (a, b); (0, 0) where p = q.
    """
    if p == q:
        return 0.0, 0.0
    idle = math.log1p(-p) - math.log1p(-q)
    return n_features * idle, math.log(p / q) - idle


def cut(
    uniform: Float32[np.ndarray, "*shape"], q: float, low: float, high: float
) -> Float32[np.ndarray, "*shape"]:
    """Inputs from uniform numbers in [0, 1): 0 where u >= q, else uniform on (low, high]."""
    value = np.float32(high) - np.float32((high - low) / q) * uniform
    return np.where(value > np.float32(low), value, np.float32(0.0))


Draw = Callable[[int], Float32[np.ndarray, "stream step feature example"]]
"""Gives the uniform numbers in [0, 1) of the next so many batches of every stream."""


def independent(streams: Sequence[np.random.Generator], n_features: int, examples: int) -> Draw:
    """Batches of independent uniform numbers."""

    def draw(steps: int) -> Float32[np.ndarray, "stream step feature example"]:
        batches = np.empty((len(streams), steps, n_features, examples), np.float32)
        for random, out in zip(streams, batches, strict=True):
            random.random(dtype=np.float32, out=out)
        return batches

    return draw


def strata_rows(examples: int) -> int:
    """How many rows `strata` has."""
    return max(16, min(1_024, _STRATA_NUMBERS // examples))


def strata(random: np.random.Generator, examples: int) -> Float32[np.ndarray, "row example"]:
    """Rows that hold 0, 1/B, ... (B - 1)/B in random orders, where B is the number of examples."""
    ordered = np.tile(np.arange(examples, dtype=np.float32), (strata_rows(examples), 1))
    return random.permuted(ordered, axis=1) / np.float32(examples)


def stratified(streams: Sequence[np.random.Generator], n_features: int, examples: int) -> Draw:
    """Batches in which every feature's numbers are spread evenly over [0, 1).

    Each example by itself is what independent numbers give; only those of one batch depend on
    each other. So expectations are the same and a batch's mean varies less: a feature with
    q = 0.1 is active in a tenth of every batch.
    """
    orders = [strata(random, examples) for random in streams]
    rows = len(orders[0])

    def draw(steps: int) -> Float32[np.ndarray, "stream step feature example"]:
        # A row and a shift for every feature, step after step, so that blocks of any length give
        # the same numbers.
        size = 2 * steps * n_features
        words = np.stack([_words(random.bit_generator, size) for random in streams])
        words = words.reshape(len(streams), steps, 2, n_features)
        # The high half of a product of 32 bits each: below `rows`, evenly but for one in a million.
        chosen = (words[:, :, 0].astype(np.uint64) * np.uint64(rows) >> np.uint64(32)).astype(int)
        shift = (words[:, :, 1] >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)
        batches = np.empty((len(streams), steps, n_features, examples), np.float32)
        for own, places, out in zip(orders, chosen, batches, strict=True):
            np.take(own, places, axis=0, out=out, mode="clip")  # which is none, and unbuffered
        batches += shift[..., None]
        batches -= batches >= 1
        return batches

    return draw


def _words(bits: np.random.BitGenerator, count: int) -> UInt32[np.ndarray, " word"]:
    """The next random words of 32 bits, all at once: each number of 64 bits is two, low first.

    As a `Generator` takes them, a word that is left over is kept for the next call.
    """
    before = bits.state
    kept = before["has_uint32"]
    raw = bits.random_raw((count - kept + 1) // 2)
    words = np.empty(kept + 2 * len(raw), np.uint32)
    words[:kept] = before["uinteger"]
    words[kept::2], words[kept + 1 :: 2] = raw & np.uint64(2**32 - 1), raw >> np.uint64(32)
    over = len(words) - count
    if kept or over:
        kept_word = int(words[-1]) if over else 0
        bits.state = {**bits.state, "has_uint32": over, "uinteger": kept_word}
    return words[:count]


def evaluation_batches(
    config: Config, examples: int, *, min_active: float = 1.5, batch: int = 1_024
) -> Iterator[tuple[Float32[np.ndarray, "feature example"], Float[np.ndarray, " example"]]]:
    """Inputs x, (feature, example), and weights w, (example,), from the evaluation stream.

    The mean of w f(x) estimates E f under the true distribution. The stream is the same for
    every seed and every recipe, so that two models are compared on the same inputs.
    """
    q = tilted_probability(config, min_active)
    constant, slope = log_ratio(config.feature_probability, q, config.n_features)
    task = config.definition
    random = generator(Stream.EVALUATION)
    for start in range(0, examples, batch):
        size = min(batch, examples - start)
        x = cut(random.random((config.n_features, size), dtype=np.float32), q, task.low, task.high)
        yield x, np.exp(constant + slope * np.count_nonzero(x, axis=0))
