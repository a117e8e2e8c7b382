"""Where the shards of a grid are trained: in a process here, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import NamedTuple

from toymodel.training.worker import WorkerExecutor

HOW_TO_INSTALL = (
    "it needs Dask: pip install -e '.[cluster]' in the project's folder, or pip install dask "
    "distributed"
)
_CONNECT_SECONDS = 10


class NoCluster(RuntimeError):
    """A cluster was asked for that is not there; the message says what to do."""


class Place(NamedTuple):
    """An executor, how many shards it should have at once, and the processes of each.

    processes: None where a shard may have all of its machine.
    """

    executor: Executor
    at_once: int
    processes: int | None


@contextmanager
def place(scheduler: str | None = None, workers: int | None = None) -> Iterator[Place]:
    """Where to train: a worker process of its own, a cluster's scheduler, or a local cluster.

    scheduler: the address of a running Dask scheduler, such as tcp://host:8786. workers: processes
    of a cluster that is started here, and ended after use.

    Raises `NoCluster` without Dask, or where no scheduler answers.
    """
    if scheduler is None and workers is None:
        executor = WorkerExecutor()
        try:
            yield Place(executor, 2, None)
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
            yield _place_of(client, max(1, running))
        return
    # One thread a worker: a training has a core to itself. No limit of memory, because shards
    # are made to a size, and a worker that is paused would wait for ever.
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
        yield _place_of(client, workers or 1)


def _place_of(client: object, workers: int) -> Place:
    # Not pure: a shard that is tried again is a new call, and not the answer of the last one.
    executor = client.get_executor(pure=False)  # pyright: ignore[reportAttributeAccessIssue]
    return Place(executor, 2 * workers, 1)
