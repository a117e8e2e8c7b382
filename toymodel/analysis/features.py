"""What features do to each other's outputs, and which neurons carry a feature (exact, no sampling).

Paper: "Computation in Superposition": features correspond to sets of neurons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from toymodel.analysis.polysemanticity import path_gain
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.settings import require_whole

CARRIES = 0.1
"""A neuron carries a feature if the absolute value of the path gain is at least this."""

SERVED = 0.5
"""A side of a feature is computed if its path gains sum to at least this; 1 would be exact."""

WEAK = 0.1
"""A side is computed in part from this sum on; with less the feature is not represented on it."""

Sides = Literal[
    "computed",
    "both sides",
    "positive side only",
    "negative side only",
    "in part",
    "not represented",
]
"""Which sides of a feature are computed; "computed" if it has only one side."""

COMPUTED: dict[Sides, str] = {
    "computed": "computed",
    "both sides": "computed on both sides",
    "positive side only": "computed on its positive side only",
    "negative side only": "computed on its negative side only",
    "in part": "computed in part",
    "not represented": "not represented",
}
"""The words for `Sides` after "the feature is"."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Interference:
    """What each feature, present alone, adds to each output before the output's bias and ReLU.

    The diagonals are what features do for their own output: the sums of their path gains.

    Attributes:
        high: (receiving, interfering), with the interfering feature at the upper end of its range.
        low: (receiving, interfering), with it at the lower end; zeros if features have no values
            below 0. Without hidden biases, effects are linear between 0 and either end.
        two_sided: whether features have values below 0.
    """

    high: Float[np.ndarray, "receiving interfering"]
    low: Float[np.ndarray, "receiving interfering"]
    two_sided: bool = True

    @cached_property
    def worst(self) -> Float[np.ndarray, "receiving interfering"]:
        """The larger effect of both ends, signed; 0 on the diagonal."""
        worst = np.where(np.abs(self.high) >= np.abs(self.low), self.high, self.low)
        np.fill_diagonal(worst, 0)
        return worst

    @cached_property
    def mean(self) -> Float[np.ndarray, "receiving interfering"]:
        """The mean effect over the values of an active feature, signed; 0 on the diagonal."""
        mean = (self.high + self.low) / (4 if self.two_sided else 2)
        np.fill_diagonal(mean, 0)
        return mean

    @cached_property
    def sides(self) -> tuple[Sides, ...]:
        """Which sides of each feature are computed, by the sums of its path gains.

        A side is computed from a sum of `SERVED` on. "in part" means that no side is, but at least
        one reaches `WEAK`.
        """
        if not self.two_sided:
            own = np.diag(self.high).tolist()
            return tuple("computed" if high >= SERVED else _sides(high, 0) for high in own)
        ends = zip(np.diag(self.high).tolist(), np.diag(self.low).tolist(), strict=True)
        return tuple(_sides(high, low) for high, low in ends)


def _sides(high: float, low: float) -> Sides:
    if min(high, low) >= SERVED:
        return "both sides"
    if high >= SERVED:
        return "positive side only"
    if low >= SERVED:
        return "negative side only"
    return "in part" if max(high, low) >= WEAK else "not represented"


def interference(config: Config, weights: Weights) -> Interference:
    """Compute what every feature, present alone, adds to every output.

    Example:
        found = tm.interference(model.config, model.weights)
        found.worst[2, 0]  # what feature 0 does to output 2, at worst

    Args:
        config: gives the range of the features.
        weights: the network.
    """
    task = config.definition
    idle = weights.W2 @ weights.activate(weights.b_hidden)[:, None]
    high, low = (
        weights.W2 @ weights.activate(weights.W1 * np.float32(end) + weights.b_hidden[:, None])
        - idle
        for end in (task.high, task.low)
    )
    return Interference(high=high, low=low, two_sided=task.low < 0)


def carriers(weights: Weights, feature: int) -> Int[np.ndarray, " neuron"]:
    """Find the neurons that carry a feature: those with a path gain of at least 0.1, of any sign.

    Example:
        tm.carriers(model.weights, 0)

    Args:
        weights: the network.
        feature: the number of the feature, from 0.

    Returns:
        Numbers of neurons, the largest path gain first.

    Raises:
        SettingError: if there is no such feature.
    """
    require_whole("feature", feature, 0, weights.W1.shape[1] - 1)
    gain = np.abs(path_gain(weights.W1, weights.W2)[:, feature])
    order = np.argsort(-gain, kind="stable")
    return order[gain[order] >= CARRIES]


def forward(
    config: Config, weights: Weights, inputs: Sequence[tuple[int, float]]
) -> tuple[Float[np.ndarray, " neuron"], Float[np.ndarray, " feature"]]:
    """Compute activations and outputs for one input.

    Args:
        config: gives the number of features.
        weights: the network.
        inputs: the active features with their values; the others are 0.

    Returns:
        Activations, (neuron,), and outputs, (feature,).

    Raises:
        SettingError: if there is no such feature.
    """
    for feature, _ in inputs:
        require_whole("feature", feature, 0, config.n_features - 1)
    x = np.zeros((config.n_features, 1), np.float32)
    for feature, value in inputs:
        x[feature] = value
    return weights.hidden(x)[:, 0], weights.output(x)[:, 0]
