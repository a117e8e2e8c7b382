"""One cycle of a training: all its parts, in step with each other. Imports torch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from toymodel.analysis.diagnosis import likely_cause
from toymodel.analysis.loss import Estimate
from toymodel.config import Config, Recipe
from toymodel.errors import TrainingDiverged
from toymodel.model import History, Model, Weights
from toymodel.storage.checkpoint import Checkpoint
from toymodel.storage.model_file import RECORDS, model_key
from toymodel.training.crew import Helper
from toymodel.training.memory import block_steps
from toymodel.training.shard_group import (
    Instance,
    Part,
    Start,
    State,
    call_part,
    close_part,
    open_part,
)
from toymodel.training.sharding import Placed, share_out

_MEASURE_SECONDS = 0.05
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


def restarts_of(
    configs: Sequence[Config], recipe: Recipe, start: Sequence[Model | None] | None
) -> list[int]:
    """How many instances each config has: later cycles go on with those that did not diverge."""
    if start is None:
        return [recipe.restarts] * len(configs)
    return [len(model.restarts) if model else 0 for model in start]


class Run:
    """All instances of one cycle, laid out in shards: a part of them here, one with each helper."""

    def __init__(
        self,
        configs: Sequence[Config],
        recipe: Recipe,
        start: Sequence[Model | None] | None,
        device: str,
        placed: Sequence[Placed],
        helpers: Sequence[Helper],
        threads: int,
    ) -> None:
        self.configs, self.recipe, self.device = list(configs), recipe, device
        self.start = list(start) if start is not None else None
        self.every = -(-recipe.steps // RECORDS)
        self.recorded_steps: list[int] = []
        self.recorded_seconds: list[float] = []
        self.records: list[Float32[np.ndarray, "config restart"]] = []
        self.exploded_at: dict[Instance, int] = {}

        self._restarts = restarts_of(configs, recipe, start)
        self.done = 0
        self.seconds_before = 0.0
        self.placed = list(placed)
        self.shares = share_out(self.placed, configs, recipe, len(helpers) + 1)
        self.owner = {
            (index, restart): part
            for part, share in enumerate(self.shares)
            for number in share
            for index in self.placed[number].configs
            for restart in self.placed[number].restarts
        }
        self.block = block_steps(configs, recipe)
        self.next_steps = self.block
        self.closed = False
        self.helpers = list(helpers)
        for helper, share in zip(self.helpers, self.shares[1:], strict=True):
            helper.ask(open_part, threads, *self._part(share))
        self.part = Part(*self._part(self.shares[0]))
        for helper in self.helpers:
            helper.answer()
        self.began = time.perf_counter()

    def _part(
        self, share: Sequence[int]
    ) -> tuple[dict[int, Config], Recipe, list[Placed], Start | None, str, int]:
        """What `Part` takes."""
        placed = [self.placed[number] for number in share]
        chosen = sorted({index for shard in placed for index in shard.configs})
        start = None
        if self.start is not None:
            start = {i: model.restarts for i in chosen if (model := self.start[i])}
        configs = {index: self.configs[index] for index in chosen}
        return configs, self.recipe, placed, start, self.device, self.every

    def close(self) -> None:
        """Have the helpers forget their parts, which gives their memory back."""
        self.closed = True
        for helper in self.helpers:
            if helper.ready:
                with suppress(Exception):  # one that dies now must not take the models with it
                    helper.ask(close_part)
                    helper.answer()

    def _in_all(self, method: Callable[..., Any], *arguments: object) -> list[Any]:
        """What a method of `Part` gives in every part, which all work at once."""
        return self._in_each(method, [arguments] * len(self.shares))

    def _in_each(
        self, method: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]
    ) -> list[Any]:
        """The same, with arguments of its own for each."""
        for helper, own in zip(self.helpers, arguments[1:], strict=True):
            helper.ask(call_part, method, *own)
        mine = method(self.part, *arguments[0])
        return [mine, *(helper.answer() for helper in self.helpers)]

    def _of_shards(self, answers: Sequence[Sequence[Any]]) -> list[Any]:
        """The answers of all parts for their shards, in the order of the shards."""
        found = {
            number: value
            for share, values in zip(self.shares, answers, strict=True)
            for number, value in zip(share, values, strict=True)
        }
        return [found[number] for number in range(len(self.placed))]

    @property
    def seconds(self) -> float:
        """Since this cycle began, pauses not counted."""
        return self.seconds_before + time.perf_counter() - self.began

    @property
    def pace(self) -> float:
        """Seconds that a step takes; infinite before the first."""
        return self.seconds / self.done if self.done else math.inf

    def checkpoint(self) -> Checkpoint:
        """What `restore` takes to go on from here."""
        states: list[State] = self._in_all(Part.state)
        tensors = {
            f"shard{k}.{name}": value
            for k, shard in enumerate(self._of_shards([state.tensors for state in states]))
            for name, value in shard.items()
        }
        draws = {key: now for state in states for key, now in state.draws.items()}
        return Checkpoint(
            [model_key(config, self.recipe) for config in self.configs],
            tensors | {"records": np.array(self.records, np.float32)},
            {
                "done": self.done,
                "seconds": self.seconds,
                "steps": self.recorded_steps,
                "record_seconds": self.recorded_seconds,
                "exploded": [[*which, at] for which, at in self.exploded_at.items()],
                "shards": [[list(chosen), [r.start, r.stop]] for chosen, r in self.placed],
                "window_steps": self._of_shards([state.window_steps for state in states]),
                "draws": [draws[key] for key in self._streams],
            },
        )

    @property
    def _streams(self) -> list[tuple[int, int]]:
        """By seed and features, of the configs that still have an instance."""
        trained = [c for c, R in zip(self.configs, self._restarts, strict=True) if R]
        return list(dict.fromkeys((c.seed, c.n_features) for c in trained))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on where the run stood of which this is the checkpoint."""
        about, tensors = checkpoint.about, checkpoint.tensors
        self.done, self.seconds_before = about["done"], about["seconds"]
        self.recorded_steps = list(about["steps"])
        self.recorded_seconds = list(about["record_seconds"])
        self.records = list(tensors["records"])
        self.exploded_at = {(c, r): at for c, r, at in about["exploded"]}
        shards: list[dict[str, np.ndarray]] = [{} for _ in self.placed]
        for name, value in tensors.items():
            shard, dot, own = name.removeprefix("shard").partition(".")
            if dot:
                shards[int(shard)][own] = value
        draws = dict(zip(self._streams, about["draws"], strict=True))
        states = [
            (State([shards[k] for k in share], [about["window_steps"][k] for k in share], draws),)
            for share in self.shares
        ]
        self._in_each(Part.restore, states)
        self.began = time.perf_counter()

    def advance(self, seconds: float) -> None:
        """The next steps of every part, for about so long."""
        steps = min(self.next_steps, self.recipe.steps - self.done)
        before = self.seconds
        answers = self._in_all(Part.advance, self.done, steps, self.block)
        self.done += steps
        pace = (self.seconds - before) / steps
        self.next_steps = max(self.block, int(seconds / max(pace, 1e-9)))
        for records in zip(*answers, strict=True):
            windows = self._of_shards([record.windows for record in records])
            self._record(records[0].step, before + records[0].seconds, windows)

    def _record(self, step: int, seconds: float, windows: Sequence[np.ndarray]) -> None:
        losses = np.full((len(self.configs), self.recipe.restarts), np.nan, np.float32)
        for (chosen, restarts), window in zip(self.placed, windows, strict=True):
            losses[np.ix_(chosen, restarts)] = window
        self.recorded_steps.append(step)
        self.recorded_seconds.append(seconds)
        self.records.append(losses)
        for index, restart in np.argwhere(~(losses <= _EXPLODED)).tolist():
            if (index, restart) in self.owner:
                self.exploded_at.setdefault((index, restart), step)

    @property
    def hopeless(self) -> bool:
        """Whether no instance has a finite loss any more, so that going on is of no use."""
        return bool(self.records) and not np.isfinite(self.records[-1]).any()

    def instance(self, config: int, restart: int) -> Weights:
        """A copy of the weights of a restart."""
        if self.closed:
            raise RuntimeError("The training has ended: read a snapshot before it goes on.")
        part = self.owner[config, restart]
        if part == 0:
            return self.part.weights(config, restart)
        helper = self.helpers[part - 1]
        helper.ask(call_part, Part.weights, config, restart)
        return helper.answer()

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
        chosen = list(range(self._restarts[config])) if restarts is None else list(restarts)
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
            pace=self.pace,
            history=self.history,
            weights=self.instance,
            checkpoint=self.checkpoint,
        )

    def finish(self) -> Generator[Snapshot, None, list[Model]]:
        """Measure every restart on the evaluation stream, and say which configs came to nothing."""
        models: list[Model | None] = []
        reasons: list[str] = []
        losses = self._losses()
        finite = np.all(np.isfinite(losses), axis=0)
        sound: list[list[Instance]] = [[] for _ in self.shares]
        for (index, restart), part in self.owner.items():
            if finite[index, restart]:
                sound[part].append((index, restart))
        self._in_each(Part.measure, [(instances,) for instances in sound])
        weights: dict[Instance, Weights] = {}
        measured: dict[Instance, Estimate] = {}
        complete = False
        while not complete:
            answers = self._in_all(Part.measure_some, _MEASURE_SECONDS)
            for found, _ in answers:
                for which, network, estimate in found:
                    weights[which], measured[which] = network, estimate
            complete = all(all_of_it for _, all_of_it in answers)
            yield self.snapshot()
        for index, config in enumerate(self.configs):
            kept = [
                r
                for r in range(self._restarts[index])
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
                    restarts=tuple(weights[index, r] for r in kept),
                    losses=np.array([measured[index, r].value for r in kept], np.float32),
                    loss_errors=np.array([measured[index, r].error for r in kept], np.float32),
                    history=self.history(index, kept, losses),
                )
            )
        if reasons:
            raise TrainingDiverged(models, reasons)
        return [model for model in models if model is not None]

    def _reason(self, index: int) -> str:
        steps = [at for (config, _), at in self.exploded_at.items() if config == index]
        # A config without restarts diverged in an earlier cycle.
        last = self.recipe.steps if self._restarts[index] else 0
        step = self._steps_before + min(steps, default=last)
        p = self.configs[index].feature_probability
        cause, _ = likely_cause(self.configs[index], self.recipe)
        return f"Training diverged at p = {p:g} by step {step:,}: {cause}."
