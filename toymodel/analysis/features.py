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
"""A neuron carries a feature from this path gain on, of either sign."""

SERVED = 0.5
"""A side of a feature is computed from this sum of path gains on; 1 would be exact."""

WEAK = 0.1
"""From this sum on a side is computed in part; below, the feature is not represented on it."""

Sides = Literal[
    "computed",
    "both sides",
    "positive side only",
    "negative side only",
    "in part",
    "not represented",
]


COMPUTED: dict[Sides, str] = {
    "computed": "computed",
    "both sides": "computed on both sides",
    "positive side only": "computed on its positive side only",
    "negative side only": "computed on its negative side only",
    "in part": "computed in part",
    "not represented": "not represented",
}
"""What `Sides` say of a feature."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Interference:
    """What feature k, present alone, adds to output i before the output's bias and ReLU.

    high, low: (receiving, interfering), for x_k at the upper and at the lower end of its range
    (1 and -1 in the absolute-value task); in proportion in between where there is no hidden bias.
    The diagonal is what a feature does for itself: the sums of its path gains on either side.
    two_sided: whether features have values below 0; where they have none, `low` is 0.
    """

    high: Float[np.ndarray, "receiving interfering"]
    low: Float[np.ndarray, "receiving interfering"]
    two_sided: bool = True

    @cached_property
    def worst(self) -> Float[np.ndarray, "receiving interfering"]:
        """Of both ends the one with the larger effect, signed; 0 on the diagonal."""
        worst = np.where(np.abs(self.high) >= np.abs(self.low), self.high, self.low)
        np.fill_diagonal(worst, 0)
        return worst

    @cached_property
    def mean(self) -> Float[np.ndarray, "receiving interfering"]:
        """The mean over the values of an active feature, signed; 0 on the diagonal."""
        mean = (self.high + self.low) / (4 if self.two_sided else 2)
        np.fill_diagonal(mean, 0)
        return mean

    @cached_property
    def sides(self) -> tuple[Sides, ...]:
        """Which sides of each feature are computed: path gains summing to `SERVED` and more.

        "in part" where neither side is, and one reaches `WEAK`. "computed" where there is one side
        alone.
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
    """What every feature alone adds to every output."""
    task = config.definition
    rest = weights.W2 @ np.maximum(weights.b_hidden, 0)[:, None]
    high, low = (
        weights.W2 @ np.maximum(weights.W1 * np.float32(end) + weights.b_hidden[:, None], 0) - rest
        for end in (task.high, task.low)
    )
    return Interference(high=high, low=low, two_sided=task.low < 0)


def carriers(weights: Weights, feature: int) -> Int[np.ndarray, " neuron"]:
    """The neurons that carry a feature, the largest path gain first.

    Raises `SettingError` for a feature that is not there.
    """
    require_whole("feature", feature, 0, weights.W1.shape[1] - 1)
    gain = np.abs(path_gain(weights.W1, weights.W2)[:, feature])
    order = np.argsort(-gain, kind="stable")
    return order[gain[order] >= CARRIES]


def answers(
    config: Config, weights: Weights, inputs: Sequence[tuple[int, float]]
) -> tuple[Float[np.ndarray, " neuron"], Float[np.ndarray, " feature"]]:
    """Activations and outputs for one input, given as (feature, value); the others are 0.

    Raises `SettingError` for a feature that is not there.
    """
    for feature, _ in inputs:
        require_whole("feature", feature, 0, config.n_features - 1)
    x = np.zeros((config.n_features, 1), np.float32)
    for feature, value in inputs:
        x[feature] = value
    return weights.hidden(x)[:, 0], weights.output(x)[:, 0]
