"""Where the shards of a grid are trained: in a process here, or on a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from toymodel.training.worker_process import end_with
from toymodel.training.workers import WorkerExecutor

HOW_TO_INSTALL = (
    "it needs Dask: pip install -e '.[cluster]' in the project's folder, or pip install dask "
    "distributed"
)
_CONNECT_SECONDS = 10


class NoCluster(RuntimeError):
    """A cluster was asked for that is not there. The message says what to do."""


class ShardExecutor(NamedTuple):
    """What trains the shards of a grid.

    Attributes:
        executor: runs a shard in each call.
        at_once: how many shards to submit at once.
        processes: how many processes each shard may use; None for all of its machine's.
    """

    executor: Executor
    at_once: int
    processes: int | None


@contextmanager
def open_executor(
    scheduler: str | None = None, workers: int | None = None
) -> Iterator[ShardExecutor]:
    """An executor for the shards of a grid: a worker process here, unless a cluster is asked for.

    Args:
        scheduler: the address of a running Dask scheduler, such as tcp://host:8786.
        workers: how many processes a Dask cluster has that is started here and ended after use.

    Raises:
        NoCluster: without Dask, and where no scheduler answers.
    """
    if scheduler is None and workers is None:
        executor = WorkerExecutor()
        try:
            yield ShardExecutor(executor, 2, None)
        finally:
            executor.shutdown(cancel_futures=True)
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        asked = "--scheduler" if scheduler else "--workers"
        raise NoCluster(f"{asked}: {HOW_TO_INSTALL}") from None
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_CONNECT_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            raise NoCluster(f"no scheduler answers at {scheduler}: {error}") from None
        with client:
            running = len(client.scheduler_info()["workers"])
            yield _on_cluster(client, max(1, running))
        return

    # One thread for each worker: a training has a core to itself. No memory limit, because shards
    # are of limited size, and a worker that Dask pauses would wait forever.
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=0,
            dashboard_address=None,  # pyright: ignore[reportArgumentType]
            silence_logs=40,
        ) as cluster,
        Client(cluster) as client,
    ):
        client.register_worker_callbacks(partial(end_with, os.getpid()))
        yield _on_cluster(client, workers or 1)


def _on_cluster(client: object, workers: int) -> ShardExecutor:
    # Not pure: a shard that is tried again must run again, and not get the last call's result.
    executor = client.get_executor(pure=False)  # pyright: ignore[reportAttributeAccessIssue]
    return ShardExecutor(executor, 2 * workers, 1)
