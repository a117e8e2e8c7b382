"""The exact solutions that two neurons have for |x| of two features.

Paper: "Computation in Superposition", in the smallest system that has to choose. The solution with
the lowest loss at each density and importance ratio gives the theoretical phase diagram.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from toymodel.phase.exact_loss import active, rays

Candidate = Literal["first", "second", "sides", "equal", "shared"]

CANDIDATES: dict[Candidate, str] = {
    "first": "the first alone",
    "second": "the second alone",
    "sides": "a neuron each",
    "equal": "shared evenly",
    "shared": "shared, at the best ratio",
}
"""The solutions, in words.

"first" and "second": both neurons serve one feature, and the other output is the best constant.
"sides": each neuron serves one side of one feature. "equal" and "shared": both neurons serve both
features, one from either side, with equal input weights or with the best ratio of them.
"""

ANGLES = np.arange(181) * np.pi / 360
"""(angle,), of the direction (cos, sin) that shared neurons read: 0 to 90 degrees, in radians."""

_ROUNDS = 30


@dataclass(frozen=True, kw_only=True, eq=False)
class SharedSolutions:
    """The best outputs of two neurons that read one direction, one from either side.

    At angle a, h = ReLU(+-(x_1 cos a + x_2 sin a)) and y_i = ReLU(gain u + bias), where u is the
    sum of both activations. All values are those of the first output; those of the second are at
    90 degrees less the angle.

    Attributes:
        error: (density, angle), E (y - |x|)^2.
        gain: (density, angle), the best output weight of both neurons.
        bias: (density, angle), the best output bias.
    """

    error: Float[np.ndarray, "density angle"]
    gain: Float[np.ndarray, "density angle"]
    bias: Float[np.ndarray, "density angle"]


@lru_cache(maxsize=8)
def shared_solutions(densities: tuple[float, ...]) -> SharedSolutions:
    """Find the best gains and biases at every angle.

    Args:
        densities: feature probabilities, each in (0, 1].
    """
    p = np.array(densities)[:, None]
    shape = len(p), len(ANGLES)
    found = rays(ANGLES[:, None] + np.pi / 2, points=8, mirrored=True)
    slope = np.abs(
        found.direction[..., 0] * np.cos(ANGLES)[:, None]
        + found.direction[..., 1] * np.sin(ANGLES)[:, None]
    )
    slope[slope < 1e-15] = 0
    target = np.abs(found.direction[..., 0])
    chance = found.chances(np.broadcast_to(p, shape))
    *_, whole = found.powers(np.zeros_like(found.reach), found.reach)
    error_of_zero = (chance * target**2 * whole).sum(axis=-1)

    def moments(gain: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, ...]:
        low, high = active(gain[..., None] * slope, bias[..., None], found.reach)
        first, second, third = found.powers(low, high)
        return (
            (chance * slope**2 * third).sum(axis=-1),
            (chance * slope * second).sum(axis=-1),
            (chance * first).sum(axis=-1) + (1 - p) ** 2 * (bias > 0),
            (chance * slope * target * third).sum(axis=-1),
            (chance * target * second).sum(axis=-1),
        )

    gain, bias, step = np.ones(shape), np.zeros(shape), np.ones(shape)
    current = moments(gain, bias)
    error = error_of_zero + _quadratic(gain, bias, *current)
    for _ in range(_ROUNDS):
        # The best gain and bias for the inputs on which the output is active now: a step towards
        # them, shortened if the active inputs change so much that the error would grow.
        to_gain, to_bias = _lowest(*current)
        new_gain = np.maximum(gain + step * (to_gain - gain), 0)
        new_bias = bias + step * (to_bias - bias)
        new_moments = moments(new_gain, new_bias)
        new_error = error_of_zero + _quadratic(new_gain, new_bias, *new_moments)
        lower = new_error < error
        step = np.where(lower, np.minimum(1, 2 * step), step / 2)
        gain, bias = np.where(lower, new_gain, gain), np.where(lower, new_bias, bias)
        current = tuple(np.where(lower, a, b) for a, b in zip(new_moments, current, strict=True))
        error = np.where(lower, new_error, error)
    return SharedSolutions(error=error, gain=gain, bias=bias)


# The moments of the active part of an output are E u^2, E u, E 1, E u t and E t, where u is the
# sum of both activations and t the target.


def _quadratic(
    gain: np.ndarray,
    bias: np.ndarray,
    uu: np.ndarray,
    u: np.ndarray,
    one: np.ndarray,
    ut: np.ndarray,
    t: np.ndarray,
) -> np.ndarray:
    # The error of an output gain u + bias, less E t^2.
    square = gain**2 * uu + 2 * gain * bias * u + bias**2 * one
    return square - 2 * (gain * ut + bias * t)


def _lowest(
    uu: np.ndarray, u: np.ndarray, one: np.ndarray, ut: np.ndarray, t: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    # The gain and the bias at which `_quadratic` is lowest.
    determinant = uu * one - u * u
    determinant = np.where(determinant > 1e-12 * uu * one, determinant, np.inf)
    return (ut * one - t * u) / determinant, (uu * t - u * ut) / determinant


@dataclass(frozen=True, kw_only=True, eq=False)
class Theory:
    """The exact normalised losses of all solutions.

    Attributes:
        losses: (density, ratio) for every solution.
        angle: (density, ratio), the angle of the best shared solution, in radians from 0 (the
            first feature alone) to pi/2 (the second alone).
    """

    losses: dict[Candidate, Float[np.ndarray, "density ratio"]]
    angle: Float[np.ndarray, "density ratio"]

    @property
    def lowest(self) -> Float[np.ndarray, "density ratio"]:
        """The loss of the best solution, (density, ratio)."""
        return np.min(list(self.losses.values()), axis=0)

    def best(self, min_ratio: float) -> Int[np.ndarray, "density ratio"]:
        """Which solution is best: 0 for the first feature, 1 for the second, 2 for a shared one.

        Args:
            min_ratio: a neuron counts as shared if its smaller input weight is at least this share
                of the larger one, in (0, 1].
        """
        weight_ratio = np.tan(np.minimum(self.angle, np.pi / 2 - self.angle))
        alone = np.where(self.angle < np.pi / 4, 0, 1)
        return np.where(weight_ratio < min_ratio, alone, 2)


def theory(densities: tuple[float, ...], ratios: tuple[float, ...]) -> Theory:
    """Compute the exact losses of all solutions.

    Args:
        densities: feature probabilities, each in (0, 1].
        ratios: importances of the second feature over the first, each above 0.
    """
    p, r = np.array(densities)[:, None], np.array(ratios)[None, :]
    scale = p / 3 * (1 + r)
    found = shared_solutions(tuple(densities))
    own, other = found.error[:, None, :], found.error[:, None, ::-1]
    by_angle = (own + r[..., None] * other) / scale[..., None]
    best = by_angle.argmin(axis=-1)
    constant = p / 3 - p**2 / 4
    side = _side_error(p)
    losses: dict[Candidate, np.ndarray] = {
        "first": r * constant / scale,
        "second": constant / scale,
        "sides": side * (1 + r) / scale,
        "equal": by_angle[..., len(ANGLES) // 2],
        "shared": by_angle.min(axis=-1),
    }
    return Theory(losses=losses, angle=ANGLES[best])


def candidate_network(
    name: Candidate, density: float, ratio: float
) -> tuple[Float[np.ndarray, "neuron 2"], Float[np.ndarray, "2 neuron"], Float[np.ndarray, " 2"]]:
    """Make the network of a solution at a density and an importance ratio.

    Returns:
        W1, (neuron, feature), W2, (feature, neuron), and b, (feature,).
    """
    constant = density / 2
    if name in ("first", "second"):
        own = 0 if name == "first" else 1
        W1, W2, b = np.zeros((2, 2)), np.zeros((2, 2)), np.full(2, constant)
        W1[:, own], W2[own], b[own] = (1, -1), 1, 0
        return W1, W2, b
    if name == "sides":
        gain, bias = _lowest(*_side_moments(np.array([density])))
        return np.eye(2), np.eye(2) * gain, np.repeat(bias, 2)
    angle = np.pi / 4 if name == "equal" else theory((density,), (ratio,)).angle[0, 0]
    found, k = shared_solutions((density,)), int(np.abs(ANGLES - angle).argmin())
    axis = np.array([np.cos(angle), np.sin(angle)])
    gain, bias = (np.array([each[0, k], each[0, ::-1][k]]) for each in (found.gain, found.bias))
    return np.stack([axis, -axis]), np.stack([gain, gain], axis=1), bias


def _side_error(p: np.ndarray) -> np.ndarray:
    # The lowest E (y - |x|)^2 of an output y = gain ReLU(x) + bias, which one neuron serves.
    moments = _side_moments(p)
    return p / 3 + _quadratic(*_lowest(*moments), *moments)


def _side_moments(p: np.ndarray) -> tuple[np.ndarray, ...]:
    return p / 6, p / 4, np.ones_like(p), p / 6, p / 2
