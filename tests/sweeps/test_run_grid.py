"""Training a grid in shards: what is kept, what is tried again, and what is said."""

from __future__ import annotations

import dataclasses
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from toymodel.recipe import RECIPES
from toymodel.storage.model_file import model_key
from toymodel.storage.store import Store
from toymodel.sweeps.estimate import estimate, size_of
from toymodel.sweeps.grid import Grid, grid_of
from toymodel.sweeps.run_grid import ATTEMPTS, missing, remember, run_grid, train_shard
from toymodel.training.train import train

_RECIPE = RECIPES["quick"].replace(steps=30)


def grid(seeds: int = 2, neurons: tuple[int, ...] = (3, 4, 5)) -> Grid:
    about = {"config": {"n_features": 4, "n_neurons": list(neurons)}, "seeds": seeds}
    return dataclasses.replace(grid_of("g", about), recipe=_RECIPE)


class Direct(Executor):
    """Runs a call at once; the first calls fail as they are told to."""

    def __init__(self, *failures: BaseException | None) -> None:
        self.failures = list(failures)
        self.calls: list[int] = []

    def submit(self, fn, /, *args, **kwargs) -> Future:
        self.calls.append(len(args[0]))
        future: Future = Future()
        error = self.failures.pop(0) if self.failures else None
        if error:
            future.set_exception(error)
            return future
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def test_every_model_is_what_training_it_alone_gives_and_progress_adds_up(tmp_path: Path):
    wanted, told = grid(), []
    outcome = run_grid(wanted, Store(tmp_path), Direct(), at_once=1, on_progress=told.append)
    assert [(each.done, each.total) for each in told] == [(2, 6), (4, 6), (6, 6)]
    assert told[-1].remaining == 0
    assert (outcome.progress.done, outcome.progress.failed, outcome.reasons) == (6, 0, [])
    for config in wanted.configs:
        (alone,) = train([config], _RECIPE)
        found = Store(tmp_path).get(config, _RECIPE)
        assert found
        np.testing.assert_array_equal(found.W1, alone.W1)


def test_what_is_there_is_not_trained_again(tmp_path: Path):
    store, wanted = Store(tmp_path), grid()
    first = wanted.configs[0]
    store.put(train([first], _RECIPE)[0])
    executor = Direct()
    outcome = run_grid(wanted, store, executor)
    assert (outcome.progress.before, outcome.progress.done) == (1, 5)
    assert sum(executor.calls) == 5
    again = run_grid(wanted, store, executor)
    assert (again.progress.before, again.progress.done) == (6, 0)
    assert sum(executor.calls) == 5


def test_what_another_program_trained_meanwhile_is_left_out(tmp_path: Path):
    store, wanted = Store(tmp_path), grid()

    class Meanwhile(Direct):
        def submit(self, fn, /, *args, **kwargs) -> Future:
            if not self.calls:
                store.put_many(train([c for c in wanted.configs if c.n_neurons == 5], _RECIPE))
            return super().submit(fn, *args, **kwargs)

    executor = Meanwhile()
    outcome = run_grid(wanted, store, executor, at_once=1)
    assert (outcome.progress.before, outcome.progress.done) == (2, 4)
    assert executor.calls == [2, 2]


def test_a_shard_that_fails_is_tried_again(tmp_path: Path):
    executor = Direct(RuntimeError("worker gone"), None, MemoryError())
    outcome = run_grid(grid(), Store(tmp_path), executor)
    assert (outcome.progress.done, outcome.progress.failed) == (6, 0)
    assert len(executor.calls) == 5


def test_a_device_that_is_not_there_is_told_at_once(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    executor = Direct()
    outcome = run_grid(grid(), Store(tmp_path), executor, device="cuda")
    assert (outcome.progress.done, outcome.progress.failed) == (0, 6)
    assert executor.calls == [2, 2, 2]
    assert all("no CUDA device is found here" in reason for reason in outcome.reasons)


def test_a_shard_that_fails_three_times_is_told_and_the_others_are_kept(tmp_path: Path):
    store, wanted = Store(tmp_path), grid()

    class Broken(Direct):
        def submit(self, fn, /, *args, **kwargs) -> Future:
            if args[0][0].n_neurons == 4:
                self.failures = [RuntimeError("no luck")]
            return super().submit(fn, *args, **kwargs)

    executor = Broken()
    outcome = run_grid(wanted, store, executor)
    assert (outcome.progress.done, outcome.progress.failed) == (4, 2)
    (reason,) = outcome.reasons
    assert "2 models" in reason and "no luck" in reason and str(ATTEMPTS) in reason
    assert len(executor.calls) == 2 + ATTEMPTS
    assert {config.n_neurons for config in missing(wanted, store)} == {4}


def test_a_model_that_diverges_is_told_once_and_the_rest_of_its_shard_kept(tmp_path: Path):
    wild = RECIPES["usual"].replace(steps=60, learning_rate=10.0, init_scale=10.0)
    wanted = dataclasses.replace(grid(seeds=1, neurons=(3,)), recipe=wild)
    outcome = run_grid(wanted, Store(tmp_path), Direct())
    if outcome.progress.failed:  # that it does is what the engine's own tests are for
        assert "diverged" in outcome.reasons[0]
    models, reasons = train_shard(wanted.configs, wild, "auto", None)
    assert (models[0] is None) == bool(reasons)


def test_a_stopped_run_leaves_its_models_and_cancels_the_rest(tmp_path: Path):
    store, wanted = Store(tmp_path), grid()
    held: list[Future] = []

    class Slow(Direct):
        def submit(self, fn, /, *args, **kwargs) -> Future:
            if self.calls:
                self.calls.append(0)
                held.append(Future())
                return held[-1]
            return super().submit(fn, *args, **kwargs)

    def stop(progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_grid(wanted, store, Slow(), on_progress=stop)
    assert len(missing(wanted, store)) == 4
    assert held and all(future.cancelled() for future in held)


def test_a_store_remembers_its_grids_and_one_that_cannot_be_written_is_said(tmp_path: Path):
    store, wanted = Store(tmp_path / "store"), grid()
    remember(wanted, store)
    (path,) = store.grids.iterdir()
    assert path.stem == wanted.key
    assert Grid.from_json(path.read_text()) == wanted
    (tmp_path / "grids").write_text("in the way")
    with pytest.raises(OSError):
        run_grid(grid(), Store(tmp_path), Direct())


def test_two_programs_may_train_one_grid_in_one_store(tmp_path: Path):
    wanted = grid(seeds=3)

    def work(_: int) -> int:
        return run_grid(wanted, Store(tmp_path), Direct(), at_once=1).progress.failed

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(work, range(2))) == [0, 0]
    assert missing(wanted, Store(tmp_path)) == ()


def test_an_estimate_counts_and_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("toymodel.sweeps.estimate._SAMPLE_SECONDS", 0.1)
    store, wanted = Store(tmp_path), grid()
    store.put_many(train(list(wanted.configs[:2]), _RECIPE))
    keys = {model_key(config, _RECIPE) for config in wanted.configs[:2]}
    assert store.keys() == keys and all(store.has(c, _RECIPE) for c in wanted.configs[:2])
    found = estimate(wanted, store)
    assert (found.models, found.missing, found.shards) == (6, 4, 2)
    assert 0 < found.seconds < 60
    size = sum(path.stat().st_size for path in store.files()) * 3
    assert size_of(wanted) == found.bytes == pytest.approx(size, rel=0.3)
