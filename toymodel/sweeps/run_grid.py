"""Training the models of a grid, in shards, on any executor."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass, field

from toymodel.config import Config, Recipe
from toymodel.errors import TrainingDiverged
from toymodel.model import Model
from toymodel.settings import SettingError
from toymodel.storage.model_file import RECORDS, model_key, write_whole
from toymodel.storage.store import Store
from toymodel.sweeps.grid import Grid, shards
from toymodel.training.memory import training_megabytes

ATTEMPTS = 3
"""How often a shard is tried before it is given up."""

_HEADER = 1_400  # bytes of a model's file that are not tensors
_POLL_SECONDS = 0.5
_SAMPLE_SECONDS = 1.0

Shard = tuple[Config, ...]
Trained = tuple[list[Model | None], list[str]]


@dataclass(frozen=True, kw_only=True)
class GridProgress:
    """Where the training of a grid stands.

    total: models of the grid. before: of them, those that were there already. done: those that
    came since. failed: those that were given up. seconds: since it began.
    """

    total: int
    before: int
    done: int
    failed: int
    seconds: float

    @property
    def remaining(self) -> float:
        """Seconds that the rest will take at this pace; infinite before the first shard."""
        left = self.total - self.before - self.done - self.failed
        return self.seconds / self.done * left if self.done else float("inf") if left else 0.0


@dataclass(kw_only=True)
class Outcome:
    """How the training of a grid ended: its last progress, and why models are missing."""

    progress: GridProgress
    reasons: list[str] = field(default_factory=list)


def train_shard(
    configs: Sequence[Config], recipe: Recipe, device: str, processes: int | None
) -> Trained:
    """Models in the order of the configs, None for those that diverged, and why they did."""
    from toymodel.training.train import train

    try:
        return [*train(configs, recipe, device=device, processes=processes)], []
    except TrainingDiverged as error:
        return error.models, error.reasons


def missing(grid: Grid, store: Store) -> list[Config]:
    """The configs of a grid of which the store has no model."""
    there = store.keys()
    return [config for config in grid.configs if model_key(config, grid.recipe) not in there]


def size_of(grid: Grid) -> int:
    """The bytes that the models of a grid take in a store, about."""
    every = -(-grid.recipe.steps // RECORDS)
    records = -(-grid.recipe.steps // every) * grid.recipe.cycles
    total = 0
    for config in grid.configs:
        n, m = config.n_features, config.n_neurons
        weights = 2 * n * m + n + m + 2
        total += _HEADER + 12 * records + 4 * grid.recipe.restarts * (weights + records)
    return total


def remember(grid: Grid, store: Store) -> None:
    """Note in the store that there is such a grid; raises `OSError` where that fails."""
    store.grids.mkdir(parents=True, exist_ok=True)
    write_whole(store.grids / f"{grid.key}.json", grid.to_json().encode())


def run_grid(
    grid: Grid,
    store: Store,
    executor: Executor,
    *,
    at_once: int = 2,
    processes: int | None = None,
    device: str = "auto",
    on_progress: Callable[[GridProgress], None] | None = None,
) -> Outcome:
    """Train what a store does not have of a grid; models are stored as their shards finish.

    at_once: shards that are with the executor. A shard that fails, with the worker that had it
    for instance, is tried again, three times in all; then it is given up, and the others go on.
    Configs that diverge are not tried again. Two programs may do so on one store. processes,
    device: as in `train`, for each shard.

    Raises `OSError` where models cannot be stored.
    """
    remember(grid, store)
    wanted = missing(grid, store)
    began = time.perf_counter()
    before, done, failed = len(grid.configs) - len(wanted), 0, 0
    waiting = deque(shards(wanted, grid.recipe))
    running: dict[Future[Trained], Shard] = {}
    attempts: Counter[Shard] = Counter()
    reasons: list[str] = []

    def progress() -> GridProgress:
        return GridProgress(
            total=len(grid.configs),
            before=before,
            done=done,
            failed=failed,
            seconds=time.perf_counter() - began,
        )

    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                shard = waiting.popleft()
                left = _left(shard, grid.recipe, store)
                before += len(shard) - len(left)  # another program has trained them by now
                if left:
                    future = executor.submit(
                        train_shard, list(left), grid.recipe, device, processes
                    )
                    running[future] = left
                    attempts[left] += attempts.pop(shard, 0) if left != shard else 0
            finished, _ = wait(running, _POLL_SECONDS, FIRST_COMPLETED)
            for future in finished:
                shard = running.pop(future)
                try:
                    models, why = future.result()
                except SettingError as error:
                    # Such as a device that is not there: trying again changes nothing.
                    failed += len(shard)
                    reasons.append(f"{len(shard)} models: {error}")
                    continue
                except (Exception, CancelledError) as error:
                    attempts[shard] += 1
                    if attempts[shard] < ATTEMPTS:
                        waiting.append(shard)
                        continue
                    failed += len(shard)
                    reasons.append(f"{len(shard)} models, tried {ATTEMPTS} times: {_named(error)}")
                    continue
                found = [model for model in models if model]
                store.put_many(found)
                done += len(found)
                failed += len(shard) - len(found)
                reasons += why
            if on_progress:
                on_progress(progress())
    finally:
        kill = getattr(executor, "kill", None)
        for future in running:
            if not future.cancel() and kill:
                kill(future)
    return Outcome(progress=progress(), reasons=reasons)


def _left(shard: Shard, recipe: Recipe, store: Store) -> Shard:
    there = store.keys()
    return tuple(config for config in shard if model_key(config, recipe) not in there)


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a grid asks for: models, of which missing; seconds here; bytes; MB of memory a shard."""

    models: int
    missing: int
    shards: int
    seconds: float
    bytes: int
    megabytes: int


def estimate(grid: Grid, store: Store, device: str = "auto") -> Estimate:
    """How long a grid's missing models would take on this machine, from a few steps of each shape.

    Trains for a second a shape, and keeps nothing. device: as in `train`.
    """
    wanted = missing(grid, store)
    parts = list(shards(wanted, grid.recipe))
    paces: dict[tuple[object, ...], float] = {}
    seconds = 0.0
    for part in parts:
        first = part[0]
        kind = first.task, first.hidden_bias, first.n_features, first.n_neurons
        if kind not in paces:
            paces[kind] = _pace(part, grid.recipe, device) / len(part)
        seconds += paces[kind] * len(part)
    return Estimate(
        models=len(grid.configs),
        missing=len(wanted),
        shards=len(parts),
        seconds=seconds,
        bytes=size_of(grid),
        megabytes=max((training_megabytes(part, grid.recipe) for part in parts), default=0),
    )


def _pace(shard: Shard, recipe: Recipe, device: str) -> float:
    from toymodel.training.train import training

    began = time.perf_counter()
    pace = float("inf")
    run = training(shard, recipe.replace(cycles=1), device=device, interval=_SAMPLE_SECONDS / 5)
    for snapshot in run:
        if snapshot.step:
            pace = snapshot.pace
        if time.perf_counter() - began > _SAMPLE_SECONDS and snapshot.step:
            break
    run.close()
    return pace * recipe.total_steps
