"""The shard groups of a training: one in this process, and one in each worker. Imports torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from toymodel.config import Config
from toymodel.model import Model, Weights
from toymodel.recipe import Recipe
from toymodel.training.shard_group import (
    Instance,
    ShardGroup,
    StartWeights,
    call_group,
    close_group,
    open_group,
)
from toymodel.training.sharding import ShardSpec, assign_shards
from toymodel.training.workers import Worker


class ParallelGroups:
    """All shards of one cycle, divided into groups that work at the same time.

    Args:
        configs: what is trained.
        recipe: how.
        start: the models of the cycle before, None for those that diverged; None where there is
            no cycle before.
        device: "cpu" or "cuda".
        specs: the shards.
        workers: each gets a group; another one is in this process.
        threads: how many share each operator in a worker.
        record_every: steps from one record of the losses to the next.

    Attributes:
        owner: the group of each instance, by its number; 0 is the one in this process.
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
        record_every: int,
    ) -> None:
        self.shares = assign_shards(specs, configs, recipe, len(workers) + 1)
        self.owner: dict[Instance, int] = {
            (index, restart): group
            for group, share in enumerate(self.shares)
            for number in share
            for index in specs[number].configs
            for restart in specs[number].restarts
        }
        self._specs, self._workers = list(specs), list(workers)
        self._closed = False

        def group_arguments(share: Sequence[int]) -> tuple[Any, ...]:
            chosen = [specs[number] for number in share]
            indices = sorted({index for spec in chosen for index in spec.configs})
            weights: StartWeights | None = None
            if start is not None:
                weights = {i: model.restarts for i in indices if (model := start[i])}
            own = {index: configs[index] for index in indices}
            return own, recipe, chosen, weights, device, record_every

        for worker, share in zip(self._workers, self.shares[1:], strict=True):
            worker.send(open_group, threads, *group_arguments(share))
        self._here = ShardGroup(*group_arguments(self.shares[0]))
        for worker in self._workers:
            worker.receive()

    def call(self, method: Callable[..., Any], *arguments: object) -> list[Any]:
        """Call a method of `ShardGroup` in every group at the same time; one result for each."""
        return self.call_each(method, [arguments] * len(self.shares))

    def call_each(
        self, method: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]
    ) -> list[Any]:
        """As `call`, with different arguments for each group."""
        for worker, own in zip(self._workers, arguments[1:], strict=True):
            worker.send(call_group, method, *own)
        result = method(self._here, *arguments[0])
        return [result, *(worker.receive() for worker in self._workers)]

    def in_shard_order(self, results: Sequence[Sequence[Any]]) -> list[Any]:
        """What each group gave for each of its shards, in the order of all shards."""
        found = {
            number: value
            for share, values in zip(self.shares, results, strict=True)
            for number, value in zip(share, values, strict=True)
        }
        return [found[number] for number in range(len(self._specs))]

    def weights(self, config: int, restart: int) -> Weights:
        """A copy of one instance's weights, by the position of its config in the training.

        Raises:
            RuntimeError: after `close`.
        """
        if self._closed:
            raise RuntimeError("The training has ended: read a snapshot before it goes on.")
        group = self.owner[config, restart]
        if group == 0:
            return self._here.weights(config, restart)
        worker = self._workers[group - 1]
        worker.send(call_group, ShardGroup.weights, config, restart)
        return worker.receive()

    def close(self) -> None:
        """Have the workers free the memory of their groups."""
        self._closed = True
        for worker in self._workers:
            if worker.ready:
                with suppress(Exception):  # a worker that dies now must not fail the training
                    worker.send(close_group)
                    worker.receive()
