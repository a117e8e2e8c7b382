"""Trainings whose shards are divided among processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.networks import SOMETIMES_WILD, WILD, run_python, same, same_restarts
from toymodel.storage.checkpoint import Checkpoint
from toymodel.training import workers
from toymodel.training.snapshot import Snapshot
from toymodel.training.train import train, training
from toymodel.training.workers import WorkerDied, borrow_workers, end_idle_workers

CONFIG = tm.Config(n_features=6, n_neurons=4, feature_probability=0.1, seed=3)
CONFIGS = [
    CONFIG,
    CONFIG.replace(feature_probability=1.0),
    CONFIG.replace(seed=5),
    CONFIG.replace(n_neurons=3),
    CONFIG.replace(task="identity", hidden_bias=True),
]
RECIPE = tm.Recipe(steps=150, batch_size=16, restarts=3)
ENDLESS = RECIPE.replace(steps=1_000_000)


@pytest.fixture(scope="module", autouse=True)
def nobody_stays() -> Iterator[None]:
    """Workers are kept from test to test, as starting one takes longer than most of these."""
    yield
    end_idle_workers()


@pytest.fixture
def nobody() -> None:
    """No worker is there yet."""
    end_idle_workers()


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch, short_evaluation: None) -> None:
    """Every training uses two workers, however little there is to do, for shards of one instance.

    Workers measure on as many inputs as usual, so losses measured there differ from those here.
    """
    for name in ("_MIN_SECONDS_TO_SHARE", "_MIN_SECONDS_TO_START_WORKERS"):
        monkeypatch.setattr(f"toymodel.training.train.{name}", 0.0)
    monkeypatch.setattr("toymodel.training.sharding._MAX_SHARD_WORK", 1)
    monkeypatch.setenv("TOYMODEL_PROCESSES", "3")


@pytest.fixture(scope="module")
def alone() -> list[tm.Model]:
    """What a training in one process gives, on shards of one instance."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("toymodel.training.sharding._MAX_SHARD_WORK", 1)
        return train(CONFIGS, RECIPE, processes=1)


def idle() -> list[int]:
    """The processes of the workers that are kept for the next training."""
    with borrow_workers(9, start=False) as borrowed:
        return [worker.pid for worker in borrowed]


def test_one_process_uses_no_worker_and_three_give_the_same_weights_and_history(
    nobody: None, shared: None, alone: list[tm.Model]
):
    assert len(train(CONFIGS[:1], RECIPE, processes=1)) == 1
    assert idle() == []
    together = train(CONFIGS, RECIPE)
    assert len(idle()) == 2
    for one, other in zip(alone, together, strict=True):
        assert all(map(same, one.restarts, other.restarts))
        np.testing.assert_array_equal(one.history.loss, other.history.loss)
        np.testing.assert_array_equal(one.history.step, other.history.step)
        np.testing.assert_allclose(one.losses, other.losses, rtol=0.2)
        assert np.all(np.diff(other.history.seconds) > 0)


def test_snapshots_show_instances_in_workers_until_the_training_ends(
    shared: None, alone: list[tm.Model]
):
    seen: list[tuple[int, tm.Weights]] = []
    snapshots: list[Snapshot] = []

    def watch(snapshot: Snapshot) -> None:
        snapshots.append(snapshot)
        seen.extend((index, snapshot.weights(index, 2)) for index in range(len(CONFIGS)))

    train(CONFIGS, RECIPE, on_snapshot=watch)
    for index, weights in seen[-len(CONFIGS) :]:
        assert same(weights, alone[index].restarts[2])
    assert not same(seen[0][1], seen[-len(CONFIGS)][1])
    with pytest.raises(RuntimeError, match="read a snapshot before it goes on"):
        snapshots[-1].weights(0, 0)


def test_a_paused_training_goes_on_to_the_same_weights_with_more_processes_or_fewer(
    shared: None, alone: list[tm.Model], monkeypatch: pytest.MonkeyPatch
):
    resume: Checkpoint | None = None
    for processes in (2, 1, 3):
        run = training(CONFIGS, RECIPE, resume=resume, interval=0.0, processes=processes)
        for snapshot in run:
            if snapshot.step > (resume.about["done"] if resume else 0):
                resume = snapshot.checkpoint()
                break
        run.close()
    assert resume
    assert 0 < resume.about["done"] < RECIPE.steps
    monkeypatch.setattr("toymodel.training.sharding._MAX_SHARD_WORK", 2**23)
    for one, other in zip(alone, train(CONFIGS, RECIPE, resume=resume), strict=True):
        assert all(map(same, one.restarts, other.restarts))
        np.testing.assert_array_equal(one.history.loss, other.history.loss)


def test_a_training_of_two_cycles_is_shared_too(shared: None):
    twice = RECIPE.replace(cycles=2, steps=60)
    one_process, three = (train(CONFIGS[:3], twice, processes=n) for n in (1, 3))
    assert same_restarts(one_process, three)


def test_a_divergence_has_the_same_reason_whichever_process_trained_it(shared: None):
    reasons: list[list[str]] = []
    for processes in (1, 3):
        with pytest.raises(tm.TrainingDiverged) as error:
            train(CONFIGS[:2], WILD.replace(restarts=3), processes=processes)
        reasons.append(error.value.reasons)
    assert reasons[0] == reasons[1]
    assert len(reasons[0]) == 2


def test_a_paused_training_may_have_lost_a_config_in_an_earlier_cycle(shared: None):
    configs = [tm.Config(n_features=2, n_neurons=1, seed=seed) for seed in range(8)]
    with pytest.raises(tm.TrainingDiverged) as error:
        train(configs, SOMETIMES_WILD)
    twice = SOMETIMES_WILD.replace(cycles=2)
    run = training(configs, twice, start=error.value.models, interval=0.0)
    resume = next(s.checkpoint() for s in run if s.step > 100)
    run.close()
    with pytest.raises(tm.TrainingDiverged) as later:
        train(configs, twice, start=error.value.models, resume=resume)
    with pytest.raises(tm.TrainingDiverged) as whole:
        train(configs, twice, start=error.value.models)
    for one, other in zip(later.value.models, whole.value.models, strict=True):
        assert (one is None) == (other is None)
        assert one is None or other is None or same(one.weights, other.weights)


def test_the_smallest_group_does_not_decide_how_many_steps_are_in_a_block(shared: None):
    large = tm.Config(n_features=300, n_neurons=300)
    recipe = tm.Recipe(steps=10_000, batch_size=4_096)
    run = training([CONFIG, large], recipe, interval=0.0)
    steps = [snapshot.step for snapshot, _ in zip(run, range(4), strict=False)]
    run.close()
    assert max(np.diff(steps)) <= 2


@pytest.mark.parametrize(("m", "restarts", "batch"), [(1, 9, 300), (2, 6, 1_000), (3, 8, 500)])
def test_weights_do_not_depend_on_whether_a_worker_is_there(
    m: int, restarts: int, batch: int, short_evaluation: None, monkeypatch: pytest.MonkeyPatch
):
    config = tm.Config(n_features=17, n_neurons=m, feature_probability=0.3)
    recipe = tm.Recipe(steps=40, batch_size=batch, restarts=restarts)
    monkeypatch.setattr("toymodel.training.train._MIN_SECONDS_TO_SHARE", 0.0)
    configs = [config, config.replace(seed=1)]
    with borrow_workers(9, start=False), pytest.MonkeyPatch.context() as patch:
        patch.setattr("toymodel.training.train._MIN_SECONDS_TO_START_WORKERS", float("inf"))
        alone = train(configs, recipe, processes=2)
    monkeypatch.setattr("toymodel.training.train._MIN_SECONDS_TO_START_WORKERS", 0.0)
    helped = train(configs, recipe, processes=2)
    assert idle()
    assert same_restarts(alone, helped)


def test_small_trainings_are_not_shared(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers, "Worker", None)
    with borrow_workers(9, start=False) as borrowed:  # none of them is idle
        train([CONFIG], tm.Recipe(steps=20, batch_size=8), processes=8)
    assert sorted(idle()) == sorted(worker.pid for worker in borrowed)


def test_a_training_goes_on_alone_where_no_process_can_be_started(
    shared: None, alone: list[tm.Model], monkeypatch: pytest.MonkeyPatch
):
    def refused() -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(workers, "Worker", refused)
    with borrow_workers(9, start=False):
        (found,) = train(CONFIGS[:1], RECIPE)
    assert all(map(same, found.restarts, alone[0].restarts))


def test_a_training_that_is_stopped_leaves_workers_for_the_next_one(shared: None):
    def stop(snapshot: Snapshot) -> None:
        if snapshot.step:
            raise tm.TrainingCancelled

    with pytest.raises(tm.TrainingCancelled):
        train(CONFIGS, ENDLESS, on_snapshot=stop)
    assert len(idle()) == 2


def test_a_worker_that_dies_fails_the_training_and_the_next_has_a_new_one(
    shared: None, alone: list[tm.Model]
):
    with borrow_workers(2, start=True) as borrowed:
        first = borrowed[0].pid

    def kill(snapshot: Snapshot) -> None:
        if snapshot.step:
            os.kill(first, signal.SIGKILL)

    with pytest.raises(WorkerDied, match="ended unexpectedly"):
        train(CONFIGS, ENDLESS, on_snapshot=kill)
    assert first not in idle()
    assert same_restarts(train(CONFIGS, RECIPE), alone)
    # One that is gone does not change how a training ends.
    processes = idle()
    assert len(processes) == 2
    run = training(CONFIGS, RECIPE, interval=0.0)
    next(run)
    for process in processes:
        os.kill(process, signal.SIGKILL)
    run.close()  # and raises nothing
    assert idle() == []


@pytest.mark.parametrize("exit_", ["", "raise SystemExit"])
def test_a_training_that_is_left_in_the_middle_does_not_keep_python_from_ending(exit_: str):
    result = run_python(
        "-c",
        "import toymodel as tm, toymodel.training.train as t\n"
        "t._MIN_SECONDS_TO_SHARE = t._MIN_SECONDS_TO_START_WORKERS = 0.0\n"
        "configs = [tm.Config(n_features=20, n_neurons=m) for m in (5, 6)]\n"
        "run = t.training(configs, tm.Recipe(steps=100_000), interval=0.0, processes=2)\n"
        f"next(run), next(run); print('left', flush=True)\n{exit_}",
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "left\n", "")
