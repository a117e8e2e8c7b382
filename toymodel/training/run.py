"""One cycle of a training: its steps, its records, its snapshots and its result. Imports torch."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Sequence

import numpy as np
from jaxtyping import Float32

from toymodel.analysis.diagnosis import likely_cause
from toymodel.analysis.loss import Estimate
from toymodel.config import Config
from toymodel.errors import TrainingDiverged
from toymodel.model import History, Model, Weights
from toymodel.recipe import Recipe, drawn_features
from toymodel.storage.checkpoint import Checkpoint
from toymodel.storage.model_checks import RECORDS, SMALLEST_LOSS
from toymodel.storage.model_file import model_key
from toymodel.storage.tensor_file import MAX_MAGNITUDE
from toymodel.training.memory import block_steps
from toymodel.training.parallel import ParallelGroups
from toymodel.training.shard_group import GroupState, Instance, ShardGroup
from toymodel.training.sharding import ShardSpec
from toymodel.training.snapshot import Snapshot
from toymodel.training.workers import Worker

_MEASURE_SECONDS = 0.05
# Normalised losses, where answering 0 to everything has 1. An instance whose loss once was above
# the first has diverged, unless it ended below the second.
_DIVERGED_LOSS = 1e3
_RECOVERED_LOSS = 0.5


def restarts_per_config(
    configs: Sequence[Config], recipe: Recipe, start: Sequence[Model | None] | None
) -> list[int]:
    """How many instances each config has in a cycle.

    Later cycles go on with the restarts that did not diverge, so there may be 0.
    """
    if start is None:
        return [recipe.restarts] * len(configs)
    return [len(model.restarts) if model else 0 for model in start]


class Run:
    """All instances of one cycle.

    Args:
        configs: what is trained.
        recipe: how.
        start: the models of the cycle before, None for those that diverged; None where this is
            the first cycle.
        device: "cpu" or "cuda".
        specs: the shards.
        workers: processes that share them with this one.
        threads: how many share each operator in a worker.

    Attributes:
        done: steps of this cycle that are done.
    """

    def __init__(
        self,
        configs: Sequence[Config],
        recipe: Recipe,
        start: Sequence[Model | None] | None,
        device: str,
        specs: Sequence[ShardSpec],
        workers: Sequence[Worker],
        threads: int,
    ) -> None:
        self.configs, self.recipe, self.specs = list(configs), recipe, list(specs)
        self.start = list(start) if start is not None else None
        self.done = 0
        self._restarts = restarts_per_config(configs, recipe, start)
        self._recorded_steps: list[int] = []
        self._recorded_seconds: list[float] = []
        self._records: list[Float32[np.ndarray, "config restart"]] = []
        self._diverged_at: dict[Instance, int] = {}
        self._block = block_steps(configs, recipe)
        self._next_steps = self._block
        self._groups = ParallelGroups(
            configs, recipe, start, device, specs, workers, threads, -(-recipe.steps // RECORDS)
        )
        self._seconds_before = 0.0
        self._began = time.perf_counter()

    def close(self) -> None:
        """Free the memory that the training takes in workers."""
        self._groups.close()

    @property
    def seconds(self) -> float:
        """Since this cycle began, without pauses."""
        return self._seconds_before + time.perf_counter() - self._began

    @property
    def pace(self) -> float:
        """Seconds for a step; infinite before the first."""
        return self.seconds / self.done if self.done else math.inf

    def checkpoint(self) -> Checkpoint:
        """What `restore` needs to go on from here."""
        states: list[GroupState] = self._groups.call(ShardGroup.state)
        shards = self._groups.in_shard_order([state.tensors for state in states])
        tensors = {
            f"shard{k}.{name}": value
            for k, shard in enumerate(shards)
            for name, value in shard.items()
        }
        draws = {key: value for state in states for key, value in state.draws.items()}
        window_steps = self._groups.in_shard_order([state.window_steps for state in states])
        return Checkpoint(
            [model_key(config, self.recipe) for config in self.configs],
            tensors | {"records": np.array(self._records, np.float32)},
            {
                "done": self.done,
                "seconds": self.seconds,
                "steps": self._recorded_steps,
                "record_seconds": self._recorded_seconds,
                "exploded": [[*instance, at] for instance, at in self._diverged_at.items()],
                "shards": [[list(chosen), [r.start, r.stop]] for chosen, r in self.specs],
                "window_steps": window_steps,
                "draws": [draws[key] for key in self._streams],
            },
        )

    @property
    def _streams(self) -> list[tuple[int, int]]:
        """The input streams, by seed and drawn features, of configs with an instance left."""
        trained = [c for c, R in zip(self.configs, self._restarts, strict=True) if R]
        streams = ((c.seed, drawn_features(c, self.recipe)) for c in trained)
        return list(dict.fromkeys(streams))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of the same configs, recipe and shards."""
        about, tensors = checkpoint.about, checkpoint.tensors
        self.done, self._seconds_before = about["done"], about["seconds"]
        self._recorded_steps = list(about["steps"])
        self._recorded_seconds = list(about["record_seconds"])
        self._records = list(tensors["records"])
        self._diverged_at = {(c, r): at for c, r, at in about["exploded"]}
        shards: list[dict[str, np.ndarray]] = [{} for _ in self.specs]
        for name, value in tensors.items():
            shard, dot, own = name.removeprefix("shard").partition(".")
            if dot:
                shards[int(shard)][own] = value
        draws = dict(zip(self._streams, about["draws"], strict=True))
        window_steps = about["window_steps"]
        states = [
            (GroupState([shards[k] for k in share], [window_steps[k] for k in share], draws),)
            for share in self._groups.shares
        ]
        self._groups.call_each(ShardGroup.restore, states)
        self._began = time.perf_counter()

    def advance(self, seconds: float) -> None:
        """Take the next steps, for about so many seconds."""
        steps = min(self._next_steps, self.recipe.steps - self.done)
        before = self.seconds
        answers = self._groups.call(ShardGroup.advance, self.done, steps, self._block)
        self.done += steps
        pace = (self.seconds - before) / steps
        self._next_steps = max(self._block, int(seconds / max(pace, 1e-9)))
        for records in zip(*answers, strict=True):
            losses = self._groups.in_shard_order([record.losses for record in records])
            self._record(records[0].step, before + records[0].seconds, losses)

    def _record(self, step: int, seconds: float, of_shards: Sequence[np.ndarray]) -> None:
        losses = np.full((len(self.configs), self.recipe.restarts), np.nan, np.float32)
        for (chosen, restarts), own in zip(self.specs, of_shards, strict=True):
            losses[np.ix_(chosen, restarts)] = own
        self._recorded_steps.append(step)
        self._recorded_seconds.append(seconds)
        self._records.append(losses)
        for index, restart in np.argwhere(~(losses <= _DIVERGED_LOSS)).tolist():
            if (index, restart) in self._groups.owner:
                self._diverged_at.setdefault((index, restart), step)

    @property
    def all_diverged(self) -> bool:
        """Whether no instance has a finite loss any more."""
        return bool(self._records) and not np.isfinite(self._records[-1]).any()

    def _losses(self) -> Float32[np.ndarray, "record config restart"]:
        shape = len(self._records), len(self.configs), self.recipe.restarts
        return np.array(self._records, np.float32).reshape(shape)

    def history(
        self,
        config: int,
        restarts: Sequence[int] | None = None,
        losses: Float32[np.ndarray, "record config restart"] | None = None,
    ) -> History:
        """The losses of a config so far, those of earlier cycles first.

        Args:
            config: its position in the training.
            restarts: which restarts; all that take part unless given.
            losses: the records of all configs, if the caller has them as one array.
        """
        chosen = list(range(self._restarts[config])) if restarts is None else list(restarts)
        loss = self._losses() if losses is None else losses
        now = History(
            step=np.array(self._recorded_steps, np.int64),
            seconds=np.array(self._recorded_seconds, np.float32),
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
    def _steps_before(self) -> int:
        return self.recipe.total_steps - self.recipe.steps

    def snapshot(self) -> Snapshot:
        """The state of the training between two steps."""
        return Snapshot(
            configs=self.configs,
            recipe=self.recipe,
            step=self._steps_before + self.done,
            steps=self.recipe.total_steps,
            pace=self.pace,
            history=self.history,
            weights=self._groups.weights,
            checkpoint=self.checkpoint,
        )

    def finish(self) -> Generator[Snapshot, None, list[Model]]:
        """Measure every instance on the evaluation inputs, and make the models.

        Raises:
            TrainingDiverged: if all restarts of a config did.
        """
        losses = self._losses()
        finite = np.all(np.isfinite(losses), axis=0)
        sound: list[list[Instance]] = [[] for _ in self._groups.shares]
        for instance, group in self._groups.owner.items():
            if finite[instance]:
                sound[group].append(instance)
        self._groups.call_each(ShardGroup.measure, [(instances,) for instances in sound])
        measured: dict[Instance, tuple[Weights, Estimate]] = {}
        complete = False
        while not complete:
            answers = self._groups.call(ShardGroup.measure_some, _MEASURE_SECONDS)
            for found, _ in answers:
                for instance, weights, estimate in found:
                    measured[instance] = weights, estimate
            complete = all(last for _, last in answers)
            yield self.snapshot()
        models: list[Model | None] = []
        reasons: list[str] = []
        for index in range(len(self.configs)):
            models.append(self._model(index, measured, losses))
            if models[-1] is None:
                reasons.append(self._reason(index))
        if reasons:
            raise TrainingDiverged(models, reasons)
        return [model for model in models if model is not None]

    def _model(
        self,
        index: int,
        measured: dict[Instance, tuple[Weights, Estimate]],
        losses: Float32[np.ndarray, "record config restart"],
    ) -> Model | None:
        """The model of a config, of the restarts that did not diverge; None without one."""
        kept = [
            restart
            for restart in range(self._restarts[index])
            if (index, restart) in measured and not self._diverged((index, restart), measured)
        ]
        if not kept:
            return None
        weights, estimates = zip(*(measured[index, restart] for restart in kept), strict=True)
        return Model(
            config=self.configs[index],
            recipe=self.recipe.resolve(self.configs[index]),
            restarts=weights,
            # Networks of one feature can be exact; a loss in a file is above 0.
            losses=np.array([max(e.value, SMALLEST_LOSS) for e in estimates], np.float32),
            loss_errors=np.array([estimate.error for estimate in estimates], np.float32),
            history=self.history(index, kept, losses),
        )

    def _diverged(
        self, instance: Instance, measured: dict[Instance, tuple[Weights, Estimate]]
    ) -> bool:
        weights, estimate = measured[instance]
        if weights.largest > MAX_MAGNITUDE:  # no file may hold them
            return True
        if estimate.value < _RECOVERED_LOSS:
            return False
        return instance in self._diverged_at or not np.isfinite(estimate.value)

    def _reason(self, index: int) -> str:
        steps = [at for (config, _), at in self._diverged_at.items() if config == index]
        # A config without restarts diverged in an earlier cycle.
        last = self.recipe.steps if self._restarts[index] else 0
        step = self._steps_before + min(steps, default=last)
        p = self.configs[index].feature_probability
        cause, _ = likely_cause(self.configs[index], self.recipe)
        return f"Training diverged at p = {p:g} by step {step:,}: {cause}."
