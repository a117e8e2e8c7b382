"""Inputs that activate a neuron, from the top, the middle and the bottom of its activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32

from toymodel.analysis.inputs import Inputs
from toymodel.sampling import Stream, generator

EXAMPLES = 6
"""Inputs that a band has, at most."""

KEPT_NUMBERS = 2**21
"""Values of inputs that are kept to choose from."""


class Example(NamedTuple):
    """An input that activates a neuron.

    activation: as a share of the neuron's range. features, values, contributions: those active in
    it, the largest contribution first; contributions in shares of the range, too.
    """

    activation: float
    features: tuple[int, ...]
    values: tuple[float, ...]
    contributions: tuple[float, ...]


class Band(NamedTuple):
    """Some inputs from between two quantiles of a neuron's activations.

    low, high: the quantiles, 0 to 1, of the activations that count. examples: the largest
    activation first; drawn by how likely they are.
    """

    name: str
    low: float
    high: float
    examples: tuple[Example, ...]


BANDS = (("top", 0.9, 1.0), ("middle", 0.45, 0.55), ("bottom", 0.0, 0.1))
"""Names of the bands, and the quantiles between which they lie."""


def bands(
    inputs: Sequence[Inputs],
    w: Float32[np.ndarray, " feature"],
    relative: Float[np.ndarray, " example"],
    *,
    reach: float,
    least: float,
    seed: int,
) -> tuple[Band, ...]:
    """Examples of each of BANDS, the same for the same seed; none where nothing activates it.

    inputs: blocks to choose from, all but the last of one size. w: the neuron's input weights.
    relative: its activations on these and perhaps more inputs, in shares of its range, reach.
    least: activations up to this do not count.
    """
    weight = np.concatenate([block.weight for block in inputs])
    relative = relative[: len(weight)]
    order = np.flatnonzero((relative > least) & (weight > 0))
    order = order[np.argsort(relative[order], kind="stable")]
    if not order.size:
        return ()
    quantile = (np.cumsum(weight[order]) - weight[order] / 2) / weight[order].sum()
    random = generator(Stream.ACTIVATIONS, len(w), seed, len(weight))
    found: list[Band] = []
    for name, low, high in BANDS:
        inside = order[(quantile >= low) & (quantile <= high)]
        # The smallest of waiting times whose rates are the weights: a draw without replacement.
        wait = np.log(random.exponential(size=inside.size)) - np.log(weight[inside])
        chosen = inside[np.argsort(wait, kind="stable")[:EXAMPLES]]
        chosen = chosen[np.argsort(-relative[chosen], kind="stable")]
        shown = tuple(_example(inputs, w, int(k), float(relative[k]), reach) for k in chosen)
        found.append(Band(name, low, high, shown))
    return tuple(found)


def _example(
    inputs: Sequence[Inputs],
    w: Float32[np.ndarray, " feature"],
    number: int,
    relative: float,
    reach: float,
) -> Example:
    place, row = divmod(number, len(inputs[0].weight))
    block = inputs[place]
    features = np.broadcast_to(block.feature, block.value.shape)[row]
    values = block.value[row]
    shares = w[features] * values / reach
    order = [k for k in np.argsort(-shares, kind="stable") if values[k]]
    return Example(
        relative,
        tuple(int(features[k]) for k in order),
        tuple(float(values[k]) for k in order),
        tuple(float(shares[k]) for k in order),
    )
