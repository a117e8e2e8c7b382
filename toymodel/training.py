"""Training: from configs and a recipe to models, by way of snapshots. Imports torch."""

from __future__ import annotations

import math
import os
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import torch
from jaxtyping import Float32

from toymodel.config import Config, Recipe
from toymodel.engine import Draws, Shard
from toymodel.errors import TrainingDiverged
from toymodel.loss import Estimate, evaluate_many
from toymodel.model import History, Model, Weights

_RECORDS = 200  # a run, at most

_BATCHES_PER_RECORD = 5
# Multiplications of a forward layer. A shard is a thread's work: large enough to be worth one,
# small enough for its cache. A block is what runs between two chances to stop: some 20 ms.
_SHARD = 2**23
_BLOCK = 2**27
_SMALLEST_PROBABILITY = 1e-12
# Normalised losses, of which answering 0 to everything has 1: a run that once was above the first
# has diverged, unless it ended below the second.
_EXPLODED = 1e3
_RECOVERED = 0.5


@dataclass(frozen=True)
class Snapshot:
    """A training on its way. Read `weights` before the training goes on: it reads live memory.

    configs: what is trained. step, steps: done and in all. seconds: since the start. losses: for
    each config, (restart,), the normalised training loss at the last record; NaN before the first.
    """

    configs: list[Config]
    step: int
    steps: int
    seconds: float
    losses: list[Float32[np.ndarray, " restart"]]
    weights: Callable[[int], Weights]
    """Of config number i: the weights of the restart that leads so far."""

    @property
    def remaining(self) -> float:
        """Seconds that the steps left will take at the pace so far; infinite before the first."""
        return self.seconds / self.step * (self.steps - self.step) if self.step else math.inf


def train(
    configs: Sequence[Config],
    recipe: Recipe | None = None,
    *,
    on_snapshot: Callable[[Snapshot], None] | None = None,
    device: str = "cpu",
) -> list[Model]:
    """Train one model a config, in order; each is the best of the recipe's restarts.

    The same call gives the same weights on the same machine. A config's random draws depend on
    its seed and the recipe, not on what is trained beside it. `on_snapshot` is called some ten
    times a second; an exception raised there stops the training.

    Raises `TrainingDiverged`, with the models that did train, when all restarts of a config did.
    """
    with closing(training(configs, recipe or Recipe(), device=device)) as run:
        while True:
            try:
                snapshot = next(run)
            except StopIteration as finished:
                return finished.value
            if on_snapshot:
                on_snapshot(snapshot)


def training(
    configs: Sequence[Config], recipe: Recipe, *, device: str = "cpu", interval: float = 0.1
) -> Generator[Snapshot, None, list[Model]]:
    """The training behind `train`, which pauses with a `Snapshot` about every `interval` seconds.

    Snapshots only read: how often they are taken does not change the weights.
    """
    start = time.perf_counter()
    if not configs:
        return []
    run = _Run(configs, recipe, device)
    due = start
    with _single_threaded_operators(), ThreadPoolExecutor(os.cpu_count()) as threads:
        while run.done < recipe.steps and not run.hopeless:
            if (now := time.perf_counter()) >= due:
                yield run.snapshot(now - start)
                due = time.perf_counter() + interval
            run.advance(threads)
    return (yield from run.finish(start))


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


class _Run:
    """All instances of one call, in shards, in step with each other."""

    def __init__(self, configs: Sequence[Config], recipe: Recipe, device: str) -> None:
        self.configs, self.recipe, self.device = list(configs), recipe, device
        self.every = -(-recipe.steps // _RECORDS)
        self.recorded_steps: list[int] = []
        self.records: list[Float32[np.ndarray, "config restart"]] = []
        self.exploded_at: dict[tuple[int, int], int] = {}

        self.done = 0
        self.shards = list(self._shards(device))
        self.place = {
            (index, restart): (shard, position)
            for chosen, shard in self.shards
            for position, index in enumerate(chosen)
            for restart in shard.restarts
        }
        self.draws = Draws(self.configs, recipe)
        work = sum(
            c.n_features * c.n_neurons * recipe.batch_size * recipe.restarts for c in self.configs
        )
        self.block = max(1, min(32, _BLOCK // work))

    def _shards(self, device: str) -> Iterator[tuple[list[int], Shard]]:
        alike: dict[tuple[str, int, int], list[int]] = defaultdict(list)
        for index, c in enumerate(self.configs):
            alike[c.task, c.n_features, c.n_neurons].append(index)
        R = self.recipe.restarts
        for (_, n, m), members in alike.items():
            instances = max(1, _SHARD // (self.recipe.batch_size * n * m))
            together = max(1, instances // R)
            for first in range(0, len(members), together):
                chosen = members[first : first + together]
                configs = [self.configs[i] for i in chosen]
                for restart in range(0, R, instances):
                    restarts = range(restart, min(restart + instances, R))
                    yield chosen, Shard(configs, restarts, self.recipe, device)

    def advance(self, threads: Executor) -> None:
        """The next few steps of every shard; records the loss where one is due."""
        start = self.done
        to_record = self.every - start % self.every
        steps = min(self.block, to_record, self.recipe.steps - start)
        self.draws.advance(steps)
        list(threads.map(self._advance_shard, self.shards, repeat(start)))
        self.done += steps
        if self.done % self.every == 0 or self.done == self.recipe.steps:
            self._record()

    def _advance_shard(self, placed: tuple[list[int], Shard], start: int) -> None:
        chosen, shard = placed
        torch.set_num_threads(1)  # torch keeps this a thread
        stride = max(1, self.every // _BATCHES_PER_RECORD)
        uniform = self.draws.uniform([self.configs[i] for i in chosen]).to(self.device)
        for t, block in enumerate(uniform, start):
            shard.step(block, t, record=t % self.every % stride == 0)

    def _record(self) -> None:
        losses = np.empty((len(self.configs), self.recipe.restarts), np.float32)
        for chosen, shard in self.shards:
            losses[np.ix_(chosen, shard.restarts)] = shard.take_window()
        self.recorded_steps.append(self.done)
        self.records.append(losses)
        for config, restart in np.argwhere(~(losses <= _EXPLODED)):
            self.exploded_at.setdefault((int(config), int(restart)), self.done)

    @property
    def hopeless(self) -> bool:
        """Whether no instance has a finite loss any more, so that going on is of no use."""
        return bool(self.records) and not np.isfinite(self.records[-1]).any()

    def instance(self, config: int, restart: int) -> Weights:
        shard, position = self.place[config, restart]
        return shard.weights(position, restart)

    def snapshot(self, seconds: float) -> Snapshot:
        unknown = np.full((len(self.configs), self.recipe.restarts), np.nan, np.float32)
        losses = self.records[-1] if self.records else unknown

        def leading(config: int) -> Weights:
            finite = np.where(np.isfinite(losses[config]), losses[config], np.inf)
            return self.instance(config, int(np.argmin(finite)))

        return Snapshot(self.configs, self.done, self.recipe.steps, seconds, list(losses), leading)

    def finish(self, start: float) -> Generator[Snapshot, None, list[Model]]:
        """Measure every restart on the evaluation stream, and say which configs came to nothing."""
        models: list[Model | None] = []
        reasons: list[str] = []
        steps = np.array(self.recorded_steps, np.int64)
        history = np.stack(self.records, axis=-1)
        for index, config in enumerate(self.configs):
            sound = [
                r
                for r in range(self.recipe.restarts)
                if self.instance(index, r).finite and np.isfinite(history[index, r]).all()
            ]
            restarts = [self.instance(index, r) for r in sound]
            estimates: list[Estimate] = []
            for so_far in evaluate_many(config, restarts) if sound else ():
                estimates = so_far
                yield self.snapshot(time.perf_counter() - start)
            kept = [
                i
                for i, (r, estimate) in enumerate(zip(sound, estimates, strict=True))
                if estimate.value < _RECOVERED
                or (np.isfinite(estimate.value) and (index, r) not in self.exploded_at)
            ]
            if not kept:
                models.append(None)
                reasons.append(self._reason(index))
                continue
            models.append(
                Model(
                    config=config,
                    recipe=self.recipe,
                    restarts=tuple(restarts[i] for i in kept),
                    losses=np.array([estimates[i].value for i in kept], np.float32),
                    loss_errors=np.array([estimates[i].error for i in kept], np.float32),
                    history=History(step=steps, loss=history[index, [sound[i] for i in kept]]),
                )
            )
        if reasons:
            raise TrainingDiverged(models, reasons)
        return [model for model in models if model is not None]

    def _reason(self, index: int) -> str:
        step = min(
            self.exploded_at.get((index, r), self.recipe.steps) for r in range(self.recipe.restarts)
        )
        p = self.configs[index].feature_probability
        cause = _likely_cause(self.configs[index], self.recipe)
        return f"Training diverged at p = {p:g} by step {step:,}: {cause}."


def _likely_cause(config: Config, recipe: Recipe) -> str:
    standard = Recipe()
    if config.feature_probability < _SMALLEST_PROBABILITY:
        return "examples with a feature are too rare for the precision of the weights"
    if recipe.learning_rate > 2 * standard.learning_rate:
        return (
            f"learning_rate {recipe.learning_rate:g} is probably too high"
            f" (the standard recipe has {standard.learning_rate:g})"
        )
    if recipe.init_scale > 2:
        return f"init_scale {recipe.init_scale:g} probably starts the weights too large"
    return f"try a learning_rate below {recipe.learning_rate:g}, or a longer warmup"
