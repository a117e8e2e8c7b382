"""How a training is divided: into shards that fit a core's cache, and these among processes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from toymodel.config import Config
from toymodel.recipe import Recipe, drawn_features

# The unit of work is a multiplication of a forward layer. A shard of more of them has weights that
# do not stay in a core's cache, and one with more activations of a layer has too many of those.
_MAX_SHARD_WORK = 2**23
_MAX_ACTIVATIONS = 2**18
# Activations of a layer that an accelerator takes at once.
_MAX_ACCELERATOR_ACTIVATIONS = 2**27
# Costs of a step besides its multiplications, in multiplications that take as long: for each
# feature of an example, however many neurons there are, and for a shard, however large it is.
_WORK_PER_FEATURE = 35
_WORK_PER_SHARD = 2**19
# From this work of one instance on, threads gain more in its operators than they lose by waiting
# for each other at the end of each.
_MIN_WORK_FOR_THREADS = 2**23
# What a core does in a second, by order of magnitude.
_WORK_PER_SECOND = 9e9


class ShardSpec(NamedTuple):
    """What a shard trains.

    Attributes:
        configs: the positions of its configs in the training; they are of one shape, and the
            recipe chooses the same for them.
        restarts: the numbers of the restarts of each.
    """

    configs: tuple[int, ...]
    restarts: range


def plan_shards(
    configs: Sequence[Config],
    recipe: Recipe,
    restarts: Sequence[int],
    processes: int,
    groups: int,
    *,
    on_accelerator: bool = False,
) -> list[ShardSpec]:
    """Divide a training into shards.

    The number of restarts in a shard can change the last bits of weights, so it depends on
    `processes`, which is fixed. `groups` is what is at hand now; it decides only which configs
    share a shard, which changes no weights.

    Args:
        configs: what is trained.
        recipe: how.
        restarts: how many each config has; 0 for one that diverged in an earlier cycle.
        processes: how many processes may share the training.
        groups: how many do, from 1 to `processes`.
        on_accelerator: whether shards are made for an accelerator, and not for a core's cache.
    """
    alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, config in enumerate(configs):
        if restarts[index]:
            alike[_kind(config, recipe), restarts[index]].append(index)
    specs: list[ShardSpec] = []
    for members in alike.values():
        first_config, R = configs[members[0]], restarts[members[0]]
        n, m = recipe.trained_features(first_config), first_config.n_neurons
        B = recipe.batch_size
        if on_accelerator:
            instances = max(1, _MAX_ACCELERATOR_ACTIVATIONS // (B * max(n, m)))
            size = _even_size(R, instances)
        else:
            fitting = max(
                1, min(_MAX_SHARD_WORK // (B * n * m), _MAX_ACTIVATIONS // (B * max(n, m)))
            )
            work = _instance_work(first_config, recipe)
            size = _even_size(R, _balanced_size(R, fitting, work, processes))
            instances = _balanced_size(len(members) * R, fitting, work, groups)
        configs_per_shard = max(1, instances // size)
        for first in range(0, len(members), configs_per_shard):
            chosen = tuple(members[first : first + configs_per_shard])
            for restart in range(0, R, size):
                specs.append(ShardSpec(chosen, range(restart, min(restart + size, R))))
    return specs


def _kind(config: Config, recipe: Recipe) -> tuple[object, ...]:
    """What configs of one shard have in common."""
    chosen = recipe.resolve(config)
    return (
        config.task,
        config.hidden_bias,
        config.activation,
        chosen.trained_features(config),
        drawn_features(config, recipe),
        config.n_neurons,
        chosen.learning_rate,
        chosen.slope_until,
    )


def _balanced_size(instances: int, fitting: int, work: int, processes: int) -> int:
    """Instances in a shard, so that processes have equally many shards where that is worth it."""
    shards = -(-instances // fitting)
    rounded = -(-shards // processes) * processes
    # More shards than this would cost more for being shards than for what is in them.
    worthwhile = instances * work // _WORK_PER_SHARD
    return _even_size(instances, -(-instances // max(shards, min(rounded, worthwhile))))


def _even_size(count: int, maximum: int) -> int:
    """The size of the largest piece where `count` is cut into pieces of at most `maximum`.

    There are as few pieces as possible, of nearly the same size. Both numbers are 1 or more.
    """
    return -(-count // -(-count // maximum))


def assign_shards(
    specs: Sequence[ShardSpec], configs: Sequence[Config], recipe: Recipe, groups: int
) -> list[list[int]]:
    """Divide shards among processes, so that each takes about equally long.

    Returns:
        For each of the `groups` processes the positions of its shards in `specs`. The first
        process, which is the caller's, has other things to do as well and gets no more than others.
    """
    shares: list[list[int]] = [[] for _ in range(groups)]
    work = [0] * groups
    costs = {number: _shard_work(spec, configs, recipe) for number, spec in enumerate(specs)}
    for number in sorted(costs, key=lambda number: -costs[number]):
        lightest = min(reversed(range(groups)), key=work.__getitem__)
        shares[lightest].append(number)
        work[lightest] += costs[number]
    return [sorted(share) for share in shares]


def _instance_work(config: Config, recipe: Recipe) -> int:
    n = recipe.trained_features(config)
    return recipe.batch_size * n * (config.n_neurons + _WORK_PER_FEATURE)


def _shard_work(spec: ShardSpec, configs: Sequence[Config], recipe: Recipe) -> int:
    each = _instance_work(configs[spec.configs[0]], recipe)
    return len(spec.configs) * len(spec.restarts) * each + _WORK_PER_SHARD


def threads_per_process(
    specs: Sequence[ShardSpec], configs: Sequence[Config], recipe: Recipe, cores: int
) -> int:
    """How many threads share each operator, in a process that has so many cores to itself.

    It is 1 for most models: their operators are so short that threads, which wait for each other
    at the end of each, lose more than they gain, and far more where another program wants a core.
    """
    trained = [configs[index] for spec in specs for index in spec.configs]
    smallest = min((recipe.trained_features(c) * c.n_neurons for c in trained), default=0)
    return cores if recipe.batch_size * smallest >= _MIN_WORK_FOR_THREADS else 1


def estimated_seconds(
    specs: Sequence[ShardSpec], configs: Sequence[Config], recipe: Recipe
) -> float:
    """How long one core takes for all steps of a cycle, by order of magnitude."""
    work = sum(_shard_work(spec, configs, recipe) for spec in specs)
    return recipe.steps * work / _WORK_PER_SECOND
