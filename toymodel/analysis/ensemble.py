"""Many models of one setting, which differ in their seed or in their restart alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from toymodel.config import MAX_SEED, Config
from toymodel.model import Model, Weights
from toymodel.settings import require_whole

MOST_SEEDS = 64


class Member(NamedTuple):
    """One trained network of an ensemble. number: its place, seeds first, then restarts."""

    number: int
    config: Config
    restart: int
    weights: Weights
    loss: float


def with_seeds(config: Config, count: int) -> list[Config]:
    """The config with `count` seeds, from its own on; up to 64.

    Raises `SettingError` for another count, or where there are not so many seeds.
    """
    require_whole("seeds", count, 1, min(MOST_SEEDS, MAX_SEED - config.seed + 1))
    return [config.replace(seed=config.seed + k) for k in range(count)]


def members(models: Sequence[Model | None], restarts: int) -> list[Member]:
    """Every restart of every model, in their order; None stands for one that is not there.

    restarts: of the recipe. A model that lost some in training has fewer.
    """
    return [
        Member(k * restarts + r, model.config, r, weights, float(model.losses[r]))
        for k, model in enumerate(models)
        if model
        for r, weights in enumerate(model.restarts)
    ]
