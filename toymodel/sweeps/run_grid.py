"""Training the models of a grid, in shards, on any executor."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass, field

from toymodel.config import Config
from toymodel.errors import TrainingDiverged
from toymodel.model import Model
from toymodel.recipe import Recipe
from toymodel.settings import SettingError
from toymodel.storage.model_file import model_key
from toymodel.storage.store import Store
from toymodel.storage.tensor_file import write_atomically
from toymodel.sweeps.grid import Grid, shards

ATTEMPTS = 3
"""How often a shard is tried before it is given up."""

_POLL_SECONDS = 0.5

Shard = tuple[Config, ...]
ShardResult = tuple[list[Model | None], list[str]]


@dataclass(frozen=True, kw_only=True)
class GridProgress:
    """How far the training of a grid is.

    Attributes:
        total: models of the grid.
        before: of them, those that were not trained by this program.
        done: those that it has trained.
        failed: those that it has given up.
        seconds: since the training began.
    """

    total: int
    before: int
    done: int
    failed: int
    seconds: float

    @property
    def remaining(self) -> float:
        """The seconds left at this pace; infinite before the first shard is done."""
        left = self.total - self.before - self.done - self.failed
        return self.seconds / self.done * left if self.done else float("inf") if left else 0.0


@dataclass(kw_only=True)
class Outcome:
    """How the training of a grid ended.

    Attributes:
        progress: the last progress.
        reasons: why models are missing, a sentence each.
    """

    progress: GridProgress
    reasons: list[str] = field(default_factory=list)


def missing(grid: Grid, store: Store) -> Shard:
    """The configs of a grid of which the store has no model."""
    return _not_stored(grid.configs, grid.recipe, store)


def remember(grid: Grid, store: Store, *, shipped: bool = False) -> None:
    """Write a grid to the store, so that its models can be found again.

    Args:
        grid: the grid.
        store: where it goes.
        shipped: write it to those that come with the project.

    Raises:
        OSError: if it cannot be written.
    """
    folder = store.shipped_grids if shipped else store.grids
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / f"{grid.key}.json", grid.to_json().encode())


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
    """Train the models of a grid that a store does not have; each is stored when its shard is done.

    A shard that fails, for instance because its worker died, is tried three times in all; then it
    is given up, and the others go on. Configs that diverge are not tried again. Several programs
    may train one grid into one store.

    Args:
        grid: the grid.
        store: where the models go.
        executor: where the shards are trained.
        at_once: how many shards the executor has at a time.
        processes: as in `train`, for each shard.
        device: as in `train`, for each shard.
        on_progress: called after every shard, and at least every half second.

    Raises:
        OSError: if models cannot be stored.
    """
    remember(grid, store)
    run = _GridRun(grid, store)
    try:
        while run.waiting or run.running:
            while run.waiting and len(run.running) < at_once:
                run.submit(executor, device, processes)
            finished, _ = wait(run.running, _POLL_SECONDS, FIRST_COMPLETED)
            for future in finished:
                run.collect(future)
            if on_progress:
                on_progress(run.progress)
    finally:
        kill = getattr(executor, "kill", None)
        for future in run.running:
            if not future.cancel() and kill:
                kill(future)
    return Outcome(progress=run.progress, reasons=run.reasons)


def train_shard(
    configs: Sequence[Config], recipe: Recipe, device: str, processes: int | None
) -> ShardResult:
    """Train a shard, wherever the executor runs it.

    Returns:
        The models in the order of the configs, None for those that diverged, and why they did.
    """
    from toymodel.training.train import train

    try:
        return [*train(configs, recipe, device=device, processes=processes)], []
    except TrainingDiverged as error:
        return error.models, error.reasons


class _GridRun:
    """The shards of a grid that wait, that run, and what came of the others."""

    def __init__(self, grid: Grid, store: Store) -> None:
        self.grid = grid
        self.store = store
        wanted = missing(grid, store)
        self.waiting = deque(shards(wanted, grid.recipe))
        self.running: dict[Future[ShardResult], Shard] = {}
        self.reasons: list[str] = []
        self._attempts: Counter[Shard] = Counter()
        self._before, self._done, self._failed = len(grid.configs) - len(wanted), 0, 0
        self._began = time.perf_counter()

    @property
    def progress(self) -> GridProgress:
        return GridProgress(
            total=len(self.grid.configs),
            before=self._before,
            done=self._done,
            failed=self._failed,
            seconds=time.perf_counter() - self._began,
        )

    def submit(self, executor: Executor, device: str, processes: int | None) -> None:
        """Hand over the next shard, without the models that another program has trained by now."""
        shard = self.waiting.popleft()
        left = _not_stored(shard, self.grid.recipe, self.store)
        self._before += len(shard) - len(left)
        if not left:
            return
        future = executor.submit(train_shard, list(left), self.grid.recipe, device, processes)
        self.running[future] = left
        if left != shard:
            self._attempts[left] += self._attempts.pop(shard, 0)

    def collect(self, future: Future[ShardResult]) -> None:
        """Store the models of a finished shard, or try it again, or give it up."""
        shard = self.running.pop(future)
        try:
            models, reasons = future.result()
        except SettingError as error:
            # Such as a device that does not exist: trying again changes nothing.
            self._give_up(shard, f"{len(shard)} models: {error}")
        except (Exception, CancelledError) as error:
            self._attempts[shard] += 1
            if self._attempts[shard] < ATTEMPTS:
                self.waiting.append(shard)
                return
            name = type(error).__name__
            why = f"{name}: {error}" if str(error) else name
            self._give_up(shard, f"{len(shard)} models, tried {ATTEMPTS} times: {why}")
        else:
            trained = [model for model in models if model]
            self.store.put_many(trained)
            self._done += len(trained)
            self._failed += len(shard) - len(trained)
            self.reasons += reasons

    def _give_up(self, shard: Shard, reason: str) -> None:
        self._failed += len(shard)
        self.reasons.append(reason)


def _not_stored(configs: Sequence[Config], recipe: Recipe, store: Store) -> Shard:
    stored = store.keys()
    return tuple(config for config in configs if model_key(config, recipe) not in stored)
