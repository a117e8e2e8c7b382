"""What features do to each other's outputs, and which neurons carry a feature (exact, no sampling).

Paper: "Computation in Superposition": features correspond to sets of neurons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from toymodel.config import Config
from toymodel.model import Weights
from toymodel.polysemanticity import path_gain

CARRIES = 0.1
"""A neuron carries a feature from this path gain on, of either sign."""

SERVED = 0.5
"""A side of a feature is computed from this sum of path gains on; 1 would be exact."""

Sides = Literal["both sides", "positive side only", "negative side only", "not represented"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Interference:
    """What feature k, present alone, adds to output i before the output's bias and ReLU.

    high, low: (receiving, interfering), for x_k at the upper and at the lower end of its range
    (1 and -1 in the absolute-value task); in proportion in between, as there is no hidden bias.
    The diagonal is what a feature does for itself: the sums of its path gains on either side.
    """

    high: Float[np.ndarray, "receiving interfering"]
    low: Float[np.ndarray, "receiving interfering"]

    @property
    def worst(self) -> Float[np.ndarray, "receiving interfering"]:
        """Of both ends the one with the larger effect, signed; 0 on the diagonal."""
        worst = np.where(np.abs(self.high) >= np.abs(self.low), self.high, self.low)
        np.fill_diagonal(worst, 0)
        return worst

    @property
    def mean(self) -> Float[np.ndarray, "receiving interfering"]:
        """The mean over the values of an active feature, signed; 0 on the diagonal."""
        mean = (self.high + self.low) / 4
        np.fill_diagonal(mean, 0)
        return mean

    @property
    def sides(self) -> tuple[Sides, ...]:
        """Which sides of each feature are computed: path gains summing to `SERVED` and more."""
        high, low = np.diag(self.high) >= SERVED, np.diag(self.low) >= SERVED
        return tuple(_SIDES[bool(h), bool(lo)] for h, lo in zip(high, low, strict=True))


_SIDES: dict[tuple[bool, bool], Sides] = {
    (True, True): "both sides",
    (True, False): "positive side only",
    (False, True): "negative side only",
    (False, False): "not represented",
}


def interference(config: Config, weights: Weights) -> Interference:
    """What every feature alone adds to every output."""
    task = config.definition
    rest = weights.W2 @ np.maximum(weights.b_hidden, 0)[:, None]
    high, low = (
        weights.W2 @ np.maximum(weights.W1 * np.float32(end) + weights.b_hidden[:, None], 0) - rest
        for end in (task.high, task.low)
    )
    return Interference(high=high, low=low)


def carriers(weights: Weights, feature: int) -> Int[np.ndarray, " neuron"]:
    """The neurons that carry a feature, the largest path gain first."""
    gain = np.abs(path_gain(weights.W1, weights.W2)[:, feature])
    order = np.argsort(-gain, kind="stable")
    return order[gain[order] >= CARRIES]


def answers(
    config: Config, weights: Weights, inputs: Sequence[tuple[int, float]]
) -> tuple[Float[np.ndarray, " neuron"], Float[np.ndarray, " feature"]]:
    """Activations and outputs for one input, given as (feature, value); the others are 0."""
    x = np.zeros((config.n_features, 1), np.float32)
    for feature, value in inputs:
        x[feature] = value
    return weights.hidden(x)[:, 0], weights.output(x)[:, 0]
