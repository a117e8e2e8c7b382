"""Grids on a real cluster of two processes: workers that die, clients that die, two at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster

from tests.helpers.networks import ROOT
from toymodel.storage.store import Store
from toymodel.sweeps import executors
from toymodel.sweeps.executors import NoCluster, open_executor
from toymodel.sweeps.grid import Grid, grid_of
from toymodel.sweeps.run_grid import GridProgress, missing, run_grid
from toymodel.training.workers import WorkerExecutor

_SHAPES = (2, 3, 4, 5, 6, 7)
_FILE = f"""
seeds = 2
recipe = "quick"
[set]
steps = 400
[config]
n_features = 5
n_neurons = {list(_SHAPES)}
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, memory_limit=0, dashboard_address=":0"
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def grid() -> Grid:
    return grid_of("small", tomllib.loads(_FILE))


@pytest.fixture(scope="module")
def undisturbed(grid: Grid, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with the grid's models, trained in one worker process here."""
    store = Store(tmp_path_factory.mktemp("undisturbed"))
    executor = WorkerExecutor()
    outcome = run_grid(grid, store, executor)
    executor.shutdown()
    assert (outcome.progress.done, outcome.reasons) == (len(grid.configs), [])
    return store


def same(grid: Grid, store: Store, other: Store) -> bool:
    pairs = [(store.get(c, grid.recipe), other.get(c, grid.recipe)) for c in grid.configs]
    return all(a and b and np.array_equal(a.W1, b.W1) and a.loss == b.loss for a, b in pairs)


def test_a_worker_that_is_killed_changes_nothing(
    cluster: LocalCluster, grid: Grid, undisturbed: Store, tmp_path: Path
):
    store, killed = Store(tmp_path), []
    with Client(cluster) as client:

        def kill_one(progress: GridProgress) -> None:
            if not killed:
                pids = client.run(os.getpid)
                killed.append(next(iter(pids.values())))
                os.kill(killed[0], signal.SIGKILL)

        executor = client.get_executor(pure=False)
        outcome = run_grid(grid, store, executor, at_once=4, on_progress=kill_one)
        client.wait_for_workers(2, timeout=60)
    assert killed
    assert (outcome.progress.done, outcome.progress.failed) == (len(grid.configs), 0)
    assert same(grid, store, undisturbed)


def test_two_clients_share_a_store(
    cluster: LocalCluster, grid: Grid, undisturbed: Store, tmp_path: Path
):
    def work(_: int) -> GridProgress:
        with Client(cluster, set_as_default=False) as client:
            executor = client.get_executor(pure=False)
            return run_grid(grid, Store(tmp_path), executor, at_once=1).progress

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(work, range(2)))
    assert [progress.failed for progress in found] == [0, 0]
    # Hardly more than once each: only a shard that both began at the same time is trained twice.
    assert len(grid.configs) <= sum(p.done for p in found) <= 2 * len(grid.configs)
    assert all(p.before + p.done == len(grid.configs) for p in found)
    assert same(grid, Store(tmp_path), undisturbed)


def test_a_client_that_was_killed_goes_on_where_it_was(
    grid: Grid, undisturbed: Store, tmp_path: Path
):
    file = tmp_path / "small.toml"
    file.write_text(_FILE)
    store = Store(tmp_path / "cache")
    command = [sys.executable, "-m", "toymodel", "sweep", str(file), "--json"]
    environment = os.environ | {"TOYMODEL_CACHE": str(store.root), "PYTHONPATH": str(ROOT)}
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while not any(store.files()) and first.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    kept = len(grid.configs) - len(missing(grid, store))
    assert kept > 0
    second = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=240, check=True
    )
    answer = json.loads(second.stdout)
    assert answer["there_before"] == kept
    assert (answer["trained"], answer["failed"]) == (len(grid.configs) - kept, 0)
    assert same(grid, store, undisturbed)


def test_a_cluster_is_started_here_and_ended(grid: Grid, undisturbed: Store, tmp_path: Path):
    store = Store(tmp_path)
    with open_executor(workers=2) as where:
        outcome = run_grid(grid, store, where.executor, at_once=where.at_once)
    assert outcome.progress.done == len(grid.configs)
    assert same(grid, store, undisturbed)


def test_a_running_cluster_is_found_by_its_address(cluster: LocalCluster):
    with open_executor(scheduler=cluster.scheduler_address) as where:
        assert where.at_once == 4
        assert where.executor.submit(pow, 2, 5).result() == 32


def test_a_scheduler_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(executors, "_CONNECT_SECONDS", 1)
    with (
        pytest.raises(NoCluster, match=r"127\.0\.0\.1:9"),
        open_executor(scheduler="tcp://127.0.0.1:9"),
    ):
        pass


@pytest.mark.parametrize("asked", [{"workers": 2}, {"scheduler": "tcp://127.0.0.1:9"}])
def test_without_dask_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch, asked):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NoCluster, match=r"pip install -e '\.\[cluster\]'"), open_executor(**asked):
        pass


def test_without_a_cluster_a_process_here_does_it():
    with open_executor() as where:
        assert where.executor.submit(pow, 2, 5).result() == 32
