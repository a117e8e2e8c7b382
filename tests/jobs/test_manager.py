from __future__ import annotations

import functools
import math
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.networks import SOMETIMES_WILD, WILD, model, run_python, same, same_model
from tests.helpers.processes import alive, until
from toymodel.jobs import job
from toymodel.jobs.job import Progress
from toymodel.jobs.limits import Limits, Refused
from toymodel.jobs.manager import JobManager
from toymodel.storage.model_file import model_key
from toymodel.storage.store import Store
from toymodel.training.memory import training_megabytes
from toymodel.training.workers import WorkerExecutor

RECIPE = tm.Recipe(steps=20, batch_size=16)
ENDLESS = tm.Recipe(steps=1_000_000, batch_size=16)
PAUSABLE = tm.Recipe(steps=300, batch_size=16, restarts=2)


def config(seed: int) -> tm.Config:
    return tm.Config(n_features=3, n_neurons=2, seed=seed)


class Threads(ThreadPoolExecutor):
    """One thread, which can be held up, and what was submitted to it."""

    def __init__(self) -> None:
        super().__init__(1)
        self.gate = threading.Event()
        self.gate.set()
        self.submitted: list[list[int]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if args:
            self.submitted.append([config.seed for config in args[0]])
        return super().submit(fn, *args, **kwargs)

    def hold(self) -> None:
        self.gate.clear()
        self.submit(self.gate.wait)


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """No training is shared out: to start helpers takes longer than most of these tests."""
    monkeypatch.setenv("TOYMODEL_PROCESSES", "1")


@pytest.fixture
def threads() -> Threads:
    return Threads()


@pytest.fixture
def manager(threads: Threads, tmp_path: Path, short_evaluation: None) -> Iterator[JobManager]:
    manager = JobManager(Store(tmp_path / "store"), threads, Limits(queue=3))
    yield manager
    threads.gate.set()
    manager.close()


class Brake:
    """Holds a training at its first snapshot after a step, until it is released or stopped."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.after = 0

    def load_or_train(self, *arguments: Any, on_snapshot: Callable[[Any], None], **options: Any):
        def show(snapshot: Any) -> None:
            on_snapshot(snapshot)
            while snapshot.step > self.after and not self.released.is_set():
                time.sleep(0.01)
                on_snapshot(snapshot)  # raises when the training is stopped

        return tm.load_or_train(*arguments, on_snapshot=show, **options)


@pytest.fixture
def brake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Brake]:
    """Snapshots come, and are written, as often as possible, so that few steps are enough."""
    from toymodel.training import train

    brake = Brake()
    monkeypatch.setattr(job, "load_or_train", brake.load_or_train)
    monkeypatch.setattr(job, "_MIN_WRITE_SECONDS", 0.0)
    monkeypatch.setattr(train, "training", functools.partial(train.training, interval=0.0))
    yield brake
    brake.released.set()


@functools.cache
def trained(recipe: tm.Recipe, *configs: tm.Config) -> list[tm.Model]:
    """What training these gives without a queue."""
    return tm.train(configs, recipe)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobManager]:
    """Jobs in a real worker process. Each test takes seeds of its own."""
    manager = JobManager(Store(tmp_path_factory.mktemp("store")), WorkerExecutor())
    yield manager
    manager.close()


def wait(
    manager: JobManager,
    configs: Sequence[tm.Config],
    recipe: tm.Recipe = RECIPE,
    until: Callable[[Progress], bool] | None = None,
) -> Progress | None:
    """Progress once it is as it should be, or once there is nothing to wait for."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        progress = manager.progress(configs, recipe)
        if progress is None or not progress.active or (until and until(progress)):
            return progress
        time.sleep(0.01)
    raise TimeoutError


def start(
    manager: JobManager, configs: Sequence[tm.Config], recipe: tm.Recipe = PAUSABLE, step: int = 0
) -> Progress:
    """Ann asks, and some steps are done."""
    manager.request(configs, recipe, "ann")
    progress = wait(manager, configs, recipe, lambda p: p.step > step)
    assert progress and progress.state == "running"
    return progress


# What is trained, and how often


def test_a_job_leaves_its_models_in_the_store_and_they_are_not_trained_again(
    manager: JobManager, threads: Threads
):
    manager.request([config(0)], RECIPE, "ann")
    assert wait(manager, [config(0)]) is None
    stored = manager.store.get(config(0), RECIPE)
    assert stored and same_model(stored, trained(RECIPE, config(0))[0])
    manager.request([config(0)], RECIPE, "bob")
    assert manager.progress([config(0)], RECIPE) is None
    manager.request([config(0), config(1)], RECIPE, "bob")
    wait(manager, [config(1)])
    assert threads.submitted == [[0], [1]]


def test_the_same_model_asked_for_twice_is_one_training(manager: JobManager, threads: Threads):
    threads.hold()
    for visitor in ("ann", "bob", "ann"):
        manager.request([config(0)], RECIPE, visitor)
    manager.request([config(1), config(1)], RECIPE, "ann")
    assert threads.submitted == [[0], [1]]
    assert [manager.progress([config(s)], RECIPE).place for s in (0, 1)] == [0, 1]


def test_overlapping_requests_train_each_model_once(manager: JobManager, threads: Threads):
    threads.hold()
    manager.request([config(0), config(1)], RECIPE, "ann")
    manager.request([config(1), config(2)], RECIPE, "bob")
    manager.request([config(1)], RECIPE.replace(steps=21), "bob")
    assert threads.submitted == [[0, 1], [2], [1]]
    threads.gate.set()
    assert wait(manager, [config(1), config(2)]) is None
    assert all(manager.store.has(config(seed), RECIPE) for seed in (0, 1, 2))


def test_requests_from_many_threads_at_once_are_one_training(manager: JobManager, threads: Threads):
    threads.hold()
    start = threading.Barrier(8)

    def ask(name: str) -> None:
        start.wait()
        manager.request([config(0)], RECIPE, name)

    with ThreadPoolExecutor(8) as visitors:
        list(visitors.map(ask, (f"visitor {i}" for i in range(8))))
    assert threads.submitted == [[0]]


# The queue and its limits


def test_a_visitor_sees_the_place_in_the_queue(manager: JobManager, threads: Threads):
    threads.hold()
    for seed in range(3):
        manager.request([config(seed)], RECIPE, "ann")
    states = [manager.progress([config(seed)], RECIPE) for seed in range(3)]
    assert [(p.state, p.place, p.step, p.steps) for p in states] == [
        ("waiting", place, 0, 20) for place in range(3)
    ]
    assert all(progress.active and math.isnan(progress.remaining) for progress in states)
    manager.cancel([config(0)], RECIPE, "ann")
    assert [manager.progress([config(seed)], RECIPE).place for seed in (1, 2)] == [0, 1]
    assert manager.progress([config(9)], RECIPE) is None


def test_a_full_queue_refuses_politely(manager: JobManager, threads: Threads):
    threads.hold()
    for seed in range(3):
        manager.request([config(seed)], RECIPE, "ann")
    with pytest.raises(Refused, match=r"^3 trainings wait already.* Try again in a little while"):
        manager.request([config(3)], RECIPE, "bob")
    assert manager.progress([config(3)], RECIPE) is None
    manager.request([config(2)], RECIPE, "bob")  # asks for nothing new
    with pytest.raises(Refused):  # and a request that is refused keeps no job alive
        manager.request([config(0), config(3)], RECIPE, "bob")
    assert manager.cancel([config(0)], RECIPE, "ann") == 0
    assert manager.progress([config(0)], RECIPE) is None
    manager.request([config(3)], RECIPE, "bob")
    assert threads.submitted == [[0], [1], [2], [3]]


def test_jobs_beyond_a_limit_are_refused_with_what_is_allowed(threads: Threads, tmp_path: Path):
    manager = JobManager(Store(tmp_path), threads, Limits(memory_mb=20, steps=50))
    both = [config(0), config(1)]
    large = RECIPE.replace(restarts=64, batch_size=65_536)
    megabytes = training_megabytes(both, large)
    assert megabytes > 20
    allowed = rf"asks for {megabytes:,} MB of memory; this copy allows 20\."
    with pytest.raises(Refused, match=allowed):
        manager.request(both, large, "ann")
    with pytest.raises(Refused, match=r"asks for 51 steps; this copy allows 50\."):
        manager.request(both, RECIPE.replace(steps=51), "ann")
    assert manager.progress(both, RECIPE.replace(steps=51)) is None
    assert threads.submitted == []
    with pytest.raises(Refused, match=r"asks for 60 steps; this copy allows 50\."):
        manager.request(both, RECIPE.replace(cycles=3), "ann")
    manager.request(both, RECIPE.replace(restarts=4, steps=50), "ann")
    assert threads.submitted == [[0, 1]]
    manager.close()


WIDE = RECIPE.replace(batch_size=8_192)


def test_only_what_is_to_be_trained_counts_towards_the_limits(threads: Threads, tmp_path: Path):
    pair = training_megabytes([config(0), config(1)], WIDE)
    assert training_megabytes([config(seed) for seed in range(4)], WIDE) > pair
    manager = JobManager(Store(tmp_path), threads, Limits(memory_mb=pair))
    for seeds in ((0, 1), (1, 2)):
        manager.request([config(seed) for seed in seeds], WIDE, "ann")
        wait(manager, [config(seed) for seed in seeds], WIDE)
    manager.request([config(seed) for seed in range(4)], WIDE, "ann")
    assert threads.submitted == [[0, 1], [2], [3]]
    manager.close()


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    assert Limits.from_environment() == Limits()
    for name, value in {"QUEUE": "2", "MEMORY_MB": "1000", "STEPS": ""}.items():
        monkeypatch.setenv(f"TOYMODEL_MAX_{name}", value)
    assert Limits.from_environment() == Limits(queue=2, memory_mb=1_000)
    for odd in ("many", "-1", "0", "1.5", "1001"):
        monkeypatch.setenv("TOYMODEL_MAX_QUEUE", odd)
        with pytest.raises(
            tm.SettingError, match=r"TOYMODEL_MAX_QUEUE = .*must be a whole number from 1 to 1,"
        ):
            Limits.from_environment()


# Progress


def test_progress_shows_steps_losses_and_weights(worker: JobManager):
    configs = [config(100), config(101).replace(n_features=5)]
    recipe = ENDLESS.replace(restarts=2, steps=100_000)
    keys = [model_key(c, recipe) for c in configs]
    first = start(worker, configs, recipe)
    assert first and (first.state, first.place, first.steps, first.message) == (
        "running",
        0,
        100_000,
        "",
    )
    recorded = wait(
        worker,
        configs,
        recipe,
        lambda p: p.step > first.step and all(p.models[k].history.step.size for k in keys),
    )
    assert recorded is not None
    assert 0 < recorded.remaining < 1e5
    assert recorded.models.keys() == set(keys)
    for key in keys:
        history = recorded.models[key].history
        assert history.loss.shape == (2, len(history.step))
        assert len(history.seconds) == len(history.step)
        assert np.isfinite(history.loss).all()
        assert history.together == 2
        assert recorded.models[key].weights.keys() == {0, 1}
    assert [recorded.models[key].leading.W1.shape for key in keys] == [(2, 3), (2, 5)]
    assert not np.array_equal(
        recorded.models[keys[0]].weights[0].W1, first.models[keys[0]].weights[0].W1
    )
    assert worker.progress(configs[1:], recipe).models.keys() == set(keys)
    assert not any(worker.store.has(c, recipe) for c in configs)
    assert worker.cancel(configs, recipe, "ann") == 0
    assert wait(worker, configs, recipe) is None


def test_progress_of_several_jobs_is_told_together(manager: JobManager, threads: Threads):
    first = start(manager, [config(0)], ENDLESS)
    manager.request([config(1)], ENDLESS, "ann")
    both = manager.progress([config(0), config(1)], ENDLESS)
    assert both.state == "running"
    assert both.step >= first.step
    assert both.models.keys() == {model_key(config(0), ENDLESS)}
    assert math.isnan(both.remaining)
    waiting = manager.progress([config(1)], ENDLESS)
    assert (waiting.state, waiting.place, waiting.models) == ("waiting", 1, {})
    for seed in (0, 1):
        assert manager.cancel([config(seed)], ENDLESS, "ann") == 0


# Cancelling


def test_cancel_stops_a_running_training_soon_and_the_next_one_works(worker: JobManager):
    wanted, next_one = [config(110)], [config(111)]
    # Megabytes of weights: by the time the first step ends, the process has been ended instead.
    large = [tm.Config(n_features=2_000, n_neurons=2_000, seed=112)]
    for configs, recipe in ((wanted, ENDLESS), (large, ENDLESS.replace(batch_size=2_048))):
        worker.request(configs, recipe, "ann")
        wait(worker, configs, recipe, lambda p: p.step > 0 or p.state == "running")
        started = time.monotonic()
        assert worker.cancel(configs, recipe, "ann") == 0
        assert wait(worker, configs, recipe) is None
        assert time.monotonic() - started < 2
    worker.request(next_one, RECIPE, "ann")
    assert wait(worker, next_one) is None
    assert worker.store.has(next_one[0], RECIPE)
    assert not worker.store.has(wanted[0], ENDLESS)


def test_cancel_by_one_of_two_visitors_does_not_stop_the_job(manager: JobManager, threads: Threads):
    threads.hold()
    manager.request([config(0)], RECIPE, "ann")
    manager.request([config(0)], RECIPE, "bob")
    assert manager.cancel([config(0)], RECIPE, "ann") == 1
    assert manager.cancel([config(0)], RECIPE, "ann") == 1
    assert manager.cancel([config(0)], RECIPE, "somebody else") == 1
    assert manager.progress([config(0)], RECIPE).state == "waiting"
    threads.gate.set()
    assert wait(manager, [config(0)]) is None
    assert manager.store.has(config(0), RECIPE)


def test_cancel_by_both_visitors_stops_the_job(manager: JobManager, threads: Threads):
    start(manager, [config(0)], ENDLESS)
    manager.request([config(0)], ENDLESS, "bob")
    assert manager.cancel([config(0)], ENDLESS, "bob") == 1
    assert manager.cancel([config(0)], ENDLESS, "ann") == 0
    assert wait(manager, [config(0)], ENDLESS) is None
    assert not manager.store.has(config(0), ENDLESS)
    assert manager.cancel([config(0)], ENDLESS, "ann") == 0


def test_what_was_cancelled_can_be_asked_for_again_at_once(manager: JobManager, threads: Threads):
    start(manager, [config(0)], ENDLESS)
    manager.cancel([config(0)], ENDLESS, "ann")
    assert start(manager, [config(0)], ENDLESS).place == 0
    # What waits is cancelled without ever running.
    manager.request([config(1)], RECIPE, "ann")
    assert manager.cancel([config(1)], RECIPE, "ann") == 0
    assert manager.progress([config(1)], RECIPE) is None
    manager.cancel([config(0)], ENDLESS, "ann")
    manager.request([config(2)], RECIPE, "ann")
    wait(manager, [config(2)])
    assert not manager.store.has(config(1), RECIPE)
    assert wait(manager, [config(0)], ENDLESS) is None


def test_a_visitor_who_left_has_no_say_in_a_cancellation(tmp_path: Path, threads: Threads):
    here = {"ann", "bob"}
    manager = JobManager(Store(tmp_path), threads, present=here.__contains__)
    manager.request([config(0)], ENDLESS, "ann")
    manager.request([config(0)], ENDLESS, "bob")
    assert manager.cancel([config(0)], ENDLESS, "eve") == 1
    here.clear()
    assert manager.cancel([config(0)], ENDLESS, "eve") == 0
    assert wait(manager, [config(0)], ENDLESS) is None
    manager.close()


# Pausing


def pause(
    manager: JobManager,
    configs: Sequence[tm.Config],
    recipe: tm.Recipe = PAUSABLE,
    owner: str = "",
) -> Progress:
    """Ann pauses; what is shown then."""
    assert manager.pause(configs, recipe, "ann", owner) == 0
    progress = wait(manager, configs, recipe)
    assert progress and (progress.state, progress.active) == ("paused", False)
    return progress


def goes_on(
    manager: JobManager, configs: Sequence[tm.Config], recipe: tm.Recipe = PAUSABLE
) -> None:
    """A request ends with what training without a pause gives."""
    manager.request(configs, recipe, "ann")
    assert wait(manager, configs, recipe) is None
    for expected in trained(recipe, *configs):
        stored = manager.store.get(expected.config, recipe)
        assert stored is not None
        assert all(map(same, stored.restarts, expected.restarts))
        np.testing.assert_array_equal(stored.history.loss, expected.history.loss)
    assert not list(manager.store.trained.glob("*.paused"))


def test_a_paused_training_shows_where_it_stands_and_goes_on(manager: JobManager, brake: Brake):
    configs = [config(0), config(1).replace(n_features=5)]
    start(manager, configs)
    shown = pause(manager, configs)
    assert 0 < shown.step < shown.steps == 300
    for each in configs:
        live = shown.models[model_key(each, PAUSABLE)]
        assert live.history.loss.shape == (2, len(live.history.step))
        assert live.history.step.max(initial=0) <= shown.step
        assert live.leading.W1.shape == (2, each.n_features)
    assert manager.progress(configs, PAUSABLE) == shown
    brake.released.set()
    goes_on(manager, configs)


def test_a_paused_training_outlives_the_server_and_each_pause_gets_further(
    manager: JobManager, brake: Brake
):
    start(manager, [config(0)])
    first = pause(manager, [config(0)])
    brake.after = first.step
    start(manager, [config(0)], step=first.step)
    second = pause(manager, [config(0)])
    assert second.step > first.step
    manager.close()
    next_one = JobManager(Store(manager.store.root), Threads())
    shown = next_one.progress([config(0)], PAUSABLE)
    assert shown and (shown.state, shown.step) == ("paused", second.step)
    brake.released.set()
    goes_on(next_one, [config(0)])
    next_one.close()


def test_what_was_paused_stays_when_the_server_closes_while_it_goes_on(manager: JobManager):
    start(manager, [config(0)], ENDLESS)
    before = pause(manager, [config(0)], ENDLESS)
    start(manager, [config(0)], ENDLESS)
    manager.close()
    next_one = JobManager(Store(manager.store.root), Threads())
    shown = next_one.progress([config(0)], ENDLESS)
    assert shown and (shown.state, shown.step) == ("paused", before.step)
    next_one.close()


def test_a_training_is_paused_in_its_second_cycle(manager: JobManager, brake: Brake):
    recipe = PAUSABLE.replace(cycles=2, steps=150)
    brake.after = 150
    start(manager, [config(0)], recipe, step=150)
    shown = pause(manager, [config(0)], recipe)
    assert 150 < shown.step < shown.steps == 300
    assert manager.store.has(config(0), recipe.replace(cycles=1))
    brake.released.set()
    goes_on(manager, [config(0)], recipe)


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_paused_training_that_is_cancelled_is_forgotten(manager: JobManager, goes_on: bool):
    start(manager, [config(0)], ENDLESS)
    pause(manager, [config(0)], ENDLESS)
    if goes_on:
        start(manager, [config(0)], ENDLESS)
    assert manager.cancel([config(0)], ENDLESS, "ann") == 0
    assert wait(manager, [config(0)], ENDLESS) is None
    assert not list(manager.store.trained.iterdir())


def test_a_pause_while_another_visitor_waits_stops_nothing(manager: JobManager, brake: Brake):
    start(manager, [config(0)])
    manager.request([config(0)], PAUSABLE, "bob")
    assert manager.pause([config(0)], PAUSABLE, "ann") == 1
    brake.released.set()
    assert wait(manager, [config(0)], PAUSABLE) is None
    assert manager.store.has(config(0), PAUSABLE)


def test_a_pause_takes_what_waits_out_of_the_queue(manager: JobManager, threads: Threads):
    threads.hold()
    recipe = RECIPE.replace(cycles=2)
    manager.request([config(0)], recipe, "ann")
    waiting = manager.progress([config(0)], recipe)
    assert waiting and (waiting.state, waiting.steps) == ("waiting", 40)
    manager.request([config(1)], recipe, "ann")
    assert manager.pause([config(0)], recipe, "ann") == 0
    assert manager.progress([config(0)], recipe) is None
    other = manager.progress([config(1)], recipe)
    assert other and other.place == 0


def test_what_is_asked_for_again_before_it_has_stopped_goes_on(manager: JobManager, brake: Brake):
    start(manager, [config(0)])
    assert manager.pause([config(0)], PAUSABLE, "ann") == 0
    brake.released.set()
    goes_on(manager, [config(0)])


def test_a_pause_of_what_is_missing_is_found_by_the_whole_request(manager: JobManager):
    configs = [config(0), config(1)]
    manager.store.put(model(configs[0], ENDLESS))
    start(manager, configs, ENDLESS)
    shown = pause(manager, configs, ENDLESS)
    assert shown.models.keys() == {model_key(configs[1], ENDLESS)}
    assert manager.cancel(configs, ENDLESS, "ann") == 0
    assert manager.progress(configs, ENDLESS) is None


@pytest.mark.parametrize("cause", ["no folder", "no space"])
def test_a_pause_that_cannot_be_written_is_told_and_stops_nothing(
    cause: str, tmp_path: Path, threads: Threads, brake: Brake, short_evaluation: None
):
    (tmp_path / "file").write_text("")
    no_folder, no_space = Store(tmp_path / "file" / "store"), Store(tmp_path, max_bytes=1_000)
    manager = JobManager(no_folder if cause == "no folder" else no_space, threads)
    start(manager, [config(0)])
    assert manager.pause([config(0)], PAUSABLE, "ann") == 0
    told = wait(manager, [config(0)], PAUSABLE, lambda p: bool(p.message))
    assert told and (told.state, told.message.startswith("It cannot be paused (")) == (
        "running",
        True,
    )
    manager.request([config(0)], PAUSABLE, "bob")
    assert threads.submitted == [[0]]  # it is still the same job
    brake.released.set()
    assert wait(manager, [config(0)], PAUSABLE) is None
    found = manager.store.get(config(0), PAUSABLE)
    assert found is not None
    assert same_model(found, trained(PAUSABLE, config(0))[0])
    manager.close()


def test_a_pause_of_one_model_does_not_stop_a_job_of_several(manager: JobManager):
    configs = [config(0), config(1)]
    start(manager, configs, ENDLESS)
    assert manager.pause(configs[:1], ENDLESS, "ann") == 1
    running = manager.progress(configs, ENDLESS)
    assert running and running.state == "running"
    assert manager.cancel(configs, ENDLESS, "ann") == 0


def test_a_cancel_after_a_pause_that_is_on_its_way_leaves_nothing(manager: JobManager):
    for _ in range(3):
        start(manager, [config(0)], ENDLESS)
        assert manager.pause([config(0)], ENDLESS, "ann") == 0
        assert manager.cancel([config(0)], ENDLESS, "ann") == 0
        assert wait(manager, [config(0)], ENDLESS) is None
        assert not list(manager.store.trained.glob("*.paused"))


def test_only_who_paused_a_training_can_discard_it(manager: JobManager):
    start(manager, [config(0)], ENDLESS)
    shown = pause(manager, [config(0)], ENDLESS, owner="ann's")
    assert shown.owner == "ann's"
    for owners in ((), ("", "bob's")):
        assert manager.cancel([config(0)], ENDLESS, "bob", owners) == 0
        assert manager.progress([config(0)], ENDLESS) == shown
    assert manager.cancel([config(0)], ENDLESS, "ann", ("older", "ann's")) == 0
    assert manager.progress([config(0)], ENDLESS) is None


def test_who_goes_on_with_the_pause_of_another_can_neither_discard_nor_take_it(
    manager: JobManager,
):
    start(manager, [config(0)], ENDLESS)
    first = pause(manager, [config(0)], ENDLESS, owner="ann's")
    manager.request([config(0)], ENDLESS, "bob")
    wait(manager, [config(0)], ENDLESS, lambda p: p.step > first.step)
    assert manager.cancel([config(0)], ENDLESS, "bob", ("bob's",)) == 0
    left = wait(manager, [config(0)], ENDLESS)
    assert left and (left.state, left.step, left.owner) == ("paused", first.step, "ann's")
    manager.request([config(0)], ENDLESS, "bob")
    wait(manager, [config(0)], ENDLESS, lambda p: p.step > first.step)
    assert manager.pause([config(0)], ENDLESS, "bob", "bob's") == 0
    further = wait(manager, [config(0)], ENDLESS)
    assert further and (further.state, further.owner) == ("paused", "ann's")
    assert further.step > first.step


# How long it takes, and what trains without a click


def test_the_estimate_is_of_what_is_missing(manager: JobManager):
    both = [config(0), config(1)]
    two, one = manager.estimate(both, RECIPE), manager.estimate(both[:1], RECIPE)
    assert two > one > 0
    longer = manager.estimate(both[:1], RECIPE.replace(cycles=2))
    assert longer == pytest.approx(2 * one)
    manager.store.put(model(both[0], RECIPE))
    assert manager.estimate(both, RECIPE) == pytest.approx(one)
    assert manager.estimate(both[:1], RECIPE) == 0
    # The cycle that is there is not trained again.
    assert manager.estimate(both[:1], RECIPE.replace(cycles=2)) == pytest.approx(one)


def test_the_estimate_is_learned_from_what_trainings_took(manager: JobManager):
    learned: list[float] = []
    manager.pace.learn = lambda configs, recipe, seconds: learned.append(seconds)
    start_of_it = time.monotonic()
    manager.request([config(0)], RECIPE, "ann")
    wait(manager, [config(0)])
    assert 0 < learned[0] < time.monotonic() - start_of_it


def test_changed_settings_train_within_the_budget(tmp_path: Path, threads: Threads):
    threads.hold()
    none = JobManager(Store(tmp_path), threads, Limits(live_seconds=0))
    assert not none.request_live([config(0)], RECIPE, "ann")
    manager = JobManager(Store(tmp_path), threads, Limits(live_seconds=1, queue=2))
    each = manager.estimate([config(0)], RECIPE)
    manager.budget.charge("ann", 1 - 1.5 * each)
    assert manager.request_live([config(0)], RECIPE, "ann")
    assert not manager.request_live([config(1)], RECIPE, "ann")
    assert manager.request_live([config(1)], RECIPE, "bob")
    assert threads.submitted == [[0], [1]]
    with pytest.raises(Refused):
        manager.request_live([config(2)], RECIPE, "eve")
    assert manager.budget.allows("eve", 1.0)  # what is refused costs nothing
    threads.gate.set()
    none.close()
    manager.close()


# Failures


def test_a_divergence_is_told_and_not_stored_and_the_others_of_the_job_are(worker: JobManager):
    configs = [tm.Config(n_features=2, n_neurons=1, seed=seed) for seed in range(8)]
    worker.request(configs, SOMETIMES_WILD, "ann")
    progress = wait(worker, configs, SOMETIMES_WILD)
    assert progress and (progress.state, progress.active) == ("failed", False)
    assert progress.failure == "diverged"
    assert progress.message.startswith("Training diverged at p = 1 by step ")
    assert "learning rate 10 is probably too high" in progress.message
    stored = [worker.store.has(c, SOMETIMES_WILD) for c in configs]
    assert 0 < sum(stored) < 8
    for each, there in zip(configs, stored, strict=True):
        told = worker.progress([each], SOMETIMES_WILD)
        assert (told is None) if there else (told.state == "failed")


def test_a_failure_is_known_until_the_model_is_asked_for_again(
    manager: JobManager, threads: Threads
):
    manager.request([config(0)], WILD, "ann")
    assert wait(manager, [config(0)], WILD).state == "failed"
    assert manager.progress([config(0), config(1)], WILD).state == "failed"
    assert manager.progress([config(0)], RECIPE) is None
    threads.hold()
    manager.request([config(0)], WILD, "bob")
    assert manager.progress([config(0)], WILD).state == "waiting"
    manager.cancel([config(0)], WILD, "bob")
    assert manager.progress([config(0)], WILD) is None


def test_a_worker_that_is_killed_gives_a_message_and_the_next_job_works(worker: JobManager):
    wanted, other = [config(120)], [config(121)]
    process = worker.executor.submit(os.getpid).result(60)
    start(worker, wanted, ENDLESS)
    os.kill(process, signal.SIGKILL)
    progress = wait(worker, wanted, ENDLESS)
    assert progress and (progress.state, progress.failure) == ("failed", "killed")
    assert "training process ended unexpectedly (exit code -9)" in progress.message
    # In the next process a training is paused, goes on, and is told of beside its pause.
    start(worker, other, ENDLESS)
    shown = pause(worker, other, ENDLESS)
    start(worker, other, ENDLESS, step=shown.step)
    worker.executor.kill(worker.executor._running[0])
    found = wait(worker, other, ENDLESS)
    assert found and (found.state, found.failure) == ("paused", "killed")
    assert "ended unexpectedly" in found.message
    assert worker.cancel(other, ENDLESS, "ann") == 0


# Where models go, and what stays behind


def test_models_that_cannot_be_written_come_back_into_memory(tmp_path: Path, worker: JobManager):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "store")
    manager = JobManager(store, worker.executor)
    manager.request([config(130)], RECIPE, "ann")
    assert wait(manager, [config(130)]) is None
    found = store.get(config(130), RECIPE)
    assert found is not None
    assert same_model(found, tm.train([config(130)], RECIPE)[0])
    assert any("cannot be written to" in note for note in store.notes)
    manager._scratch.close()  # its executor is another manager's to close


def folder_of(manager: JobManager) -> Path:
    path = manager._scratch._path
    assert path is not None
    return path


def test_a_scratch_folder_that_vanishes_is_made_anew(manager: JobManager, brake: Brake):
    start(manager, [config(0)])
    for _ in range(2):
        shutil.rmtree(folder_of(manager))
        shown = wait(
            manager, [config(0)], PAUSABLE, lambda p: p.step > 0 and folder_of(manager).exists()
        )
        assert shown and shown.state == "running"
    shutil.rmtree(folder_of(manager))
    assert manager.pause([config(0)], PAUSABLE, "ann") == 0
    paused = wait(manager, [config(0)], PAUSABLE, lambda p: p.state == "paused")
    assert paused and paused.state == "paused"
    shutil.rmtree(folder_of(manager))
    brake.released.set()
    manager.request([config(0)], PAUSABLE, "ann")
    assert wait(manager, [config(0)], PAUSABLE) is None
    assert manager.store.has(config(0), PAUSABLE)
    shutil.rmtree(folder_of(manager))
    manager.request([config(1)], ENDLESS, "ann")
    manager.cancel([config(1)], ENDLESS, "ann")
    assert wait(manager, [config(1)], ENDLESS) is None


def no_space(*arguments: object, **options: object) -> None:
    raise OSError(28, "No space left on device", "/srv/secret")


def test_what_the_system_refuses_is_one_sentence(
    manager: JobManager, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.mkdtemp", no_space)
        with pytest.raises(Refused) as refused:
            manager.request([config(0)], RECIPE, "ann")
    assert str(refused.value) == (
        "The system refuses a folder for this training: No space left on device. Try again later."
    )
    manager.request([config(0)], RECIPE, "ann")
    assert wait(manager, [config(0)]) is None
    with monkeypatch.context() as patch:
        patch.setattr(job, "load_or_train", no_space)
        manager.request([config(1)], RECIPE, "ann")
        failed = wait(manager, [config(1)])
    assert failed and failed.failure == "disk full"
    assert failed.message == "The disk is full, so the training stopped."


def test_a_pause_that_cannot_be_asked_for_is_told_and_stops_nothing(
    manager: JobManager, brake: Brake, monkeypatch: pytest.MonkeyPatch
):
    start(manager, [config(0)])
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.write_text", no_space)
        manager.pause([config(0)], PAUSABLE, "ann")
    told = manager.progress([config(0)], PAUSABLE)
    assert told and (told.state, told.message) == (
        "running",
        "It cannot be paused (No space left on device), so it goes on.",
    )
    brake.released.set()
    assert wait(manager, [config(0)], PAUSABLE) is None
    assert manager.store.has(config(0), PAUSABLE)


def test_nothing_is_left_behind(manager: JobManager, threads: Threads):
    manager.request([config(0)], RECIPE, "ann")
    scratch = folder_of(manager)
    manager.request([config(0)], WILD, "ann")
    wait(manager, [config(0)], RECIPE)
    wait(manager, [config(0)], WILD)
    # A job is out of the queue a moment before its files are gone.
    assert until(lambda: not list(scratch.iterdir()))
    manager.request([config(0)], ENDLESS, "ann")
    manager.request([config(1)], ENDLESS, "ann")
    wait(manager, [config(0)], ENDLESS, lambda p: p.step > 0)
    started = time.monotonic()
    manager.close()
    assert time.monotonic() - started < 5
    assert not scratch.exists()
    assert not manager.store.has(config(0), ENDLESS)


PAGE = """
import os, sys, time
import toymodel as tm
from toymodel.jobs.manager import JobManager
from toymodel.storage.store import Store
from toymodel.training.workers import WorkerExecutor

def wait(configs, recipe, until=lambda progress: False):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        progress = manager.progress(configs, recipe)
        if progress is None or not progress.active or until(progress):
            return progress
        time.sleep(0.01)

manager = JobManager(Store(sys.argv[1]), WorkerExecutor())
configs = [tm.Config(n_features=3, n_neurons=2, seed=seed) for seed in range(3)]
quick = tm.Recipe(steps=20, batch_size=16)
endless = tm.Recipe(steps=1_000_000, batch_size=16)
wild = quick.replace(
    learning_rate=10.0, schedule="constant", warmup=0.0, slope=1.0, slope_until=1.0, beta2=0.0
)

manager.request(configs, quick, "ann")
print("done", wait(configs, quick), [manager.store.get(c, quick) is not None for c in configs])
manager.request(configs, endless, "ann")
print("shown", len(wait(configs, endless, lambda p: p.models).models))
manager.cancel(configs, endless, "ann")
print("cancelled", wait(configs, endless))
manager.request(configs, wild, "ann")
print("failed", wait(configs, wild).state)
print("torch", "torch" in sys.modules, "streamlit", "streamlit" in sys.modules)
print(manager.executor.submit(os.getpid).result(60), flush=True)
manager.request(configs, endless, "ann")
wait(configs, endless, lambda p: p.step > 0)
manager._scratch.close()
os._exit(0)
"""


def test_the_process_of_a_page_never_imports_torch_and_takes_its_worker_with_it(tmp_path: Path):
    result = run_python("-c", PAGE, str(tmp_path))
    assert result.stderr == ""
    *lines, process = result.stdout.splitlines()
    assert until(lambda: not alive(int(process)), 2)
    assert lines == [
        "done None [True, True, True]",
        "shown 3",
        "cancelled None",
        "failed failed",
        "torch False streamlit False",
    ]
