"""What features do to each other's outputs, which neurons carry them, and how far they align.

Paper: "Computation in Superposition": features correspond to sets of neurons. "Superposition in a
Privileged Basis": the hidden ReLU makes features align with neurons. What features do to each
other's outputs is exact; what is read off neurons is measured on the evaluation stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int

from toymodel.analysis.loss import evaluation_inputs
from toymodel.analysis.polysemanticity import effective_neurons, path_gain
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.sampling import Stream, generator
from toymodel.settings import require_whole

CARRIES = 0.1
"""A neuron carries a feature if the absolute value of the path gain is at least this."""

SERVED = 0.5
"""A side of a feature is computed if its path gains sum to at least this; 1 would be exact."""

WEAK = 0.1
"""A side is computed in part from this sum on; with less the feature is not represented on it."""

_MAX_ROTATIONS = 4
_ROTATED_NEURONS = 400  # of all rotations together: in more dimensions single ones differ less
_MAX_BASIS_EXAMPLES = 2**13
_MIN_BASIS_EXAMPLES = 2**10
_BASIS_MULTIPLICATIONS = 2e9  # bounds the time of one network
_ROUNDING = 1e-9

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


@dataclass(frozen=True, kw_only=True, eq=False)
class PrivilegedBasis:
    """How much a network depends on the basis that its neurons are, beside random rotations of it.

    In a rotated network W1 and the hidden biases are multiplied by a rotation, and W2 by its
    inverse. With a linear hidden layer it computes the same; with a ReLU between them it does not.
    Values of rotated networks are means over several rotations.

    Attributes:
        effective_neurons: (feature,), the neurons that a feature is spread over, 1 to m; NaN for a
            feature that is not represented.
        rotated_neurons: (feature,), the same in rotated networks.
        read_off: (feature,), the share of the target's variance, 0 to 1, that the best linear
            function of the feature's own neurons explains. These are as many as compute a feature
            exactly (two for |x|, one for x): the one that explains most, and the one that
            explains most of the rest.
        rotated_read_off: (feature,), the same for rotated activations, Q h.
        loss: the normalised loss, on the examples that these values are measured on.
        rotated_loss: that of rotated networks.
    """

    effective_neurons: Float64[np.ndarray, " feature"]
    rotated_neurons: Float64[np.ndarray, " feature"]
    read_off: Float64[np.ndarray, " feature"]
    rotated_read_off: Float64[np.ndarray, " feature"]
    loss: float
    rotated_loss: float

    def mean(self, config: Config, values: Float64[np.ndarray, " feature"]) -> float:
        """The mean over the features that are represented, weighted by importance.

        Args:
            config: gives the importances.
            values: an attribute of this result.

        Returns:
            The mean; NaN if no feature is represented.
        """
        there = np.isfinite(self.effective_neurons)
        if not there.any():
            return float("nan")
        return float(np.average(values[there], weights=config.importance[there]))


def privileged_basis(config: Config, weights: Weights) -> PrivilegedBasis:
    """Measure how far features align with neurons, beside random rotations of the hidden space.

    Args:
        config: gives the task, the feature probability and the importances.
        weights: the network.
    """
    n, m = config.n_features, config.n_neurons
    rotations = random_rotations(m, max(1, min(_MAX_ROTATIONS, _ROTATED_NEURONS // m)))
    multiplications = n * m + (n + m) ** 2 + (1 + len(rotations)) * m * (n + m)
    affordable = int(_BASIS_MULTIPLICATIONS / multiplications)
    examples = max(_MIN_BASIS_EXAMPLES, min(_MAX_BASIS_EXAMPLES, affordable))
    losses = np.zeros(1 + len(rotations))
    mean, square = np.zeros(m + n), np.zeros((m + n, m + n))
    importance = config.importance.astype(np.float64)
    total = 0.0
    for x, weight, _ in evaluation_inputs(config, examples):
        target = config.definition.target(x)
        drive = weights.W1 @ x + weights.b_hidden[:, None]
        both = np.concatenate([weights.activate(drive), target]).astype(np.float64)
        mean += both @ weight
        square += (both * weight) @ both.T
        total += float(weight.sum())
        for k, Q in enumerate([np.eye(m, dtype=np.float32), *rotations]):
            output = (weights.W2 @ Q.T) @ weights.activate(Q @ drive) + weights.b[:, None]
            losses[k] += importance @ np.square(np.maximum(output, 0) - target) @ weight
    mean /= total
    covariance = square / total - np.outer(mean, mean)
    losses /= total * config.loss_scale
    spread = [effective_neurons(Q @ weights.W1) for Q in rotations]
    rotated = [_turned(covariance, Q) for Q in rotations]
    neurons = config.definition.neurons
    return PrivilegedBasis(
        effective_neurons=effective_neurons(weights.W1),
        rotated_neurons=np.mean(spread, axis=0),
        read_off=_read_off(covariance, m, neurons),
        rotated_read_off=np.mean([_read_off(each, m, neurons) for each in rotated], axis=0),
        loss=float(losses[0]),
        rotated_loss=float(losses[1:].mean()),
    )


def random_rotations(
    dimensions: int, count: int
) -> Float[np.ndarray, "rotation dimension dimension"]:
    """Draw orthogonal matrices from the uniform (Haar) distribution, the same ones every time.

    Args:
        dimensions: of the space that they rotate.
        count: how many.

    Returns:
        float32, (rotation, dimension, dimension).
    """
    random = generator(Stream.ROTATIONS, dimensions)
    Q, R = np.linalg.qr(random.standard_normal((count, dimensions, dimensions)))
    # Without the signs of R's diagonal, which QR may choose, the distribution is not uniform.
    signs = np.sign(np.diagonal(R, axis1=1, axis2=2))
    return (Q * signs[:, None, :]).astype(np.float32)


def _turned(
    covariance: Float64[np.ndarray, "both both"], Q: Float[np.ndarray, "neuron neuron"]
) -> Float64[np.ndarray, "both both"]:
    # The covariance of activations and targets after a rotation of the activations.
    turned = covariance.copy()
    m = len(Q)
    turned[:m] = Q @ turned[:m]
    turned[:, :m] = turned[:, :m] @ Q.T
    return turned


def _read_off(
    covariance: Float64[np.ndarray, "both both"], m: int, count: int
) -> Float64[np.ndarray, " feature"]:
    # R^2 of the least-squares fit of each target by one activation, or by two: the one that
    # explains most, and the one that explains most of the rest.
    hidden, joint = covariance[:m, :m], covariance[:m, m:]
    variance, feature = np.diag(covariance)[m:], np.arange(covariance.shape[0] - m)
    own = np.repeat(np.diag(hidden)[:, None], len(feature), axis=1)
    first = _explained(joint, own, own)
    best = first.argmax(axis=0)
    fit = first[best, feature]
    if count == 2:
        slope = np.divide(
            hidden[:, best],
            own[best, feature],
            out=np.zeros_like(joint),
            where=own[best, feature] > 0,
        )
        rest = _explained(joint - slope * joint[best, feature], own - slope * hidden[:, best], own)
        fit += rest.max(axis=0)
    share = np.divide(fit, variance, out=np.zeros_like(fit), where=variance > 0)
    return np.clip(share, 0, 1)


def _explained(
    joint: Float64[np.ndarray, "neuron feature"],
    left: Float64[np.ndarray, "neuron feature"],
    own: Float64[np.ndarray, "neuron feature"],
) -> Float64[np.ndarray, "neuron feature"]:
    # The variance of a target that an activation explains; none where what is left of the
    # activation's own variance is rounding.
    there = left > _ROUNDING * own
    return np.divide(joint**2, left, out=np.zeros_like(joint), where=there)
