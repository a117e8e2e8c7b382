"""The solutions that two neurons have for |x| of two features, with their exact losses.

Paper: "Computation in Superposition", in the smallest system that has to choose. Which of them is
the best one at a density and a relative importance is the theoretical phase diagram.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from toymodel.phase.exact_loss import active, rays

Name = Literal["first", "second", "sides", "equal", "shared"]

CANDIDATES: dict[Name, str] = {
    "first": "the first alone",
    "second": "the second alone",
    "sides": "a neuron each",
    "equal": "shared evenly",
    "shared": "shared, at the best ratio",
}
"""What they are called. Alone: both neurons for one feature, and the best constant for the other
output. A neuron each: one side of either feature. Shared: both features in both neurons, one from
either side, with equal weights or with the best ratio of weights."""

ANGLES = np.arange(181) * np.pi / 360
"""Of the direction (cos, sin) that both neurons read, one from either side: 0 to 90 degrees."""

_ROUNDS = 30


@dataclass(frozen=True, kw_only=True, eq=False)
class Tilted:
    """Both neurons read one direction, h = ReLU(+-(x_1 cos a + x_2 sin a)), y_i = ReLU(g u + b).

    u is the sum of the two. error: (density, angle), the first output's E (y - |x|)^2 with the best
    gain and bias; the second output's is that of 90 degrees less. gain, bias: (density, angle).
    """

    error: Float[np.ndarray, "density angle"]
    gain: Float[np.ndarray, "density angle"]
    bias: Float[np.ndarray, "density angle"]


def tilted(densities: tuple[float, ...]) -> Tilted:
    """The best outputs at every angle; densities: feature probabilities in (0, 1]."""
    return _tilted(tuple(densities))


@lru_cache(maxsize=8)
def _tilted(densities: tuple[float, ...]) -> Tilted:
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
    least = (chance * target**2 * whole).sum(axis=-1)

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
    of = moments(gain, bias)
    error = least + _quadratic(gain, bias, *of)
    for _ in range(_ROUNDS):
        # The gain and bias that are best for what is active now: a step towards them, a shorter
        # one where what is active would change so much that the error would grow.
        to_gain, to_bias = _lowest(*of)
        new_gain = np.maximum(gain + step * (to_gain - gain), 0)
        new_bias = bias + step * (to_bias - bias)
        new_of = moments(new_gain, new_bias)
        new = least + _quadratic(new_gain, new_bias, *new_of)
        lower = new < error
        step = np.where(lower, np.minimum(1, 2 * step), step / 2)
        gain, bias = np.where(lower, new_gain, gain), np.where(lower, new_bias, bias)
        of = tuple(np.where(lower, a, b) for a, b in zip(new_of, of, strict=True))
        error = np.where(lower, new, error)
    return Tilted(error=error, gain=gain, bias=bias)


def _quadratic(
    gain: np.ndarray,
    bias: np.ndarray,
    uu: np.ndarray,
    u: np.ndarray,
    one: np.ndarray,
    ut: np.ndarray,
    t: np.ndarray,
) -> np.ndarray:
    square = gain**2 * uu + 2 * gain * bias * u + bias**2 * one
    return square - 2 * (gain * ut + bias * t)


def _lowest(
    uu: np.ndarray, u: np.ndarray, one: np.ndarray, ut: np.ndarray, t: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    determinant = uu * one - u * u
    determinant = np.where(determinant > 1e-12 * uu * one, determinant, np.inf)
    return (ut * one - t * u) / determinant, (uu * t - u * ut) / determinant


@dataclass(frozen=True, kw_only=True, eq=False)
class Theory:
    """Exact normalised losses at every density and relative importance of the second feature.

    losses: one (density, ratio) for every candidate. angle: (density, ratio), of the best shared
    solution, in radians from 0 (the first feature alone) to pi/2.
    """

    losses: dict[Name, Float[np.ndarray, "density ratio"]]
    angle: Float[np.ndarray, "density ratio"]

    @property
    def lowest(self) -> Float[np.ndarray, "density ratio"]:
        """The loss of the best candidate."""
        return np.min(list(self.losses.values()), axis=0)

    def best(self, least: float) -> Int[np.ndarray, "density ratio"]:
        """Which solution is best: 0 the first feature's, 1 the second's, 2 a shared one.

        least: in (0, 1], the smaller weight over the larger: from it on a neuron is shared.
        """
        tilt = np.tan(np.minimum(self.angle, np.pi / 2 - self.angle))
        alone = np.where(self.angle < np.pi / 4, 0, 1)
        return np.where(tilt < least, alone, 2)


def theory(densities: tuple[float, ...], ratios: tuple[float, ...]) -> Theory:
    """The candidates' losses; ratios: importance of the second feature over the first's."""
    p, r = np.array(densities)[:, None], np.array(ratios)[None, :]
    scale = p / 3 * (1 + r)
    found = tilted(densities)
    own, other = found.error[:, None, :], found.error[:, None, ::-1]
    every = (own + r[..., None] * other) / scale[..., None]
    best = every.argmin(axis=-1)
    constant = p / 3 - p**2 / 4
    side = _side(p)
    losses: dict[Name, np.ndarray] = {
        "first": r * constant / scale,
        "second": constant / scale,
        "sides": side * (1 + r) / scale,
        "equal": every[..., len(ANGLES) // 2],
        "shared": every.min(axis=-1),
    }
    return Theory(losses=losses, angle=ANGLES[best])


def candidate_network(
    name: Name, density: float, ratio: float
) -> tuple[Float[np.ndarray, "neuron 2"], Float[np.ndarray, "2 neuron"], Float[np.ndarray, " 2"]]:
    """W1, W2 and b of a candidate at its best, at a density and a relative importance."""
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
    found, k = tilted((density,)), int(np.abs(ANGLES - angle).argmin())
    axis = np.array([np.cos(angle), np.sin(angle)])
    gain, bias = (np.array([each[0, k], each[0, ::-1][k]]) for each in (found.gain, found.bias))
    return np.stack([axis, -axis]), np.stack([gain, gain], axis=1), bias


def _side(p: np.ndarray) -> np.ndarray:
    """The least E (y - |x|)^2 of an output y = g ReLU(x) + b that one neuron serves."""
    of = _side_moments(p)
    return p / 3 + _quadratic(*_lowest(*of), *of)


def _side_moments(p: np.ndarray) -> tuple[np.ndarray, ...]:
    return p / 6, p / 4, np.ones_like(p), p / 6, p / 2
