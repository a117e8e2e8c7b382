"""How long a training will take on this machine, learned from the trainings that it did."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from toymodel.config import Config
from toymodel.recipe import Recipe
from toymodel.training.sharding import estimated_seconds, plan_shards
from toymodel.training.workers import processes_here

_FIRST_RATIO = 1.6  # of the time that a training took to the time that its work says
_FIRST_WEIGHT = 0.5  # of that ratio, in trainings: one that was slow alone changes nothing
_MAX_SEEN = 30
_QUANTILE = 0.3  # other programs make a training slower, and never faster
_SECONDS_TO_SHARE = 3.0  # from here on helper processes are started
# Seconds to measure the loss of an instance on the evaluation inputs.
_MEASURE_SECONDS = 0.01
_MEASURE_SECONDS_PER_WEIGHT = 4.5e-5


class _Seen(NamedTuple):
    work: float
    ratio: float


class Pace:
    """Estimates the seconds of a training from its size and from how long others took.

    Trainings of about the same size count most, and the faster ones, because other programs can
    slow some of them down.
    """

    def __init__(self) -> None:
        self._seen: deque[_Seen] = deque(maxlen=_MAX_SEEN)

    def seconds(self, configs: Sequence[Config], recipe: Recipe, cycles: int = 1) -> float:
        """About how many seconds a training will take; 0 for no configs.

        Args:
            configs: what is trained.
            recipe: how.
            cycles: how many of the recipe's cycles are to be done.
        """
        if not configs:
            return 0.0
        work = _work(configs, recipe) * cycles
        ratios = [(_FIRST_RATIO, _FIRST_WEIGHT)]
        for seen in self._seen:
            ratios.append((seen.ratio, math.exp(-4 * (math.log(work) - seen.work) ** 2)))
        left = _QUANTILE * sum(weight for _, weight in ratios)
        for ratio, weight in sorted(ratios):
            left -= weight
            if left <= 0:
                return work * ratio
        return work * max(ratios)[0]

    def learn(self, configs: Sequence[Config], recipe: Recipe, seconds: float) -> None:
        """Take a training of one cycle into account, which took so many seconds."""
        if configs and seconds > 0:
            work = _work(configs, recipe)
            self._seen.append(_Seen(math.log(work), seconds / work))


def _work(configs: Sequence[Config], recipe: Recipe) -> float:
    # Seconds of one cycle on a machine of the speed that the engine's plan assumes.
    processes = processes_here()
    specs = plan_shards(configs, recipe, [recipe.restarts] * len(configs), processes, 1)
    steps = estimated_seconds(specs, configs, recipe)
    measuring = recipe.restarts * sum(
        _MEASURE_SECONDS + _MEASURE_SECONDS_PER_WEIGHT * config.n_features * config.n_neurons
        for config in configs
    )
    seconds = steps + measuring
    instances = len(configs) * recipe.restarts
    return seconds / min(processes, instances) if seconds > _SECONDS_TO_SHARE else seconds
