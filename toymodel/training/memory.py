"""How much memory a training takes, and how much there is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from toymodel.config import Config
from toymodel.recipe import Recipe, drawn_features
from toymodel.sampling import strata_rows

# Multiplications of a forward layer in a block of steps: a fifth of a second, after which a
# training can be stopped. With fewer, shards would leave a core's cache more often than they need.
_MAX_BLOCK_WORK = 2**29
_MAX_BLOCK_STEPS = 32
_MAX_BLOCK_DRAWS = 2**24  # numbers that are drawn for the block: 64 MB


def block_steps(configs: Sequence[Config], recipe: Recipe) -> int:
    """How many steps a shard takes before the next shard does; inputs are drawn for so many."""
    products = sum(recipe.trained_features(c) * c.n_neurons for c in configs)
    work = recipe.batch_size * recipe.restarts * products
    streams = {(c.seed, drawn_features(c, recipe)) for c in configs}
    draws = recipe.batch_size * sum(n_features for _, n_features in streams)
    affordable = min(_MAX_BLOCK_WORK // max(1, work), _MAX_BLOCK_DRAWS // max(1, draws))
    return max(1, min(_MAX_BLOCK_STEPS, affordable))


def training_megabytes(configs: Sequence[Config], recipe: Recipe) -> int:
    """About how many MB a training of all these models takes, beyond those of an idle process.

    It counts the weights four times (with gradients and Adam's two moments) and some more for
    writing a checkpoint, the activations of a batch, the inputs of a block of steps, and a table
    for each input stream. It does not count the 250 MB that each worker takes before any work.
    """
    floats = 0.0
    block = block_steps(configs, recipe)
    for c in configs:
        n = recipe.trained_features(c)
        weights = 2 * n * c.n_neurons + n
        activations = recipe.batch_size * (2 * c.n_neurons + 3 * n)
        inputs = (block + 4) * recipe.batch_size * drawn_features(c, recipe)
        floats += recipe.restarts * (14 * weights + 1.4 * activations) + 1.2 * inputs
    if recipe.sampler == "tilted":
        streams = {(c.seed, drawn_features(c, recipe)) for c in configs}
        floats += 1.5 * len(streams) * strata_rows(recipe.batch_size) * recipe.batch_size
    return int(4 * floats / 2**20) + 1


def physical_megabytes() -> int:
    """MB of memory of this machine, or of this container if less; a terabyte if unknown."""
    try:
        megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (AttributeError, ValueError, OSError):  # not on Windows
        return 2**20
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            text = Path("/sys/fs/cgroup", name).read_text().strip()
        except OSError:
            continue
        if text.isdecimal():
            megabytes = min(megabytes, int(text) // 2**20)
    return max(megabytes, 1)
