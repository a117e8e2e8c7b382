"""Training: from configs and a recipe to models, by way of snapshots. Imports torch."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

import torch

from toymodel.config import Config, as_configs
from toymodel.errors import TrainingDiverged
from toymodel.model import Model
from toymodel.recipe import Recipe, as_recipe
from toymodel.storage.checkpoint import Checkpoint
from toymodel.training.accelerator import resolve_device
from toymodel.training.devices import accelerated
from toymodel.training.run import Run, restarts_per_config
from toymodel.training.sharding import (
    ShardSpec,
    estimated_seconds,
    plan_shards,
    threads_per_process,
)
from toymodel.training.snapshot import Snapshot
from toymodel.training.workers import borrow_workers, processes_here

# A training that takes one core this long is shared with idle workers, and from the second number
# on new workers are started for it, which takes about a second.
_MIN_SECONDS_TO_SHARE = 0.5
_MIN_SECONDS_TO_START_WORKERS = 3.0

OnSnapshot = Callable[[Snapshot], None]


def train(
    configs: Sequence[Config],
    recipe: Recipe | str | None = None,
    *,
    start: Sequence[Model | None] | None = None,
    resume: Checkpoint | None = None,
    on_snapshot: OnSnapshot | None = None,
    device: str = "auto",
    processes: int | None = None,
) -> list[Model]:
    """Train one model for each config; it is the best of the recipe's restarts.

    The same call gives the same weights on the same machine. The random draws of a config depend
    on its seed and on the recipe, not on what is trained beside it.

    Args:
        configs: what to train.
        recipe: how: a recipe, or the name of a preset; the standard recipe unless given.
        start: where the recipe has several cycles, the models that the same recipe with one cycle
            less gave, with None for those that diverged. They are trained here unless given.
        resume: the checkpoint of a paused training of these configs by this recipe.
        on_snapshot: called with a `Snapshot` about ten times a second. An exception raised there
            stops the training.
        device: "cpu", "cuda", or "auto", which is CUDA where there is a device. Models trained
            on CUDA are as good, but have other weights.
        processes: how many processes of this machine share the work where there is enough of it,
            1 to 256; `workers.processes_here` says how many unless given. It changes no weights,
            except for the last bits in models so large that threads share each operator.

    Returns:
        The models, in the order of the configs.

    Raises:
        TrainingDiverged: if all restarts of a config did. It has the models of the others.
        SettingError: for what is no config or recipe, imported weights, a device that is not there,
            and a wrong number of processes.
        ValueError: for a checkpoint of another training or of another version of the engine.
    """
    configs, recipe = as_configs(configs), as_recipe(recipe)
    if recipe.cycles > 1 and start is None:
        start = train_previous_cycles(
            recipe,
            on_snapshot,
            lambda recipe, on_snapshot: train(
                configs, recipe, on_snapshot=on_snapshot, device=device, processes=processes
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


def train_previous_cycles(
    recipe: Recipe,
    on_snapshot: OnSnapshot | None,
    train: Callable[[Recipe, OnSnapshot | None], list[Model]],
) -> Sequence[Model | None]:
    """The models that the last cycle of a recipe starts from; None for those that diverged.

    Args:
        recipe: with two cycles or more.
        on_snapshot: called with snapshots that count the steps of all cycles.
        train: trains the models by a recipe, and calls a function with snapshots.
    """

    def show(snapshot: Snapshot) -> None:
        if on_snapshot:
            on_snapshot(replace(snapshot, steps=recipe.total_steps))

    try:
        return train(recipe.replace(cycles=recipe.cycles - 1), show)
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
    """The last cycle of `train`, as a generator of snapshots whose return value is the models.

    What the caller set in torch changes nothing, and is as it was at every snapshot.

    Args:
        configs: as in `train`, like all others but the last.
        recipe: how to train.
        start: the models of the cycle before.
        resume: the checkpoint of a paused training.
        device: where to train.
        processes: how many share the work.
        interval: seconds from one snapshot to the next, about. It does not change the weights.
    """
    cycle = _cycle(configs, recipe, start, resume, device, processes, interval)
    with closing(cycle):
        while True:
            with _own_settings():
                try:
                    snapshot = next(cycle)
                except StopIteration as finished:
                    return finished.value
            yield snapshot


def _cycle(
    configs: Sequence[Config],
    recipe: Recipe,
    start: Sequence[Model | None] | None,
    resume: Checkpoint | None,
    device: str,
    processes: int | None,
    interval: float,
) -> Generator[Snapshot, None, list[Model]]:
    if not configs:
        return []
    if resume and not resume.fits(configs, recipe):
        raise ValueError(
            "the checkpoint is of another training, or another version of the engine paused it: "
            "train without it"
        )
    device = resolve_device(device)
    processes = processes_here(processes)
    restarts, on_accelerator = restarts_per_config(configs, recipe, start), accelerated(device)

    def plan(groups: int) -> list[ShardSpec]:
        return plan_shards(
            configs, recipe, restarts, processes, groups, on_accelerator=on_accelerator
        )

    resumed: list[ShardSpec] = []
    if resume:
        resumed = [ShardSpec(tuple(c), range(*r)) for c, r in resume.about["shards"]]
    wanted, seconds = 0, estimated_seconds(plan(1), configs, recipe)
    if seconds >= _MIN_SECONDS_TO_SHARE and not on_accelerator:
        wanted = min(processes, len(resumed or plan(processes))) - 1
    with borrow_workers(wanted, start=seconds >= _MIN_SECONDS_TO_START_WORKERS) as workers:
        groups = len(workers) + 1
        specs = resumed or plan(groups)
        threads = threads_per_process(specs, configs, recipe, max(1, processes // groups))
        run = Run(configs, recipe, start, device, specs, workers, threads)
        with _torch_threads(threads), closing(run):
            if resume:
                run.restore(resume)
            due = time.perf_counter()
            while run.done < recipe.steps and not run.all_diverged:
                if time.perf_counter() >= due:
                    yield run.snapshot()
                    due = time.perf_counter() + interval
                run.advance(interval)
            return (yield from run.finish())


@contextmanager
def _own_settings() -> Iterator[None]:
    """Torch as the training needs it; afterwards as the caller has it."""
    dtype, precision = torch.get_default_dtype(), torch.get_float32_matmul_precision()
    kinds = [kind for kind in ("cpu", "cuda") if torch.is_autocast_enabled(kind)]
    torch.set_default_dtype(torch.float32)
    torch.set_float32_matmul_precision("highest")
    for kind in kinds:
        torch.set_autocast_enabled(kind, False)
    try:
        with torch.inference_mode(False), torch.no_grad():
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_float32_matmul_precision(precision)
        for kind in kinds:
            torch.set_autocast_enabled(kind, True)


_forked: list[bool] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _forked.append(True))


@contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    if _forked:
        count = 1  # torch's threads are not in a forked process, which would wait for them
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
