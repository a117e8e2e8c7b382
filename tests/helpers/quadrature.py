"""Errors of small networks, by the midpoint rule."""

from __future__ import annotations

import numpy as np

_GRID = (np.arange(600) + 0.5) / 300 - 1


def by_brute_force(p, W1, W2, b):
    """E (y - |x|)^2, by the midpoint rule on a grid for one and for two features."""
    line, zero = _GRID, np.zeros_like(_GRID)
    square = np.stack([a.ravel() for a in np.meshgrid(line, line)])

    def mean(x):
        y = np.maximum(W2 @ np.maximum(W1 @ x, 0) + b[:, None], 0)
        return ((y - np.abs(x)) ** 2).mean(axis=1)

    none = (1 - p) ** 2 * mean(np.zeros((2, 1)))
    one = p * (1 - p) * (mean(np.stack([line, zero])) + mean(np.stack([zero, line])))
    return none + one + p**2 * mean(square)
