"""Inputs that activate a neuron, from the top, the middle and the bottom of its activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32

from toymodel.analysis.inputs import Inputs
from toymodel.sampling import Stream, generator

BANDS = (("top", 0.9, 1.0), ("middle", 0.45, 0.55), ("bottom", 0.0, 0.1))
"""Names of the bands, and the quantiles of the activations between which they are."""

MAX_EXAMPLES = 6
"""Of a band."""

KEPT_NUMBERS = 2**21
"""How many slots of inputs are kept to choose examples from."""


class Example(NamedTuple):
    """An input that activates a neuron, with its active features, the largest contribution first.

    Attributes:
        activation: the activation, as a share of the neuron's range.
        features: the active features.
        values: their values.
        contributions: what they add to the pre-activation, as shares of the neuron's range.
    """

    activation: float
    features: tuple[int, ...]
    values: tuple[float, ...]
    contributions: tuple[float, ...]


class Band(NamedTuple):
    """Some inputs from between two quantiles of a neuron's activations.

    Attributes:
        name: "top", "middle" or "bottom".
        low: the lower quantile, 0 to 1.
        high: the upper quantile, 0 to 1.
        examples: up to 6 inputs, drawn by how likely they are, the largest activation first.
    """

    name: str
    low: float
    high: float
    examples: tuple[Example, ...]


def example_bands(
    inputs: Sequence[Inputs],
    w: Float32[np.ndarray, " feature"],
    relative: Float[np.ndarray, " example"],
    *,
    largest: float,
    min_relative: float,
    seed: int,
) -> tuple[Band, ...]:
    """Draw examples of inputs for each of BANDS.

    Args:
        inputs: blocks of inputs to choose from, all but the last of one size.
        w: the neuron's input weights, (feature,).
        relative: its activations on these inputs, and perhaps on more, as shares of its range.
        largest: its range.
        min_relative: activations up to this do not count.
        seed: the same seed draws the same examples.

    Returns:
        The bands; none if no input activates the neuron.
    """
    weight = np.concatenate([block.weight for block in inputs])
    relative = relative[: len(weight)]
    order = np.flatnonzero((relative > min_relative) & (weight > 0))
    order = order[np.argsort(relative[order], kind="stable")]
    if not order.size:
        return ()
    quantile = (np.cumsum(weight[order]) - weight[order] / 2) / weight[order].sum()
    random = generator(Stream.ACTIVATIONS, len(w), seed, len(weight))
    found: list[Band] = []
    for name, low, high in BANDS:
        inside = order[(quantile >= low) & (quantile <= high)]
        # The smallest of exponential times with the weights as rates: a draw without replacement.
        times = np.log(random.exponential(size=inside.size)) - np.log(weight[inside])
        chosen = inside[np.argsort(times, kind="stable")[:MAX_EXAMPLES]]
        chosen = chosen[np.argsort(-relative[chosen], kind="stable")]
        shown = tuple(_example(inputs, w, int(k), float(relative[k]), largest) for k in chosen)
        found.append(Band(name, low, high, shown))
    return tuple(found)


def _example(
    inputs: Sequence[Inputs],
    w: Float32[np.ndarray, " feature"],
    number: int,
    relative: float,
    largest: float,
) -> Example:
    block_number, row = divmod(number, len(inputs[0].weight))
    block = inputs[block_number]
    features = np.broadcast_to(block.feature, block.value.shape)[row]
    values = block.value[row]
    shares = w[features] * values / largest
    order = [k for k in np.argsort(-shares, kind="stable") if values[k]]
    return Example(
        relative,
        tuple(int(features[k]) for k in order),
        tuple(float(values[k]) for k in order),
        tuple(float(shares[k]) for k in order),
    )
