"""Training on an accelerator: the device, inputs drawn on it, and steps as CUDA graphs.

The work of a step takes less time there than launching its thirty or so operators. So a step is
captured once as a CUDA graph and replayed; what changes from step to step lies in device memory.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from toymodel.config import Config
from toymodel.recipe import Recipe, drawn_features
from toymodel.sampling import Stream, generator, strata
from toymodel.settings import Problem, SettingError
from toymodel.training.devices import DEVICES
from toymodel.training.engine import (
    Shard,
    learning_rate_at,
    select_streams,
    slope_at,
)

_GOLDEN_GAMMA = -0x61C8864680B583EB  # 2^64 over the golden ratio, as int64
_FACTORS = (-0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15)
_WARM_UP_STEPS = 3
_capturing = threading.Lock()  # CUDA captures one graph at a time, whichever thread trains


def resolve_device(choice: str) -> str:
    """The device for "auto", "cpu" or "cuda": "cpu" or "cuda".

    Raises:
        SettingError: for another choice, and for "cuda" where there is no CUDA device.
    """
    found = torch.cuda.is_available()
    allowed = DEVICES if found else ("auto", "cpu")
    if choice not in allowed:
        why = "" if found else " (no CUDA device is found here)"
        words = " or ".join(map(repr, allowed)) + why
        raise SettingError((Problem("device", choice, words),))
    return ("cuda" if found else "cpu") if choice == "auto" else choice


def splitmix64(number: Tensor) -> Tensor:
    """The finaliser of SplitMix64, element by element, of int64 taken as unsigned."""
    for shift, factor in zip((30, 27), _FACTORS, strict=True):
        number = (number ^ _logical_shift(number, shift)) * factor
    return number ^ _logical_shift(number, 31)


def _logical_shift(number: Tensor, bits: int) -> Tensor:
    # torch's shift to the right fills up with the sign; here it is with zeros.
    return (number >> bits) & ((1 << (64 - bits)) - 1)


def to_uniform(number: Tensor) -> Tensor:
    """Uniform numbers in [0, 1), float32, from the highest 24 bits of int64."""
    return _logical_shift(number, 40).to(torch.float32) * 2.0**-24


class DeviceDraws:
    """As `Draws`, but drawn on a device: each number is a hash of seed, step and place.

    So the numbers do not depend on how many are drawn at once, nor on which others are.
    """

    def __init__(self, configs: Sequence[Config], recipe: Recipe, device: str) -> None:
        self.recipe, self.device = recipe, device
        self.rows: dict[int, dict[int, int]] = defaultdict(dict)  # by drawn features, then by seed
        for c in configs:
            own = self.rows[drawn_features(c, recipe)]
            own.setdefault(c.seed, len(own))
        self.step = 0
        self.drawn: dict[int, Tensor] = {}
        self.orders = torch.empty(0)
        if recipe.sampler == "tilted":
            random = generator(Stream.TRAINING_DATA)
            self.orders = torch.from_numpy(strata(random, recipe.batch_size)).to(device)

    def state(self) -> dict[tuple[int, int], Mapping[str, Any]]:
        """The state of each stream, for JSON, by seed and number of drawn features."""
        return {(seed, n): {"step": self.step} for n in self.rows for seed in self.rows[n]}

    def restore(self, state: Mapping[tuple[int, int], Mapping[str, Any]]) -> None:
        """Go on from a `state`. Streams start anew where it is that of `Draws`."""
        self.step = max((now["step"] for now in state.values() if "step" in now), default=0)

    def advance(self, steps: int) -> None:
        """Draw the numbers of the next `steps` steps."""
        self.drawn = {n: self._draw(list(seeds), n, steps) for n, seeds in self.rows.items()}
        self.step += steps

    def uniform(self, configs: Sequence[Config]) -> Tensor:
        """The drawn numbers for configs with the same number of trained features.

        Returns:
            (step, config, feature, example), in [0, 1). The config axis has length 1 where all
            configs share a seed.
        """
        n = drawn_features(configs[0], self.recipe)
        drawn = select_streams(self.drawn[n], [self.rows[n][c.seed] for c in configs])
        return drawn[:, :, : self.recipe.trained_features(configs[0])]

    def _draw(self, seeds: Sequence[int], n: int, steps: int) -> Tensor:
        if self.recipe.sampler != "tilted":
            return to_uniform(self._hash(seeds, steps, n * self.recipe.batch_size, 0)).view(
                len(seeds), steps, n, self.recipe.batch_size
            )
        rows = len(self.orders)
        chosen = (to_uniform(self._hash(seeds, steps, n, 0)) * rows).long()
        shift = to_uniform(self._hash(seeds, steps, n, 1)).unsqueeze(3)
        batches = self.orders[chosen].add_(shift)
        return batches.sub_((batches >= 1).to(batches.dtype))

    def _hash(self, seeds: Sequence[int], steps: int, places: int, purpose: int) -> Tensor:
        """Random bits, (seed, step, place)."""

        def numbers(values: object) -> Tensor:
            return torch.as_tensor(values, dtype=torch.int64, device=self.device)

        def combine(state: Tensor, value: Tensor) -> Tensor:
            return splitmix64(state + (value + 1) * _GOLDEN_GAMMA)

        about = (int(Stream.TRAINING_DATA), self.recipe.cycles, purpose)
        state = numbers(seeds)[:, None]
        for value in about:
            state = combine(state, numbers(value))
        state = combine(state, numbers(range(self.step, self.step + steps))[None, :])
        return combine(state[:, :, None], torch.arange(places, device=self.device))


class CapturedShard:
    """A shard whose step is captured as a CUDA graph the first time, and replayed afterwards.

    On a device other than "cuda" the same operators run on the same memory without a graph.
    """

    def __init__(self, shard: Shard, device: str) -> None:
        self.shard, self.device = shard, device
        recipe = shard.recipe
        schedule = [
            (slope_at(recipe, t), learning_rate_at(recipe, t), t + 1) for t in range(recipe.steps)
        ]
        self.schedule = torch.from_numpy(np.array(schedule, np.float32)).to(device)
        self.now = torch.zeros(3, device=device)
        self.slope, self.rate, shard.count = self.now.unbind()
        self.uniform = torch.empty(0)
        self.graph: torch.cuda.CUDAGraph | None = None

    def step(self, uniform: Tensor, t: int) -> None:
        """Take step number t, from 0, and record its loss.

        Args:
            uniform: (config or 1, feature, example), uniform numbers in [0, 1).
            t: from 0.
        """
        if not self.uniform.numel():
            self.uniform = torch.empty_like(uniform)
        self.uniform.copy_(uniform)
        self.now.copy_(self.schedule[t])
        self.shard.set_density(t)
        if self.device == "cuda" and self.graph is None:
            with _capturing:
                self.graph = self._capture()
        if self.graph:
            self.graph.replay()
        else:
            self._run()
        self.shard.window_steps += 1

    def _run(self) -> None:
        self.shard.train_step(self.uniform, self.slope, self.rate, record=True)

    def _capture(self) -> torch.cuda.CUDAGraph:
        before = self.shard.state()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP_STEPS):
                self._run()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            self._run()
        self.shard.restore(before, self.shard.window_steps)
        return graph
