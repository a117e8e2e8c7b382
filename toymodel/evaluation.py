"""The weighted inputs on which networks are measured: exact where few features are active.

Inputs are split by k, the number of their active features. With k = 0 there is one input. With
k = 1 a network is piecewise linear in the one that is active, and Gauss-Legendre nodes integrate
over it. Inputs with k >= 2 are drawn, more of them with the features that matter, and weighted by
the likelihood ratio. Where k <= 1 hardly ever occurs, all inputs are drawn from the true
distribution, spread evenly over each feature's range.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Float64, Int

from toymodel.config import Config
from toymodel.sampling import Stream, generator, inputs_from_uniform, stratified

_MIN_FEW = 0.01  # the probability of k <= 1 from which these inputs are taken apart
_MAX_NODES = 8  # on each side of 0, for each feature
_MIN_NODES = 3
_BATCH = 1_024
_BATCH_NUMBERS = 2**17  # batches of few features have more examples
_MAX_BATCH = 8_192
_BLOCK = 1_024
_MIN_BLOCKS = 32
_STRATIFIED_FEATURES = 3  # of an example; then the digits of its number are used up
_HEAD = 1.25  # times the features that the neurons can serve: the features that matter most
_MAX_TAIL_ODDS = 0.2
_SLOPE = 0.75


class Batch(NamedTuple):
    """Some of the inputs of an evaluation.

    The sum of w f(x) over all batches of an evaluation estimates E f under the true distribution.

    Attributes:
        x: inputs, (feature, example).
        weight: w, (example,). The weights of all batches sum to 1, up to sampling noise.
        block: how many neighbouring examples were drawn together, a divisor of their number; 0
            where nothing is random. Blocks are independent, and they are as alike as possible to
            their neighbours, so that differences of neighbours give the standard error.
    """

    x: Float32[np.ndarray, "feature example"]
    weight: Float64[np.ndarray, " example"]
    block: int


def evaluation_batches(config: Config, examples: int) -> Iterator[Batch]:
    """Make the weighted inputs on which a config's networks are measured.

    They are the same for every seed and every recipe, so that networks are compared on the same
    inputs.

    Args:
        config: gives the task, n, m, p and the importance decay.
        examples: how many inputs are drawn at least, in all batches together, beside those that
            are not random.

    Yields:
        Batches, each with an even number of blocks or without any.
    """
    probability = active_probability(config)
    if mostly_several(config):
        yield from _spread(config, examples)
        return
    yield from _few_active(config, probability, examples)
    if probability[2:].any():
        yield from _several_active(config, probability, examples)


def mostly_several(config: Config) -> bool:
    """Whether hardly any input has fewer than two active features, so that all are drawn."""
    return bool(active_probability(config)[:2].sum() < _MIN_FEW)


def active_probability(config: Config) -> Float64[np.ndarray, " active"]:
    """Compute how often k features of an input are active, for k from 0 to n: (k,)."""
    n, p = config.n_features, config.feature_probability
    k = np.arange(n + 1)
    idle = (n - k[:-1]) * math.log1p(-p) if p < 1 else np.full(n, -np.inf)
    return np.exp(_log_choose(n) + k * math.log(p) + np.append(idle, 0.0))


def _log_choose(n: int) -> Float64[np.ndarray, " active"]:
    # Logarithms of the binomial coefficients of n and k, for k from 0 to n.
    k = np.arange(1, n + 1)
    return np.append(0.0, np.cumsum(np.log((n - k + 1) / k)))


def _spread(config: Config, examples: int) -> Iterator[Batch]:
    # Even within blocks: what single features add to a mean hardly varies between blocks.
    task, n, p = config.definition, config.n_features, config.feature_probability
    block = max(1, min(_BLOCK, 2 ** int(math.log2(max(examples / _MIN_BLOCKS, 1)))))
    blocks = 2 * math.ceil(examples / (2 * block))
    draw = stratified([generator(Stream.EVALUATION)], n, block)
    at_once = max(2, 2 * (_batch_size(n) // (2 * block)))
    for first in range(0, blocks, at_once):
        (steps,) = draw(min(at_once, blocks - first))
        x = inputs_from_uniform(np.concatenate(list(steps), axis=1), p, task.low, task.high)
        yield Batch(x, np.full(x.shape[1], 1 / (blocks * block)), block)


def _batch_size(n_features: int) -> int:
    return 2 * max(_BATCH // 2, min(_MAX_BATCH // 2, _BATCH_NUMBERS // (2 * n_features)))


def _few_active(
    config: Config, probability: Float64[np.ndarray, " active"], examples: int
) -> Iterator[Batch]:
    # No active feature; then each feature alone, on both sides of 0 where there are two.
    n, sides = config.n_features, _sides(config)
    yield Batch(np.zeros((n, 1), np.float32), probability[:1], 0)
    nodes = max(_MIN_NODES, min(_MAX_NODES, examples // (4 * n * len(sides))))
    points, shares = np.polynomial.legendre.leggauss(nodes)
    value = np.outer(sides, (points + 1) / 2).ravel()
    share = np.tile(shares / 2, len(sides)) / len(sides)
    feature = np.repeat(np.arange(n), len(value))[None]
    weight = np.tile(probability[1] / n * share, n)
    yield from _batches(n, feature, np.tile(value, n)[None], weight, 0)


def _sides(config: Config) -> Float64[np.ndarray, " side"]:
    ends = np.array([config.definition.low, config.definition.high], np.float64)
    return ends[ends != 0]


def _batches(
    n: int,
    feature: Int[np.ndarray, "slot example"],
    value: Float[np.ndarray, "slot example"],
    weight: Float64[np.ndarray, " example"],
    block: int,
) -> Iterator[Batch]:
    # `feature` is n in slots that are not used; later examples use as many slots or more.
    size = _batch_size(n)
    for first in range(0, len(weight), size):
        part = slice(first, first + size)
        used = feature[:, part]
        used = used[used[:, -1] < n]
        x = np.zeros((n + 1, used.shape[1]), np.float32)
        x[used, np.arange(used.shape[1])] = value[: len(used), part]
        yield Batch(x[:n], weight[part], block)


def _several_active(
    config: Config, probability: Float64[np.ndarray, " active"], examples: int
) -> Iterator[Batch]:
    """Draw inputs with two and more active features, stratified by what is active.

    An example's number v in (0, 1), one from each of equal strata, says how many features are
    active, then which is the first of them, on which side of 0 it lies, which is the second, and
    so on, as in arithmetic coding. So neighbours have the same features for as long as there are
    enough examples of them.
    """
    n, sides = config.n_features, _sides(config)
    random = generator(Stream.EVALUATION)
    examples += examples % 2
    # More of the inputs with many active features, which have larger errors, as a rule.
    proposal = probability * np.arange(n + 1) ** 2
    proposal[:2] = 0  # these are in `_few_active`
    most = int(np.flatnonzero(proposal > 1e-15 * proposal.sum())[-1])
    proposal = proposal[: most + 1] / proposal[: most + 1].sum()
    odds, slope = _proposals(config)
    sums = _symmetric_sums(odds, most)
    ratio = np.log(probability[: most + 1]) - np.log(np.where(proposal > 0, proposal, 1))
    ratio += sums[0] - _log_choose(n)[: most + 1]

    v = (np.arange(examples) + random.random(examples)) / examples
    ends = np.append(0.0, np.cumsum(proposal))
    ends[-1] = 1.0
    active = np.searchsorted(ends, v, side="right") - 1
    v = (v - ends[active]) / proposal[active]
    feature = np.full((active[-1], examples), n)
    value = np.zeros((active[-1], examples), np.float32)
    weight = ratio[active]
    for k in range(2, active[-1] + 1):
        here = slice(*np.searchsorted(active, [k, k + 1]))
        digits, at = v[here], np.zeros(here.stop - here.start, np.int64)
        for slot in range(k):
            fresh = random.random(len(digits))
            if slot >= _STRATIFIED_FEATURES:
                digits = random.random(len(digits))
            at, digits = _next_feature(sums[:, k - slot], at, digits)
            side = np.minimum((digits * len(sides)).astype(int), len(sides) - 1)
            digits = digits * len(sides) - side
            size, density = _size(digits if slot == k - 1 else fresh, slope)
            feature[slot, here], value[slot, here] = at, sides[side] * size
            weight[here] -= np.log(odds[at] * density)
            at = at + 1
    yield from _batches(n, feature, value, np.exp(weight) / examples, 1)


def _proposals(config: Config) -> tuple[Float64[np.ndarray, " feature"], float]:
    """Choose how inputs are drawn: the odds of features, and the slope of their values' density.

    Features that the network serves in superposition cost most, and large values more than small
    ones. Where many features are active at once, drawing so would make the weights uneven.
    """
    n, p = config.n_features, config.feature_probability
    head = min(n - 1, int(_HEAD * config.n_neurons / config.definition.neurons))
    rank = np.arange(n) - head
    odds = np.minimum(1.0, config.importance_decay ** np.maximum(rank, 0))
    tail = n - odds.sum()
    least = min(_MAX_TAIL_ODDS, 0.5 * odds.sum() / tail) if tail > 0 else 0.0
    strength = 1 / (1 + n * p / 3)
    return (least + (1 - least) * odds) ** strength, _SLOPE * strength


def _symmetric_sums(
    odds: Float64[np.ndarray, " feature"], most: int
) -> Float64[np.ndarray, "first size"]:
    # Logarithms: [i, r] is of the sum, over all sets of r features from i on, of their odds'
    # products.
    n, logs = len(odds), np.log(odds)
    sums = np.full((n + 1, most + 1), -np.inf)
    sums[:, 0] = 0
    for i in reversed(range(n)):
        sums[i, 1:] = np.logaddexp(sums[i + 1, 1:], logs[i] + sums[i + 1, :-1])
    return sums


def _next_feature(
    sums: Float64[np.ndarray, " first"],
    at: Int[np.ndarray, " example"],
    v: Float64[np.ndarray, " example"],
) -> tuple[Int[np.ndarray, " example"], Float64[np.ndarray, " example"]]:
    """Draw the next active feature of examples that need the same number of features.

    Args:
        sums: a column of `_symmetric_sums`, for the number of features that are needed.
        at: the first feature that can be next.
        v: numbers in [0, 1).

    Returns:
        The features, and what is left of the numbers: numbers in [0, 1) again.
    """
    # The share of sets whose next feature is j or later is exp(sums[j] - sums[at]).
    left = sums[at] + np.log1p(-v)
    found = np.maximum(np.searchsorted(-sums, -left, side="right") - 1, at)
    start, stop = np.exp(sums[found] - sums[at]), np.exp(sums[found + 1] - sums[at])
    return found, np.clip((start - (1 - v)) / (start - stop), 0, 1)


def _size(
    v: Float64[np.ndarray, " example"], slope: float
) -> tuple[Float64[np.ndarray, " example"], Float64[np.ndarray, " example"]]:
    # From uniform numbers: sizes in [0, 1] whose density is 1 - slope + 2 slope size; the density.
    rest = 1 - slope
    size = (np.sqrt(rest**2 + 4 * slope * v) - rest) / (2 * slope)
    return size, rest + 2 * slope * size
