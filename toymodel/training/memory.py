"""How much memory a training takes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from toymodel.config import Config, Recipe
from toymodel.sampling import strata_rows

# Multiplications of a forward layer between two chances to stop, which is a fifth of a second; of
# fewer, shards would leave a core's cache sooner than they need.
_BLOCK = 2**29
_MOST_STEPS = 32
_DRAWN = 2**24  # numbers that are drawn for them: 64 MB


def block_steps(configs: Sequence[Config], recipe: Recipe) -> int:
    """Steps that a process makes at once, for which it draws its inputs beforehand."""
    products = sum(c.n_features * c.n_neurons for c in configs)
    work = recipe.batch_size * recipe.restarts * products
    streams = {(c.seed, c.n_features) for c in configs}
    drawn = recipe.batch_size * sum(n_features for _, n_features in streams)
    return max(1, min(_MOST_STEPS, _BLOCK // max(1, work), _DRAWN // max(1, drawn)))


def training_megabytes(configs: Sequence[Config], recipe: Recipe) -> int:
    """What training these models together takes, and pausing them, above an idle process; about.

    Weights are held four times (gradients and Adam's two moments are the others) and some more to
    write a pause, activations of a batch once, inputs for all steps of a block, a table for each
    seed. Helpers, which take some 250 MB each before they have work, are not counted.
    """
    floats = 0.0
    for c in configs:
        weights = 2 * c.n_features * c.n_neurons + c.n_features
        activations = recipe.batch_size * (2 * c.n_neurons + 3 * c.n_features)
        inputs = (block_steps(configs, recipe) + 3) * recipe.batch_size * c.n_features
        floats += recipe.restarts * (14 * weights + 1.4 * activations) + 1.2 * inputs
    if recipe.sampler == "tilted":
        streams = {(c.seed, c.n_features) for c in configs}
        floats += 1.5 * len(streams) * strata_rows(recipe.batch_size) * recipe.batch_size
    return int(4 * floats / 2**20) + 1


def physical_megabytes() -> int:
    """The memory of this machine, or of this container if less; a terabyte if unknown."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (AttributeError, ValueError, OSError):  # not on Windows
        return 2**20
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            text = Path("/sys/fs/cgroup", name).read_text().strip()
        except OSError:
            continue
        if text.isdecimal():
            whole = min(whole, int(text) // 2**20)
    return max(whole, 1)
