"""The part of a training that one process does: its shards, their inputs, and what comes of them.

Imports torch. All that it takes and gives can be sent to another process and back.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from toymodel.analysis.loss import Estimate, evaluate_many, inputs_of
from toymodel.config import Config, Recipe
from toymodel.model import Weights
from toymodel.training.accelerator import DeviceDraws, Replayed
from toymodel.training.devices import accelerated
from toymodel.training.engine import Draws, Shard
from toymodel.training.sharding import Placed

_BATCHES_PER_RECORD = 5
# Multiplications of a layer for one example that are measured between two looks at the clock.
_MEASURED = 2**19

Instance = tuple[int, int]
"""A config, by its number in the whole training, and a restart."""
Start = Mapping[int, Sequence[Weights]]
"""The weights of all restarts of a config, from which a cycle goes on."""


class State(NamedTuple):
    """All that a part needs to go on later: tensors by shard and name, and where draws stand."""

    tensors: list[dict[str, np.ndarray]]
    window_steps: list[int]
    draws: dict[tuple[int, int], Mapping[str, Any]]


class Record(NamedTuple):
    """What was recorded after so many steps of a cycle: seconds since they were asked for.

    windows: the mean losses of each shard since the record before, (config, restart).
    """

    step: int
    seconds: float
    windows: list[np.ndarray]


class Part:
    """Some shards, in step with each other."""

    def __init__(
        self,
        configs: Mapping[int, Config],
        recipe: Recipe,
        placed: Sequence[Placed],
        start: Start | None,
        device: str,
        every: int,
    ) -> None:
        self.configs, self.recipe, self.device, self.every = configs, recipe, device, every
        self.shards = [
            Shard(
                [configs[i] for i in chosen],
                restarts,
                recipe,
                device,
                [start[i] for i in chosen] if start else None,
            )
            for chosen, restarts in placed
        ]
        self.placed = list(placed)
        self.place = {
            (index, restart): (shard, position)
            for (chosen, restarts), shard in zip(placed, self.shards, strict=True)
            for position, index in enumerate(chosen)
            for restart in restarts
        }
        several = list(configs.values())
        self.draws: Draws | DeviceDraws
        if accelerated(device):
            self.draws = DeviceDraws(several, recipe, device)
            self.replayed = [Replayed(shard, recipe, device) for shard in self.shards]
        else:
            self.draws, self.replayed = Draws(several, recipe), []
        self._measuring: Iterator[list[tuple[Instance, Weights, Estimate]]] = iter(())

    def advance(self, start: int, steps: int, block: int) -> list[Record]:
        """The next steps, from number `start`, and what was recorded meanwhile.

        block: steps for which inputs are drawn at once, and that a shard makes before the next.
        """
        began = time.perf_counter()
        records: list[Record] = []
        done, end = start, start + steps
        while done < end:
            due = min(done - done % self.every + self.every, self.recipe.steps)
            steps = min(block, due - done, end - done)
            self.draws.advance(steps)
            for number in range(len(self.shards)):
                self._advance_shard(number, done)
            done += steps
            if done == due:
                windows = [shard.take_window() for shard in self.shards]
                records.append(Record(done, time.perf_counter() - began, windows))
        return records

    def _advance_shard(self, number: int, start: int) -> None:
        shard = self.shards[number]
        uniform = self.draws.uniform([self.configs[i] for i in self.placed[number].configs])
        stride = max(1, self.every // _BATCHES_PER_RECORD)
        for t, block in enumerate(uniform, start):
            if self.replayed:
                self.replayed[number].step(block, t)
            else:
                shard.step(block, t, record=t % self.every % stride == 0)

    def weights(self, config: int, restart: int) -> Weights:
        """A copy of the weights of a restart."""
        shard, position = self.place[config, restart]
        return shard.weights(position, restart)

    def state(self) -> State:
        """All that `restore` takes."""
        return State(
            [shard.state() for shard in self.shards],
            [shard.window_steps for shard in self.shards],
            self.draws.state(),
        )

    def restore(self, state: State) -> None:
        """Be as the part was of which this is the state."""
        for shard, tensors, steps in zip(
            self.shards, state.tensors, state.window_steps, strict=True
        ):
            shard.restore(tensors, steps)
        self.draws.restore(state.draws)

    def measure(self, instances: Sequence[Instance]) -> None:
        """Prepare to measure these on the evaluation stream."""
        self._measuring = self._measured(instances)

    def measure_some(self, seconds: float) -> tuple[list[tuple[Instance, Weights, Estimate]], bool]:
        """Some of what was to be measured, and whether that was all; those that are finite."""
        until = time.perf_counter() + seconds
        found: list[tuple[Instance, Weights, Estimate]] = []
        for measured in self._measuring:
            found += measured
            if time.perf_counter() >= until:
                return found, False
        return found, True

    def _measured(
        self, instances: Sequence[Instance]
    ) -> Iterator[list[tuple[Instance, Weights, Estimate]]]:
        alike: dict[tuple[object, ...], list[Instance]] = defaultdict(list)
        for index, restart in instances:
            alike[inputs_of(self.configs[index])].append((index, restart))
        for members in alike.values():
            config = self.configs[members[0][0]]
            size = max(1, _MEASURED // (config.n_features * config.n_neurons))
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


_open: list[Part] = []


def open_part(threads: int, *arguments: Any) -> None:
    """In a helper: have a part there, in the place of what was there before."""
    torch.set_num_threads(threads)
    _open[:] = [Part(*arguments)]


def close_part() -> None:
    """In a helper: forget the part, which gives its memory back."""
    _open.clear()


def call_part(method: Callable[..., Any], *arguments: Any) -> Any:
    """In a helper: what a method of `Part` gives for the part there."""
    return method(_open[0], *arguments)
