"""Many models of one setting that differ only in their seed or their restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from toymodel.config import MAX_SEED, Config
from toymodel.model import Model, Weights
from toymodel.settings import require_whole

MAX_SEEDS = 64
"""Seeds of an ensemble."""


class Member(NamedTuple):
    """One trained network of an ensemble.

    Attributes:
        number: its position among all seeds and restarts, those that are missing counted.
        config: its config.
        restart: the number of its restart.
        weights: the network.
        loss: its normalised loss.
    """

    number: int
    config: Config
    restart: int
    weights: Weights
    loss: float


def with_seeds(config: Config, count: int) -> list[Config]:
    """Copy a config with several seeds, from its own seed upwards.

    Args:
        config: the first config.
        count: how many configs, 1 to 64.

    Raises:
        SettingError: for another count, or if there are not so many seeds.
    """
    require_whole("seeds", count, 1, min(MAX_SEEDS, MAX_SEED - config.seed + 1))
    return [config.replace(seed=config.seed + k) for k in range(count)]


def members(models: Sequence[Model | None], restarts: int) -> list[Member]:
    """List every restart of every model.

    Args:
        models: the models in the order of their seeds; None for one that is missing.
        restarts: how many the recipe has. A model has fewer if some diverged.
    """
    return [
        Member(k * restarts + r, model.config, r, weights, float(model.losses[r]))
        for k, model in enumerate(models)
        if model
        for r, weights in enumerate(model.restarts)
    ]
