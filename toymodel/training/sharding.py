"""How a training is laid out: in shards that fit a core's cache, and these in processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from toymodel.config import Config, Recipe

# Multiplications of a forward layer of a shard: no more, or its weights leave the cache.
_SHARD = 2**23
# Numbers of a layer's activations in a shard: more of them would not stay in that cache.
_ACTIVATIONS = 2**18
# Numbers of a layer's activations that an accelerator takes at once.
_ON_ACCELERATOR = 2**27
# What a step costs, in multiplications of a forward layer that take as long: so many for each
# feature of an example, whatever the neurons, and so many for a shard, whatever its size.
_EACH_FEATURE = 35
_EACH_SHARD = 2**19
# Multiplications of a forward layer of one instance from which on its operators are worth threads,
# which meet at the end of each.
_THREADED = 2**23
# Of this, what a core does in a second: the order of magnitude.
_PACE = 9e9


class Placed(NamedTuple):
    """What a shard trains: configs of one shape, by their numbers, and some restarts of each."""

    configs: tuple[int, ...]
    restarts: range


def lay_out(
    configs: Sequence[Config],
    recipe: Recipe,
    restarts: Sequence[int],
    processes: int,
    parts: int,
    *,
    on_accelerator: bool = False,
) -> list[Placed]:
    """The shards of a training that has so many parts now, of so many processes.

    restarts: of each config. A config's restarts are split for the processes that there might be,
    as their number in a shard can change the last bits of weights; the parts decide only which
    configs stand side by side, which changes none.
    """
    alike: dict[tuple[str, bool, int, int, int], list[int]] = defaultdict(list)
    for index, c in enumerate(configs):
        kind = c.task, c.hidden_bias, c.n_features, c.n_neurons, restarts[index]
        alike[kind].append(index)
    placed: list[Placed] = []
    for (_, _, n, m, R), members in alike.items():
        if not R:  # all of theirs diverged in an earlier cycle
            continue
        B = recipe.batch_size
        if on_accelerator:
            instances = max(1, _ON_ACCELERATOR // (B * max(n, m)))
            size = _even_size(R, instances)
        else:
            fitting = max(1, min(_SHARD // (B * n * m), _ACTIVATIONS // (B * max(n, m))))
            cost = _instance_cost(configs[members[0]], B)
            size = _even_size(R, _evenly(R, fitting, cost, processes))
            instances = _evenly(len(members) * R, fitting, cost, parts)
        together = max(1, instances // size)
        for first in range(0, len(members), together):
            chosen = tuple(members[first : first + together])
            for restart in range(0, R, size):
                placed.append(Placed(chosen, range(restart, min(restart + size, R))))
    return placed


def _evenly(instances: int, fitting: int, each: int, processes: int) -> int:
    """Instances of a shard, so that processes have equally many shards where that is worth it."""
    shards = -(-instances // fitting)
    rounded = -(-shards // processes) * processes
    # A smaller shard would cost more for being one than for what is in it.
    worthwhile = instances * each // _EACH_SHARD
    return _even_size(instances, -(-instances // max(shards, min(rounded, worthwhile))))


def _even_size(count: int, most: int) -> int:
    """The size of pieces of nearly one size, none larger than `most`; both are 1 at least."""
    return -(-count // -(-count // most))


def share_out(
    placed: Sequence[Placed], configs: Sequence[Config], recipe: Recipe, processes: int
) -> list[list[int]]:
    """Which shards each process has, by their numbers, so that they take equally long; about."""
    parts: list[list[int]] = [[] for _ in range(processes)]
    work = [0] * processes
    costs = {number: _cost(shard, configs, recipe) for number, shard in enumerate(placed)}
    for number in sorted(costs, key=lambda number: -costs[number]):
        # Of equals the last: the first process is the caller's, which has other things to do.
        least = min(reversed(range(processes)), key=work.__getitem__)
        parts[least].append(number)
        work[least] += costs[number]
    return [sorted(part) for part in parts]


def _instance_cost(config: Config, batch_size: int) -> int:
    return batch_size * config.n_features * (config.n_neurons + _EACH_FEATURE)


def _cost(shard: Placed, configs: Sequence[Config], recipe: Recipe) -> int:
    each = _instance_cost(configs[shard.configs[0]], recipe.batch_size)
    return len(shard.configs) * len(shard.restarts) * each + _EACH_SHARD


def threads_each(
    placed: Sequence[Placed], configs: Sequence[Config], recipe: Recipe, free: int
) -> int:
    """Threads of each operator, where so many cores are free for a process.

    The operators of most steps are so short that threads, which meet at the end of each, lose more
    than they gain, and lose all where another program wants a core.
    """
    trained = [configs[index] for shard in placed for index in shard.configs]
    smallest = min((c.n_features * c.n_neurons for c in trained), default=0)
    return free if recipe.batch_size * smallest >= _THREADED else 1


def seconds_alone(placed: Sequence[Placed], configs: Sequence[Config], recipe: Recipe) -> float:
    """How long one core takes for all steps of a cycle: the order of magnitude."""
    return recipe.steps * sum(_cost(shard, configs, recipe) for shard in placed) / _PACE
