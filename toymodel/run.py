"""One cycle of a training: all its instances, in step with each other. Imports torch."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import torch
from jaxtyping import Float32

from toymodel.checkpoint import Checkpoint
from toymodel.config import Config, Recipe
from toymodel.diagnosis import likely_cause
from toymodel.engine import Draws, Shard
from toymodel.errors import TrainingDiverged
from toymodel.loss import Estimate, evaluate_many, inputs_of
from toymodel.memory import block_steps
from toymodel.model import History, Model, Weights
from toymodel.model_file import RECORDS, model_key

_BATCHES_PER_RECORD = 5
# Multiplications of a forward layer: a thread's work, large enough to be worth one, small enough
# for its cache.
_SHARD = 2**23
# Numbers of a layer's activations in a shard: more of them would not stay in that cache.
_ACTIVATIONS = 2**18
# Multiplications of a layer for one example that are measured between two chances to stop.
_MEASURED = 2**19
# Normalised losses, of which answering 0 to everything has 1: a run that once was above the first
# has diverged, unless it ended below the second.
_EXPLODED = 1e3
_RECOVERED = 0.5


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A training on its way. Call its functions before the training goes on: they read live memory.

    configs, recipe: what is trained and how. step, steps: done and in all, of all cycles.
    pace: seconds that a step takes; infinite before the first.
    """

    configs: list[Config]
    recipe: Recipe
    step: int
    steps: int
    pace: float
    history: Callable[[int], History]
    """Of config number i, with every restart, so far."""
    weights: Callable[[int, int], Weights]
    """Of config number i: the weights of a restart."""
    checkpoint: Callable[[], Checkpoint]
    """All that this training needs to go on later."""

    @property
    def remaining(self) -> float:
        """Seconds that the steps left will take; infinite before the first."""
        return self.pace * (self.steps - self.step)


class Run:
    """All instances of one cycle, in shards, in step with each other."""

    def __init__(
        self,
        configs: Sequence[Config],
        recipe: Recipe,
        start: Sequence[Model | None] | None,
        device: str,
    ) -> None:
        self.configs, self.recipe, self.device = list(configs), recipe, device
        self.start = list(start) if start is not None else None
        self.every = -(-recipe.steps // RECORDS)
        self.recorded_steps: list[int] = []
        self.recorded_seconds: list[float] = []
        self.records: list[Float32[np.ndarray, "config restart"]] = []
        self.exploded_at: dict[tuple[int, int], int] = {}

        self.done = 0
        self.seconds_before = 0.0
        self.began = time.perf_counter()
        self.shards = list(self._shards())
        self.place = {
            (index, restart): (shard, position)
            for chosen, shard in self.shards
            for position, index in enumerate(chosen)
            for restart in shard.restarts
        }
        self.draws = Draws(self.configs, recipe)
        self.block = block_steps(configs, recipe)

    def restarts(self, config: int) -> int:
        """How many instances a config has: later cycles go on with those that did not diverge."""
        if self.start is None:
            return self.recipe.restarts
        model = self.start[config]
        return len(model.restarts) if model else 0

    def _shards(self) -> Iterator[tuple[list[int], Shard]]:
        alike: dict[tuple[str, bool, int, int, int], list[int]] = defaultdict(list)
        for index, c in enumerate(self.configs):
            kind = c.task, c.hidden_bias, c.n_features, c.n_neurons, self.restarts(index)
            alike[kind].append(index)
        for (_, _, n, m, R), members in alike.items():
            B = self.recipe.batch_size
            instances = max(1, min(_SHARD // (B * n * m), _ACTIVATIONS // (B * max(n, m))))
            together = max(1, instances // max(R, 1))
            for first in range(0, len(members), together):
                chosen = members[first : first + together]
                configs = [self.configs[i] for i in chosen]
                start = [m.restarts for i in chosen if (m := self.start[i])] if self.start else None
                for restart in range(0, R, instances):
                    restarts = range(restart, min(restart + instances, R))
                    yield chosen, Shard(configs, restarts, self.recipe, self.device, start)

    @property
    def seconds(self) -> float:
        """Since this cycle began, pauses not counted."""
        return self.seconds_before + time.perf_counter() - self.began

    def checkpoint(self) -> Checkpoint:
        """What `restore` takes to go on from here."""
        shards = {
            f"shard{k}.{name}": value
            for k, (_, shard) in enumerate(self.shards)
            for name, value in shard.state().items()
        }
        return Checkpoint(
            [model_key(config, self.recipe) for config in self.configs],
            shards | {"records": np.array(self.records, np.float32)},
            {
                "done": self.done,
                "seconds": self.seconds,
                "steps": self.recorded_steps,
                "record_seconds": self.recorded_seconds,
                "exploded": [[*which, at] for which, at in self.exploded_at.items()],
                "window_steps": [shard.window_steps for _, shard in self.shards],
                "draws": self.draws.state(),
            },
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on where the run stood of which this is the checkpoint."""
        about, tensors = checkpoint.about, checkpoint.tensors
        self.done, self.seconds_before = about["done"], about["seconds"]
        self.recorded_steps = list(about["steps"])
        self.recorded_seconds = list(about["record_seconds"])
        self.records = list(tensors["records"])
        self.exploded_at = {(c, r): at for c, r, at in about["exploded"]}
        for k, (_, shard) in enumerate(self.shards):
            prefix = f"shard{k}."
            state = {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}
            shard.restore(state, about["window_steps"][k])
        self.draws.restore(about["draws"])
        self.began = time.perf_counter()

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
        losses = np.full((len(self.configs), self.recipe.restarts), np.nan, np.float32)
        for chosen, shard in self.shards:
            losses[np.ix_(chosen, shard.restarts)] = shard.take_window()
        self.recorded_steps.append(self.done)
        self.recorded_seconds.append(self.seconds)
        self.records.append(losses)
        for which in self.place:
            if not losses[which] <= _EXPLODED:
                self.exploded_at.setdefault(which, self.done)

    @property
    def hopeless(self) -> bool:
        """Whether no instance has a finite loss any more, so that going on is of no use."""
        return bool(self.records) and not np.isfinite(self.records[-1]).any()

    def instance(self, config: int, restart: int) -> Weights:
        """A copy of the weights of a restart."""
        shard, position = self.place[config, restart]
        return shard.weights(position, restart)

    def _losses(self) -> Float32[np.ndarray, "record config restart"]:
        return np.array(self.records, np.float32).reshape(len(self.records), *self._shape)

    def history(
        self,
        config: int,
        restarts: Sequence[int] | None = None,
        losses: Float32[np.ndarray, "record config restart"] | None = None,
    ) -> History:
        """Of some restarts of a config, or all that take part; earlier cycles come first.

        losses: the records of all configs, where the caller has put them together.
        """
        chosen = list(range(self.restarts(config))) if restarts is None else list(restarts)
        loss = self._losses() if losses is None else losses
        now = History(
            step=np.array(self.recorded_steps, np.int64),
            seconds=np.array(self.recorded_seconds, np.float32),
            loss=loss[:, config, chosen].T,
            together=len(self.configs),
        )
        model = self.start[config] if self.start else None
        if model is None:
            return now
        before = model.history
        return History(
            step=np.concatenate([before.step, now.step + self._steps_before]),
            seconds=np.concatenate([before.seconds, now.seconds + before.seconds[-1]]),
            loss=np.concatenate([before.loss[chosen], now.loss], axis=1),
            together=now.together,
        )

    @property
    def _shape(self) -> tuple[int, int]:
        return len(self.configs), self.recipe.restarts

    @property
    def _steps_before(self) -> int:
        return self.recipe.total_steps - self.recipe.steps

    def snapshot(self) -> Snapshot:
        """Where the run stands."""
        return Snapshot(
            configs=self.configs,
            recipe=self.recipe,
            step=self._steps_before + self.done,
            steps=self.recipe.total_steps,
            pace=self.seconds / self.done if self.done else math.inf,
            history=self.history,
            weights=self.instance,
            checkpoint=self.checkpoint,
        )

    def finish(self) -> Generator[Snapshot, None, list[Model]]:
        """Measure every restart on the evaluation stream, and say which configs came to nothing."""
        models: list[Model | None] = []
        reasons: list[str] = []
        losses = self._losses()
        sound = {
            (index, r): weights
            for index in range(len(self.configs))
            for r in range(self.restarts(index))
            if np.isfinite(losses[:, index, r]).all()
            and (weights := self.instance(index, r)).finite
        }
        measured: dict[tuple[int, int], Estimate] = {}
        for together in self._measured_together(sound):
            networks = [(self.configs[index], sound[index, r]) for index, r in together]
            estimates: list[Estimate] = []
            for so_far in evaluate_many(networks):
                estimates = so_far
                yield self.snapshot()
            measured |= zip(together, estimates, strict=True)
        for index, config in enumerate(self.configs):
            kept = [
                r
                for r in range(self.restarts(index))
                if (estimate := measured.get((index, r)))
                and (
                    estimate.value < _RECOVERED
                    or (np.isfinite(estimate.value) and (index, r) not in self.exploded_at)
                )
            ]
            if not kept:
                models.append(None)
                reasons.append(self._reason(index))
                continue
            models.append(
                Model(
                    config=config,
                    recipe=self.recipe,
                    restarts=tuple(sound[index, r] for r in kept),
                    losses=np.array([measured[index, r].value for r in kept], np.float32),
                    loss_errors=np.array([measured[index, r].error for r in kept], np.float32),
                    history=self.history(index, kept, losses),
                )
            )
        if reasons:
            raise TrainingDiverged(models, reasons)
        return [model for model in models if model is not None]

    def _measured_together(
        self, sound: Iterable[tuple[int, int]]
    ) -> Iterator[list[tuple[int, int]]]:
        alike: dict[tuple[object, ...], list[tuple[int, int]]] = defaultdict(list)
        for index, r in sound:
            alike[inputs_of(self.configs[index])].append((index, r))
        for members in alike.values():
            config = self.configs[members[0][0]]
            size = max(1, _MEASURED // (config.n_features * config.n_neurons))
            for first in range(0, len(members), size):
                yield members[first : first + size]

    def _reason(self, index: int) -> str:
        steps = [at for (config, _), at in self.exploded_at.items() if config == index]
        # A config without restarts diverged in an earlier cycle.
        last = self.recipe.steps if self.restarts(index) else 0
        step = self._steps_before + min(steps, default=last)
        p = self.configs[index].feature_probability
        cause, _ = likely_cause(self.configs[index], self.recipe)
        return f"Training diverged at p = {p:g} by step {step:,}: {cause}."
