"""What the training of a grid will take: time, disk space and memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from toymodel.config import Config
from toymodel.recipe import Recipe
from toymodel.storage.model_checks import RECORDS
from toymodel.storage.store import Store
from toymodel.sweeps.grid import Grid, shape_of, shards
from toymodel.sweeps.run_grid import missing
from toymodel.training.memory import training_megabytes

_HEADER = 1_400  # bytes of a model's file that are not tensors
_SAMPLE_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class GridEstimate:
    """What the training of a grid will take, about.

    Attributes:
        models: models of the grid.
        missing: of them, those that the store does not have.
        shards: into how many trainings the missing ones are divided.
        seconds: how long the missing ones take on this machine.
        bytes: the size of all models in the store.
        megabytes: the memory of the largest shard.
    """

    models: int
    missing: int
    shards: int
    seconds: float
    bytes: int
    megabytes: int


def estimate(grid: Grid, store: Store, device: str = "auto") -> GridEstimate:
    """Estimate what a grid will take: train for a second for each shape of model, keep nothing.

    Args:
        grid: the grid.
        store: where its models are looked for.
        device: as in `train`.
    """
    wanted = missing(grid, store)
    parts = list(shards(wanted, grid.recipe))
    seconds_a_model: dict[tuple[object, ...], float] = {}
    seconds = 0.0
    for part in parts:
        shape = shape_of(part[0])
        if shape not in seconds_a_model:
            seconds_a_model[shape] = _seconds(part, grid.recipe, device) / len(part)
        seconds += seconds_a_model[shape] * len(part)
    return GridEstimate(
        models=len(grid.configs),
        missing=len(wanted),
        shards=len(parts),
        seconds=seconds,
        bytes=size_of(grid),
        megabytes=max((training_megabytes(part, grid.recipe) for part in parts), default=0),
    )


def size_of(grid: Grid) -> int:
    """About how many bytes all models of a grid take in a store."""
    steps_a_record = -(-grid.recipe.steps // RECORDS)
    records = -(-grid.recipe.steps // steps_a_record) * grid.recipe.cycles
    total = 0
    for config in grid.configs:
        n, m = config.n_features, config.n_neurons
        numbers = 2 * n * m + n + m + 2 + records
        total += _HEADER + 12 * records + 4 * grid.recipe.restarts * numbers
    return total


def _seconds(shard: Sequence[Config], recipe: Recipe, device: str) -> float:
    from toymodel.training.train import training

    run = training(shard, recipe.replace(cycles=1), device=device, interval=_SAMPLE_SECONDS / 5)
    pace = float("inf")
    began = time.perf_counter()
    for snapshot in run:
        if snapshot.step:
            pace = snapshot.pace
        if time.perf_counter() - began > _SAMPLE_SECONDS and snapshot.step:
            break
    run.close()
    return pace * recipe.total_steps
