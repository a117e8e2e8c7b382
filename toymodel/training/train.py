"""Training: from configs and a recipe to models, by way of snapshots. Imports torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

import torch

from toymodel.config import Config, Recipe, require_trained
from toymodel.errors import TrainingDiverged
from toymodel.model import Model
from toymodel.storage.checkpoint import Checkpoint
from toymodel.training.accelerator import device_of
from toymodel.training.crew import crew, processes_here
from toymodel.training.devices import accelerated
from toymodel.training.run import Run, Snapshot, restarts_of
from toymodel.training.sharding import Placed, lay_out, seconds_alone, threads_each

# Seconds of one core from which on a training asks helpers that are there, and starts new ones,
# which takes about a second.
_ASK = 0.5
_START = 3.0

Snapshots = Callable[[Snapshot], None]


def train(
    configs: Sequence[Config],
    recipe: Recipe | None = None,
    *,
    start: Sequence[Model | None] | None = None,
    resume: Checkpoint | None = None,
    on_snapshot: Snapshots | None = None,
    device: str = "auto",
    processes: int | None = None,
) -> list[Model]:
    """Train one model a config, in order; each is the best of the recipe's restarts.

    The same call gives the same weights on the same machine. A config's random draws depend on
    its seed and the recipe, not on what is trained beside it. `on_snapshot` is called some ten
    times a second; an exception raised there stops the training.

    start: the models that the same recipe with a cycle less gave, where they are there already;
    with None for one that diverged. resume: goes on where a training of these configs was paused.
    device: "cpu", "cuda", or "auto", which is CUDA where there is a device; weights are as good,
    and others. processes: of this machine that share the work where there is enough of it, 1 or
    more; None for as many as `crew.processes_here` says. They change no weights, but for the last
    bits of models so large that each operator is shared.

    Raises `TrainingDiverged`, with the models that did train, when all restarts of a config did,
    and `SettingError` for weights from elsewhere, a device that is not there, and a number of
    processes that is none.
    """
    recipe = recipe or Recipe()
    require_trained(recipe)
    if recipe.cycles > 1 and start is None:
        start = earlier_cycles(
            recipe,
            on_snapshot,
            lambda recipe, show: train(
                configs, recipe, on_snapshot=show, device=device, processes=processes
            ),
        )
    with closing(
        training(configs, recipe, start=start, resume=resume, device=device, processes=processes)
    ) as run:
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
    device: str = "auto",
    processes: int | None = None,
    interval: float = 0.1,
) -> Generator[Snapshot, None, list[Model]]:
    """The last cycle of `train`, which pauses with a `Snapshot` about every `interval` seconds.

    Snapshots only read: how often they are taken does not change the weights.
    """
    if not configs:
        return []
    device = device_of(device)
    processes = processes_here(processes)
    restarts, on_accelerator = restarts_of(configs, recipe, start), accelerated(device)

    def shards(parts: int) -> list[Placed]:
        return lay_out(configs, recipe, restarts, processes, parts, on_accelerator=on_accelerator)

    before: list[Placed] = []
    if resume:
        before = [Placed(tuple(c), range(*r)) for c, r in resume.about["shards"]]
    wanted, seconds = 0, seconds_alone(shards(1), configs, recipe)
    if seconds >= _ASK and not on_accelerator:
        wanted = min(processes, len(before or shards(processes))) - 1
    with crew(wanted, start=seconds >= _START) as helpers:
        parts = len(helpers) + 1
        placed = before or shards(parts)
        threads = threads_each(placed, configs, recipe, max(1, processes // parts))
        run = Run(configs, recipe, start, device, placed, helpers, threads)
        with _threads(threads), closing(run):
            if resume:
                run.restore(resume)
            due = time.perf_counter()
            while run.done < recipe.steps and not run.hopeless:
                if time.perf_counter() >= due:
                    yield run.snapshot()
                    due = time.perf_counter() + interval
                run.advance(interval)
            return (yield from run.finish())


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
