"""How much memory a training takes."""

from __future__ import annotations

import os
from collections.abc import Sequence

from toymodel.config import Config, Recipe


def training_megabytes(configs: Sequence[Config], recipe: Recipe) -> int:
    """What training these models together takes, within a third or so, above an idle process.

    Weights are held five times (gradients, Adam's two moments and a place to work in), activations
    of a batch once, and inputs for some steps.
    """
    floats = 0.0
    for c in configs:
        weights = 2 * c.n_features * c.n_neurons + c.n_features
        activations = recipe.batch_size * (2 * c.n_neurons + 3 * c.n_features)
        inputs = recipe.batch_size * c.n_features
        floats += 1.4 * recipe.restarts * (5 * weights + activations) + 10 * inputs
    return int(4 * floats / 2**20) + 1


def physical_megabytes() -> int:
    """The memory of this machine; a terabyte where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (AttributeError, ValueError, OSError):  # not on Windows
        return 2**20
