"""The share of a training that one process does: its shards, their inputs and their results.

Imports torch. Arguments and results can be pickled, so that a group may live in a worker.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from toymodel.analysis.loss import Estimate, evaluate_many, inputs_of
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.recipe import Recipe
from toymodel.training.accelerator import CapturedShard, DeviceDraws
from toymodel.training.devices import accelerated
from toymodel.training.engine import Draws, Shard
from toymodel.training.sharding import ShardSpec

_BATCHES_PER_RECORD = 2
# Multiplications of a layer for one example that are measured between two looks at the clock.
_MEASURED_WORK = 2**19

Instance = tuple[int, int]
"""One model in training: the position of its config in the training, and its restart."""
StartWeights = Mapping[int, Sequence[Weights]]
"""For each config, by its position in the training, the weights that its restarts start from."""
Measured = list[tuple[Instance, Weights, Estimate]]
"""Instances with their weights and their losses on the evaluation inputs."""


class GroupState(NamedTuple):
    """All that a group needs to go on later.

    Attributes:
        tensors: for each shard its arrays by name.
        window_steps: for each shard the number of losses in its window.
        draws: the state of each stream of inputs, by seed and number of drawn features.
    """

    tensors: list[dict[str, np.ndarray]]
    window_steps: list[int]
    draws: dict[tuple[int, int], Mapping[str, Any]]


class Record(NamedTuple):
    """The losses recorded at one step.

    Attributes:
        step: how many steps of the cycle are done.
        seconds: since the call of `ShardGroup.advance`.
        losses: for each shard (config, restart), the mean loss since the record before.
    """

    step: int
    seconds: float
    losses: list[np.ndarray]


class ShardGroup:
    """Some shards of a training, which take their steps on the same inputs.

    Args:
        configs: those of the shards, by their position in the training.
        recipe: how to train them.
        specs: what each shard trains.
        start: the weights to go on from; None draws new ones.
        device: "cpu" or "cuda".
        record_every: steps from one record of the losses to the next.
    """

    def __init__(
        self,
        configs: Mapping[int, Config],
        recipe: Recipe,
        specs: Sequence[ShardSpec],
        start: StartWeights | None,
        device: str,
        record_every: int,
    ) -> None:
        self.configs, self.recipe, self.specs = configs, recipe, list(specs)
        self.record_every = record_every
        self.shards = [
            Shard(
                [configs[i] for i in chosen],
                restarts,
                recipe,
                device,
                [start[i] for i in chosen] if start else None,
            )
            for chosen, restarts in specs
        ]
        self._positions = {
            (index, restart): (shard, position)
            for (chosen, restarts), shard in zip(specs, self.shards, strict=True)
            for position, index in enumerate(chosen)
            for restart in restarts
        }
        several = list(configs.values())
        self.draws: Draws | DeviceDraws
        if accelerated(device):
            self.draws = DeviceDraws(several, recipe, device)
            self.captured = [CapturedShard(shard, device) for shard in self.shards]
        else:
            self.draws, self.captured = Draws(several, recipe), []
        self._measuring: Iterator[Measured] = iter(())

    def advance(self, start: int, steps: int, block: int) -> list[Record]:
        """Take the next steps.

        Args:
            start: the number of the first step, from 0.
            steps: how many to take.
            block: how many a shard takes before the next shard does. Inputs are drawn for so many.

        Returns:
            The records that were due meanwhile.
        """
        began = time.perf_counter()
        records: list[Record] = []
        done, end = start, start + steps
        while done < end:
            due = min(done - done % self.record_every + self.record_every, self.recipe.steps)
            steps = min(block, due - done, end - done)
            self.draws.advance(steps)
            for number in range(len(self.shards)):
                self._advance_shard(number, done)
            done += steps
            if done == due:
                losses = [shard.pop_mean_loss() for shard in self.shards]
                records.append(Record(done, time.perf_counter() - began, losses))
        return records

    def _advance_shard(self, number: int, start: int) -> None:
        shard = self.shards[number]
        uniform = self.draws.uniform([self.configs[i] for i in self.specs[number].configs])
        stride = max(1, self.record_every // _BATCHES_PER_RECORD)
        for t, block in enumerate(uniform, start):
            if self.captured:
                self.captured[number].step(block, t)
            else:
                shard.step(block, t, record=t % self.record_every % stride == 0)

    def weights(self, config: int, restart: int) -> Weights:
        """A copy of one instance's weights."""
        shard, position = self._positions[config, restart]
        return shard.weights(position, restart)

    def state(self) -> GroupState:
        """What `restore` needs to go on from here."""
        return GroupState(
            [shard.state() for shard in self.shards],
            [shard.window_steps for shard in self.shards],
            self.draws.state(),
        )

    def restore(self, state: GroupState) -> None:
        """Take over the state of a group of the same shards."""
        for shard, tensors, steps in zip(
            self.shards, state.tensors, state.window_steps, strict=True
        ):
            shard.restore(tensors, steps)
        self.draws.restore(state.draws)

    def measure(self, instances: Sequence[Instance]) -> None:
        """Prepare to measure some instances on the evaluation inputs, by `measure_some`."""
        self._measuring = self._measure(instances)

    def measure_some(self, seconds: float) -> tuple[Measured, bool]:
        """Measure for about so many seconds.

        Returns:
            The instances that were measured, without those whose weights are not finite; and
            whether they were the last.
        """
        until = time.perf_counter() + seconds
        found: Measured = []
        for measured in self._measuring:
            found += measured
            if time.perf_counter() >= until:
                return found, False
        return found, True

    def _measure(self, instances: Sequence[Instance]) -> Iterator[Measured]:
        # Yields after every batch of inputs, so that the caller can stop between two.
        alike: dict[tuple[object, ...], list[Instance]] = defaultdict(list)
        for index, restart in instances:
            alike[inputs_of(self.configs[index])].append((index, restart))
        for members in alike.values():
            config = self.configs[members[0][0]]
            size = max(1, _MEASURED_WORK // (config.n_features * config.n_neurons))
            for first in range(0, len(members), size):
                weights = {which: self.weights(*which) for which in members[first : first + size]}
                finite = {which: w for which, w in weights.items() if w.finite}
                if not finite:
                    continue
                estimates: list[Estimate] = []
                for so_far in evaluate_many([(self.configs[i], w) for (i, _), w in finite.items()]):
                    estimates = so_far
                    yield []
                yield [
                    (which, w, estimate)
                    for (which, w), estimate in zip(finite.items(), estimates, strict=True)
                ]


_group: list[ShardGroup] = []


def open_group(threads: int, *arguments: Any) -> None:
    """In a worker: make the group that later calls are about, from the arguments of `ShardGroup`.

    Args:
        threads: how many share each operator.
        arguments: those of `ShardGroup`.
    """
    torch.set_num_threads(threads)
    _group[:] = [ShardGroup(*arguments)]


def call_group(method: Callable[..., Any], *arguments: Any) -> Any:
    """In a worker: call a method of `ShardGroup` of the open group."""
    return method(_group[0], *arguments)


def close_group() -> None:
    """In a worker: forget the open group, which frees its memory."""
    _group.clear()
