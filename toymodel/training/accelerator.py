"""Training on an accelerator: which device, draws made on it, and a step as one CUDA graph.

What is slow there is not the work but to launch it, some thirty times a step. So a step is
recorded once, with what changes from step to step in memory of the device, and replayed.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from toymodel.config import Config, Recipe
from toymodel.sampling import Stream, generator, strata
from toymodel.settings import Problem, SettingError
from toymodel.training.devices import DEVICES
from toymodel.training.engine import Shard, chosen_streams, leak_at, learning_rate_at

_INCREMENT = -0x61C8864680B583EB  # 2^64 over the golden ratio, as int64 has it
_FACTORS = (-0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15)
_WARM_UP = 3
_recording = threading.Lock()  # one graph at a time, whichever thread trains


def device_of(choice: str) -> str:
    """ "cpu" or "cuda": what is meant by "auto", "cpu" or "cuda" here.

    Raises `SettingError` for other words, and for "cuda" where there is none.
    """
    found = torch.cuda.is_available()
    allowed = DEVICES if found else ("auto", "cpu")
    if choice not in allowed:
        why = "" if found else " (no CUDA device is found here)"
        words = " or ".join(map(repr, allowed)) + why
        raise SettingError((Problem("device", choice, words),))
    return ("cuda" if found else "cpu") if choice == "auto" else choice


def mixed(number: Tensor) -> Tensor:
    """The finaliser of SplitMix64, element by element: int64 to int64, as if unsigned."""
    for shift, factor in zip((30, 27), _FACTORS, strict=True):
        number = (number ^ _shifted(number, shift)) * factor
    return number ^ _shifted(number, 31)


def _shifted(number: Tensor, bits: int) -> Tensor:
    # torch shifts the sign in; these are the bits as if there were none.
    return (number >> bits) & ((1 << (64 - bits)) - 1)


def unit(number: Tensor) -> Tensor:
    """Numbers in [0, 1), float32, from the highest 24 of the bits."""
    return _shifted(number, 40).to(torch.float32) * 2.0**-24


class DeviceDraws:
    """What `Draws` gives, made on a device: each number is a function of seed, step and place.

    So draws of any length, and beside any others, are the same; on every device.
    """

    def __init__(self, configs: Sequence[Config], recipe: Recipe, device: str) -> None:
        self.recipe, self.device = recipe, device
        self.seeds: dict[int, dict[int, int]] = defaultdict(dict)  # by n: the place of each
        for c in configs:
            own = self.seeds[c.n_features]
            own.setdefault(c.seed, len(own))
        self.step = 0
        self.drawn: dict[int, Tensor] = {}
        self.orders = torch.empty(0)
        if recipe.sampler == "tilted":
            random = generator(Stream.TRAINING_DATA)
            self.orders = torch.from_numpy(strata(random, recipe.batch_size)).to(device)

    def state(self) -> dict[tuple[int, int], Mapping[str, Any]]:
        """Where each stream stands, as JSON has it."""
        return {(seed, n): {"step": self.step} for n in self.seeds for seed in self.seeds[n]}

    def restore(self, state: Mapping[tuple[int, int], Mapping[str, Any]]) -> None:
        """Go on where the draws stood of which this is the `state`; anew after a processor's."""
        self.step = max((now["step"] for now in state.values() if "step" in now), default=0)

    def advance(self, steps: int) -> None:
        """Draw what the next `steps` steps need."""
        self.drawn = {n: self._draw(list(seeds), n, steps) for n, seeds in self.seeds.items()}
        self.step += steps

    def uniform(self, configs: Sequence[Config]) -> Tensor:
        """(step, config, feature, example); one config long where all share a seed."""
        n = configs[0].n_features
        return chosen_streams(self.drawn[n], [self.seeds[n][c.seed] for c in configs])

    def _draw(self, seeds: Sequence[int], n: int, steps: int) -> Tensor:
        if self.recipe.sampler != "tilted":
            return unit(self._hashed(seeds, steps, n * self.recipe.batch_size, 0)).view(
                len(seeds), steps, n, self.recipe.batch_size
            )
        rows = len(self.orders)
        chosen = (unit(self._hashed(seeds, steps, n, 0)) * rows).long()
        shift = unit(self._hashed(seeds, steps, n, 1)).unsqueeze(3)
        batches = self.orders[chosen].add_(shift)
        return batches.sub_((batches >= 1).to(batches.dtype))

    def _hashed(self, seeds: Sequence[int], steps: int, places: int, purpose: int) -> Tensor:
        """Random bits by (seed, step, place)."""

        def numbers(values: object) -> Tensor:
            return torch.as_tensor(values, dtype=torch.int64, device=self.device)

        def then(before: Tensor, value: Tensor) -> Tensor:
            return mixed(before + (value + 1) * _INCREMENT)

        about = (int(Stream.TRAINING_DATA), self.recipe.cycles, purpose)
        state = numbers(seeds)[:, None]
        for value in about:
            state = then(state, numbers(value))
        state = then(state, numbers(range(self.step, self.step + steps))[None, :])
        return then(state[:, :, None], torch.arange(places, device=self.device))


class Replayed:
    """A shard whose step is recorded at its first, and replayed from then on.

    Without CUDA it is run each time: the same operators on the same memory.
    """

    def __init__(self, shard: Shard, recipe: Recipe, device: str) -> None:
        self.shard, self.device = shard, device
        plan = [
            (leak_at(recipe, t), learning_rate_at(recipe, t), t + 1) for t in range(recipe.steps)
        ]
        self.plan = torch.from_numpy(np.array(plan, np.float32)).to(device)
        self.now = torch.zeros(3, device=device)
        self.leak, self.rate, shard.count = self.now.unbind()
        self.uniform = torch.empty(0)
        self.graph: torch.cuda.CUDAGraph | None = None

    def step(self, uniform: Tensor, t: int) -> None:
        """Step number t from 0, on uniform numbers (config or 1, feature, example) in [0, 1)."""
        if not self.uniform.numel():
            self.uniform = torch.empty_like(uniform)
        self.uniform.copy_(uniform)
        self.now.copy_(self.plan[t])
        if self.device == "cuda" and self.graph is None:
            self.graph = self._recorded()
        if self.graph:
            self.graph.replay()
        else:
            self._run()
        self.shard.window_steps += 1

    def _run(self) -> None:
        self.shard.learn(self.uniform, self.leak, self.rate, record=True)

    def _recorded(self) -> torch.cuda.CUDAGraph:
        with _recording:
            return self._record()

    def _record(self) -> torch.cuda.CUDAGraph:
        before = self.shard.state()
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP):
                self._run()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            self._run()
        self.shard.restore(before, self.shard.window_steps)
        return graph
