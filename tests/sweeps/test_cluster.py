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
from tests.helpers.processes import alive, until
from toymodel.storage.store import Store
from toymodel.sweeps import executors
from toymodel.sweeps.executors import NoCluster, open_executor
from toymodel.sweeps.grid import grid_of
from toymodel.sweeps.run_grid import GridProgress, missing, run_grid
from toymodel.training.train import train

_FILE = """
seeds = 2
recipe = "quick"
[set]
steps = 300
[config]
n_features = 5
n_neurons = [2, 3, 4, 5]
"""
_GRID = grid_of("small", tomllib.loads(_FILE))
_EVERY = len(_GRID.configs)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster that is started here, which must be gone afterwards."""

    def at_a_free_port(**options: object) -> LocalCluster:  # whatever else runs on this machine
        return LocalCluster(**options | {"dashboard_address": ":0"})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("distributed.LocalCluster", at_a_free_port)
        with open_executor(workers=2) as where:
            assert where.at_once == 4
            client = where.executor._client
            yield client.scheduler.address
            processes = client.run(os.getpid).values()
    assert os.getpid() not in processes
    assert until(lambda: not any(map(alive, processes)))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with the grid's models, trained in this process."""
    store = Store(tmp_path_factory.mktemp("undisturbed"))
    store.put_many(train(_GRID.configs, _GRID.recipe))
    return store


def same(store: Store, other: Store) -> bool:
    pairs = [(store.get(c, _GRID.recipe), other.get(c, _GRID.recipe)) for c in _GRID.configs]
    return all(a and b and np.array_equal(a.W1, b.W1) and a.loss == b.loss for a, b in pairs)


def test_a_running_cluster_is_found_by_its_address(cluster: str):
    with open_executor(scheduler=cluster) as where:
        assert where.at_once == 4
        assert where.executor.submit(pow, 2, 5).result() == 32


def test_two_clients_share_a_store(cluster: str, undisturbed: Store, tmp_path: Path):
    def work(_: int) -> GridProgress:
        with Client(cluster, set_as_default=False) as client:
            executor = client.get_executor(pure=False)
            return run_grid(_GRID, Store(tmp_path), executor, at_once=1).progress

    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(work, range(2)))
    assert [progress.failed for progress in found] == [0, 0]
    # Hardly more than once each: only a shard that both began at the same time is trained twice.
    assert _EVERY <= sum(p.done for p in found) <= 2 * _EVERY
    assert all(p.before + p.done == _EVERY for p in found)
    assert same(Store(tmp_path), undisturbed)


def test_a_client_that_was_killed_goes_on_where_it_was_even_on_a_cluster(
    shell, cluster: str, undisturbed: Store, tmp_path: Path, cache: Path
):
    file, store = tmp_path / "small.toml", Store(cache)
    file.write_text(_FILE)
    first = subprocess.Popen(
        [sys.executable, "-m", "toymodel", "sweep", str(file), "--json"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 120
        while not any(store.files()) and first.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    kept = _EVERY - len(missing(_GRID, store))
    assert kept > 0
    answer = json.loads(shell("sweep", str(file), "--scheduler", cluster, "--json").out)
    assert (answer["there_before"], answer["trained"], answer["failed"]) == (kept, _EVERY - kept, 0)
    assert same(store, undisturbed)


def test_a_worker_that_is_killed_changes_nothing(cluster: str, undisturbed: Store, tmp_path: Path):
    store, killed = Store(tmp_path), []
    with Client(cluster, set_as_default=False) as client:

        def kill_one(progress: GridProgress) -> None:
            if not killed:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        executor = client.get_executor(pure=False)
        outcome = run_grid(_GRID, store, executor, at_once=4, on_progress=kill_one)
        client.wait_for_workers(2, timeout=60)
    assert killed
    assert (outcome.progress.done, outcome.progress.failed) == (_EVERY, 0)
    assert same(store, undisturbed)


def test_a_scheduler_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(executors, "_CONNECT_SECONDS", 0.5)
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
        assert where.executor.submit(os.getpid).result() != os.getpid()


_PROGRAM = """
import os, signal, time
from toymodel.sweeps.executors import open_executor

if __name__ == "__main__":
    with open_executor(workers=1) as where:
        (process,) = where.executor._client.run(os.getpid).values()
        fork = os.fork()
        if not fork:
            os.close(1); os.close(2); time.sleep(60); os._exit(0)
        where.executor.submit(time.sleep, 60)
        print(process, fork, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_workers_of_a_cluster_started_here_end_with_the_program(tmp_path: Path):
    script = tmp_path / "program.py"
    script.write_text(_PROGRAM)
    # Another process of Dask's keeps the standard output open as long as the fork lives.
    with subprocess.Popen(
        [sys.executable, str(script)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as program:
        assert program.stdout
        worker, fork = map(int, program.stdout.readline().split())
        program.wait(10)
    try:
        assert until(lambda: not alive(worker), 2)
        assert alive(fork)  # which has a copy of the program's connections
    finally:
        os.kill(fork, signal.SIGKILL)
