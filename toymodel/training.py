"""Training: from configs and a recipe to models, by way of snapshots. Imports torch."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace

import torch

from toymodel.checkpoint import Checkpoint
from toymodel.config import Config, Recipe, require_trained
from toymodel.errors import TrainingDiverged
from toymodel.model import Model
from toymodel.run import Run, Snapshot

Snapshots = Callable[[Snapshot], None]


def train(
    configs: Sequence[Config],
    recipe: Recipe | None = None,
    *,
    start: Sequence[Model | None] | None = None,
    resume: Checkpoint | None = None,
    on_snapshot: Snapshots | None = None,
    device: str = "cpu",
) -> list[Model]:
    """Train one model a config, in order; each is the best of the recipe's restarts.

    The same call gives the same weights on the same machine. A config's random draws depend on
    its seed and the recipe, not on what is trained beside it. `on_snapshot` is called some ten
    times a second; an exception raised there stops the training.

    start: the models that the same recipe with a cycle less gave, where they are there already;
    with None for one that diverged. resume: goes on where a training of these configs was paused.

    Raises `TrainingDiverged`, with the models that did train, when all restarts of a config did,
    and `SettingError` for weights from elsewhere.
    """
    recipe = recipe or Recipe()
    require_trained(recipe)
    if recipe.cycles > 1 and start is None:
        start = earlier_cycles(
            recipe, on_snapshot, lambda *a: train(configs, a[0], on_snapshot=a[1], device=device)
        )
    with closing(training(configs, recipe, start=start, resume=resume, device=device)) as run:
        while True:
            try:
                snapshot = next(run)
            except StopIteration as finished:
                return finished.value
            if on_snapshot:
                on_snapshot(snapshot)


def earlier_cycles(
    recipe: Recipe,
    on_snapshot: Snapshots | None,
    get: Callable[[Recipe, Snapshots | None], list[Model]],
) -> Sequence[Model | None]:
    """The models that the last cycle of a recipe starts from; None for those that diverged.

    get: gives the models of a recipe, and tells of snapshots.
    """

    def show(snapshot: Snapshot) -> None:
        if on_snapshot:
            on_snapshot(replace(snapshot, steps=recipe.total_steps))

    try:
        return get(recipe.replace(cycles=recipe.cycles - 1), show)
    except TrainingDiverged as error:
        return error.models


def training(
    configs: Sequence[Config],
    recipe: Recipe,
    *,
    start: Sequence[Model | None] | None = None,
    resume: Checkpoint | None = None,
    device: str = "cpu",
    interval: float = 0.1,
) -> Generator[Snapshot, None, list[Model]]:
    """The last cycle of `train`, which pauses with a `Snapshot` about every `interval` seconds.

    Snapshots only read: how often they are taken does not change the weights.
    """
    if not configs:
        return []
    run = Run(configs, recipe, start, device)
    if resume:
        run.restore(resume)
    due = time.perf_counter()
    with _single_threaded_operators(), ThreadPoolExecutor(os.cpu_count()) as threads:
        while run.done < recipe.steps and not run.hopeless:
            if time.perf_counter() >= due:
                yield run.snapshot()
                due = time.perf_counter() + interval
            run.advance(threads)
    return (yield from run.finish())


@contextmanager
def _single_threaded_operators() -> Iterator[None]:
    # The operators of a step are so short that torch's own threads, which meet at the end of
    # each, lose more than they gain, and lose all where another program wants a core.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
