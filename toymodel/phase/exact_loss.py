"""Exact losses of networks with two features, by integration instead of sampling.

Along a ray from the origin every pre-activation is linear in the distance. So the squared error is
a piecewise polynomial of the distance, whose integral has a closed form. Over the angle it is
smooth between the rays on which a neuron or a target has its kink; Gauss-Legendre quadrature
integrates it there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, kw_only=True, eq=False)
class Rays:
    """Rays in the plane of two features, each of them 0 or uniform on [-1, 1].

    Attributes:
        direction: (*net, ray, 2), unit vectors.
        reach: (*net, ray), the distance at which a ray leaves the square.
        alone: (ray,), 1 for a ray on which one feature is active alone, 0 for both.
        share: (*net, ray), the weight of a ray in the mean over inputs with this many active
            features, without the factor of the distance (1 for one feature, r for two).
    """

    direction: Float[np.ndarray, "*net ray 2"]
    reach: Float[np.ndarray, "*net ray"]
    alone: Float[np.ndarray, " ray"]
    share: Float[np.ndarray, "*net ray"]

    def chances(self, p: Float[np.ndarray, "*net"]) -> Float[np.ndarray, "*net ray"]:
        """The weight of each ray in the mean over all inputs; p: the feature probability."""
        p = p[..., None]
        return self.share * np.where(self.alone > 0, p * (1 - p), p * p)

    def powers(
        self, low: Float[np.ndarray, "*all ray"], high: Float[np.ndarray, "*all ray"]
    ) -> tuple[
        Float[np.ndarray, "*all ray"], Float[np.ndarray, "*all ray"], Float[np.ndarray, "*all ray"]
    ]:
        """Integrate 1, r and r^2 over the distance r from low to high, with its factor."""
        low2, high2 = low * low, high * high
        ones = (high - low, (high2 - low2) / 2, (high2 * high - low2 * low) / 3)
        higher = (*ones[1:], (high2 * high2 - low2 * low2) / 4)
        first, second, third = (
            np.where(self.alone > 0, a, b) for a, b in zip(ones, higher, strict=True)
        )
        return first, second, third


def rays(
    kinks: Float[np.ndarray, "*net kink"], *, points: int = 24, mirrored: bool = False
) -> Rays:
    """Choose the rays on which to integrate.

    Args:
        kinks: angles at which a neuron has its kink, in radians.
        points: rays between two kinks.
        mirrored: whether the integrand is the same at x and -x, so that half of the plane is
            enough.
    """
    turn, eighths = (np.pi, 4) if mirrored else (2 * np.pi, 8)
    shape = kinks.shape[:-1]
    # At multiples of 45 degrees a target has its kink, or the square its corner.
    known = np.broadcast_to(np.arange(eighths) * np.pi / 4, (*shape, eighths))
    edges = np.sort(np.concatenate([known, np.mod(kinks, turn)], axis=-1), axis=-1)
    edges = np.concatenate([edges, edges[..., :1] + turn], axis=-1)
    middle, half = (edges[..., 1:] + edges[..., :-1]) / 2, np.diff(edges) / 2
    nodes, weights = np.polynomial.legendre.leggauss(points)
    angle = (middle[..., None] + half[..., None] * nodes).reshape(*shape, -1)
    share = (half[..., None] * weights).reshape(*shape, -1) * np.pi / (2 * turn)
    axes = np.broadcast_to(np.arange(eighths // 2) * np.pi / 2, (*shape, eighths // 2))
    angle = np.concatenate([axes, angle], axis=-1)
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    direction[np.abs(direction) < 1e-15] = 0  # exactly on the axes
    return Rays(
        direction=direction,
        reach=1 / np.abs(direction).max(axis=-1),
        alone=(np.arange(angle.shape[-1]) < axes.shape[-1]).astype(np.float64),
        share=np.concatenate([np.full_like(axes, np.pi / turn), share], axis=-1),
    )


def active(
    slope: Float[np.ndarray, "*#all ray"],
    bias: Float[np.ndarray, "*#all 1"],
    reach: Float[np.ndarray, "*#all ray"],
) -> tuple[Float[np.ndarray, "*#all ray"], Float[np.ndarray, "*#all ray"]]:
    """Find where slope r + bias is above 0 on each ray.

    Returns:
        The distances from which and to which it is, low and high, each (*all, ray).
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        zero = np.where(slope == 0, np.inf, -bias / np.where(slope == 0, 1, slope))
    rising = (slope > 0) | ((slope == 0) & (bias > 0))
    low = np.where(rising, np.where(slope > 0, np.clip(zero, 0, reach), 0), 0)
    high = np.where(rising, reach, np.where(slope < 0, np.clip(zero, 0, reach), 0))
    return low, high


def squared_errors(
    p: Float[np.ndarray, " net"],
    W1: Float[np.ndarray, "net neuron 2"],
    W2: Float[np.ndarray, "net 2 neuron"],
    b: Float[np.ndarray, "net 2"],
) -> Float[np.ndarray, "net 2"]:
    """Compute E (y_i - |x_i|)^2 for both outputs of networks y = ReLU(W2 ReLU(W1 x) + b).

    Args:
        p: (net,), the probability of each feature, in (0, 1].
        W1: input weights, (net, neuron, 2).
        W2: output weights, (net, 2, neuron).
        b: output biases, (net, 2).

    Returns:
        Errors, (net, 2), accurate to at least five digits.
    """
    W1, W2, b = (np.asarray(a, np.float64) for a in (W1, W2, b))
    normal = np.arctan2(W1[..., 1], W1[..., 0])
    found = rays(np.concatenate([normal + np.pi / 2, normal - np.pi / 2], axis=-1))
    hidden = np.maximum(found.direction @ W1.swapaxes(-1, -2), 0)
    slope = np.moveaxis(hidden @ W2.swapaxes(-1, -2), -1, 0)  # (output, net, ray)
    target = np.abs(np.moveaxis(found.direction, -1, 0))
    bias = b.T[..., None]
    low, high = active(slope, bias, found.reach)
    first, second, third = found.powers(low, high)
    _, _, whole = found.powers(np.zeros_like(found.reach), found.reach)
    error = (
        target**2 * whole
        + slope * (slope - 2 * target) * third
        + 2 * bias * (slope - target) * second
        + bias**2 * first
    )
    empty = ((1 - p) ** 2 * np.maximum(b, 0).T ** 2).T
    return np.moveaxis((error * found.chances(p)).sum(axis=-1), 0, -1) + empty
