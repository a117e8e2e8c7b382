from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.networks import run_python, same
from tests.helpers.processes import alive, until
from toymodel.storage.checkpoint import Checkpoint
from toymodel.training import crew as crews
from toymodel.training.child import WorkerDied
from toymodel.training.crew import crew, dismiss, processes_here
from toymodel.training.run import Snapshot
from toymodel.training.train import train, training

CONFIG = tm.Config(n_features=6, n_neurons=4, feature_probability=0.1, seed=3)
CONFIGS = [
    CONFIG,
    CONFIG.replace(feature_probability=1.0),
    CONFIG.replace(seed=5),
    CONFIG.replace(n_neurons=3),
    CONFIG.replace(task="identity", hidden_bias=True),
]
RECIPE = tm.Recipe(steps=300, batch_size=32, restarts=3)


@pytest.fixture(scope="module", autouse=True)
def nobody_stays() -> Iterator[None]:
    """Helpers are kept from test to test, as starting one takes longer than most of these."""
    yield
    dismiss()


@pytest.fixture
def nobody() -> None:
    """No helper is there yet."""
    dismiss()


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch, short_evaluation: None) -> None:
    """Every training asks two helpers, however little there is to do, for shards of an instance.

    Helpers measure on as many inputs as usual, so networks that were shared out are not compared
    by their losses here.
    """
    for name in ("_ASK", "_START"):
        monkeypatch.setattr(f"toymodel.training.train.{name}", 0.0)
    monkeypatch.setattr("toymodel.training.sharding._SHARD", 1)
    monkeypatch.setenv("TOYMODEL_PROCESSES", "3")


def pids(wanted: int, *, start: bool = True) -> list[int]:
    with crew(wanted, start=start) as helpers:
        for helper in helpers:
            helper.ask(os.getpid)
        return [helper.answer() for helper in helpers]


def test_helpers_work_in_processes_of_their_own_and_stay_for_the_next_training(nobody: None):
    first = pids(2)
    assert len({os.getpid(), *first}) == 3
    assert pids(1, start=False)[0] in first
    assert sorted(pids(3, start=False)) == sorted(first)
    assert len(set(pids(3)) - set(first)) == 1


def test_nobody_is_started_unless_asked_for(nobody: None):
    assert pids(2, start=False) == []
    assert pids(0) == []
    assert pids(-1) == []


def test_two_trainings_at_once_have_no_helper_in_common():
    with crew(1, start=True) as mine, crew(1, start=True) as other:
        assert mine[0] is not other[0]


def test_what_a_call_raises_is_raised_here_and_the_helper_can_be_asked_again():
    with crew(1, start=True) as (helper,):
        helper.ask(int, "seven")
        with pytest.raises(ValueError, match="invalid literal"):
            helper.answer()
        helper.ask(abs, -2)
        assert helper.answer() == 2


def test_a_helper_that_died_is_told_and_not_asked_again(nobody: None):
    with crew(1, start=True) as (helper,):
        helper.ask(os.getpid)
        process = helper.answer()
        helper.ask(time.sleep, 60)
        os.kill(process, signal.SIGKILL)
        with pytest.raises(WorkerDied, match="may have run out of memory"):
            helper.answer()
    assert pids(1, start=False) == []


def test_a_helper_that_died_while_it_was_idle_is_replaced(nobody: None):
    (process,) = pids(1)
    os.kill(process, signal.SIGKILL)
    assert until(lambda: not alive(process))
    assert pids(1, start=False) == []
    assert pids(1) != [process]


def test_a_helper_in_the_middle_of_a_call_is_ended_with_its_training(nobody: None):
    with pytest.raises(KeyboardInterrupt), crew(1, start=True) as (helper,):
        helper.ask(os.getpid)
        process = helper.answer()
        helper.ask(time.sleep, 60)
        raise KeyboardInterrupt
    assert not alive(process)
    assert pids(1, start=False) == []


def test_a_helper_ends_when_it_was_idle_for_long(nobody: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(crews, "IDLE_SECONDS", 0.2)
    (process,) = pids(1)
    assert until(lambda: not alive(process))
    assert pids(1, start=False) == []


def test_a_training_goes_on_alone_where_no_process_can_be_started(
    nobody: None, shared: None, monkeypatch: pytest.MonkeyPatch
):
    def refused() -> None:
        raise OSError("no more processes")

    alone = train(CONFIGS[:2], RECIPE, processes=1)
    monkeypatch.setattr(crews, "Helper", refused)
    found = train(CONFIGS[:2], RECIPE)
    assert all(same(a.weights, b.weights) for a, b in zip(found, alone, strict=True))


def test_weights_and_history_do_not_depend_on_the_number_of_processes(nobody: None, shared: None):
    alone = train(CONFIGS, RECIPE, processes=1)
    assert pids(1, start=False) == []
    together = train(CONFIGS, RECIPE)
    assert len(pids(3, start=False)) == 2
    for one, other in zip(alone, together, strict=True):
        assert all(map(same, one.restarts, other.restarts))
        np.testing.assert_array_equal(one.history.loss, other.history.loss)
        np.testing.assert_array_equal(one.history.step, other.history.step)
        np.testing.assert_allclose(one.losses, other.losses, rtol=0.2)
        assert np.all(np.diff(other.history.seconds) > 0)


def test_snapshots_show_what_helpers_do(shared: None):
    seen: list[tuple[int, tm.Weights]] = []

    def watch(snapshot: Snapshot) -> None:
        seen.extend((index, snapshot.weights(index, 2)) for index in range(len(CONFIGS)))

    models = train(CONFIGS, RECIPE, on_snapshot=watch)
    for index, weights in seen[-len(CONFIGS) :]:
        assert same(weights, models[index].restarts[2])
    assert not same(seen[0][1], seen[-len(CONFIGS)][1])


def test_a_paused_training_goes_on_to_the_same_weights_with_more_processes_or_fewer(
    shared: None, monkeypatch: pytest.MonkeyPatch
):
    whole = train(CONFIGS, RECIPE, processes=1)
    resume: Checkpoint | None = None
    for processes in (2, 1, 3):
        run = training(CONFIGS, RECIPE, resume=resume, interval=0.0, processes=processes)
        for snapshot in run:
            if snapshot.step >= 60 + (resume.about["done"] if resume else 0):
                resume = snapshot.checkpoint()
                break
        run.close()
    assert resume
    assert 180 <= resume.about["done"] < RECIPE.steps
    monkeypatch.setattr("toymodel.training.sharding._SHARD", 2**23)
    for one, other in zip(whole, train(CONFIGS, RECIPE, resume=resume), strict=True):
        assert all(map(same, one.restarts, other.restarts))
        np.testing.assert_array_equal(one.history.loss, other.history.loss)


def test_longer_training_is_shared_too(shared: None):
    twice = RECIPE.replace(cycles=2)
    alone, together = (train(CONFIGS[:3], twice, processes=n) for n in (1, 3))
    for one, other in zip(alone, together, strict=True):
        assert all(map(same, one.restarts, other.restarts))


def test_divergence_is_told_whoever_trained_it(shared: None):
    wild = RECIPE.replace(learning_rate=10.0, schedule="constant", warmup=0.0, linear_until=1.0)
    alone, together = (_reasons(wild, processes) for processes in (1, 3))
    assert alone == together
    assert len(alone) == 2


def _reasons(recipe: tm.Recipe, processes: int) -> list[str]:
    with pytest.raises(tm.TrainingDiverged) as error:
        train(CONFIGS[:2], recipe, processes=processes)
    return error.value.reasons


def test_a_training_that_is_stopped_leaves_helpers_that_can_be_asked(nobody: None, shared: None):
    def stop(snapshot: Snapshot) -> None:
        if snapshot.step:
            raise tm.TrainingCancelled

    with pytest.raises(tm.TrainingCancelled):
        train(CONFIGS, RECIPE.replace(steps=1_000_000), on_snapshot=stop)
    assert len(pids(3, start=False)) == 2


def test_a_helper_that_dies_fails_the_training_and_the_next_has_a_new_one(
    nobody: None, shared: None
):
    helpers = pids(2)  # idle now: the training takes these

    def kill(snapshot: Snapshot) -> None:
        if snapshot.step:
            os.kill(helpers[0], signal.SIGKILL)

    with pytest.raises(WorkerDied, match="ended unexpectedly"):
        train(CONFIGS, RECIPE.replace(steps=1_000_000), on_snapshot=kill)
    assert len(train(CONFIGS, RECIPE)) == len(CONFIGS)


def test_small_trainings_are_not_shared(nobody: None):
    train([CONFIG], tm.Recipe(steps=20, batch_size=8), processes=8)
    assert pids(1, start=False) == []


@pytest.mark.parametrize(("m", "restarts", "batch"), [(1, 9, 300), (2, 6, 1_000), (3, 8, 500)])
def test_weights_do_not_depend_on_whether_a_helper_is_there(
    nobody: None, m: int, restarts: int, batch: int, monkeypatch: pytest.MonkeyPatch
):
    config = tm.Config(n_features=17, n_neurons=m, feature_probability=0.3)
    recipe = tm.Recipe(steps=200, batch_size=batch, restarts=restarts)
    monkeypatch.setattr("toymodel.training.train._ASK", 0.0)
    monkeypatch.setattr("toymodel.training.train._START", float("inf"))
    configs = [config, config.replace(seed=1)]
    alone = train(configs, recipe, processes=2)
    assert len(pids(1)) == 1
    helped = train(configs, recipe, processes=2)
    for one, other in zip(alone, helped, strict=True):
        assert all(map(same, one.restarts, other.restarts))


def test_a_helper_that_is_gone_does_not_change_how_a_training_ends(nobody: None, shared: None):
    run = training(CONFIGS, RECIPE, interval=0.0)
    next(run)
    helpers = children_named("toymodel.training.child")
    assert len(helpers) == 2
    for process in helpers:
        os.kill(process, signal.SIGKILL)
    run.close()  # and raises nothing
    assert pids(1, start=False) == []


def children_named(name: str) -> list[int]:
    """Children of this process that run this module."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [p for p in map(int, listed) if name in Path(f"/proc/{p}/cmdline").read_text()]


def test_the_smallest_part_does_not_decide_how_many_steps_are_made_at_once(shared: None):
    large = tm.Config(n_features=300, n_neurons=300)
    recipe = tm.Recipe(steps=10_000, batch_size=4_096)
    run = training([CONFIG, large], recipe, interval=0.0)
    steps = [snapshot.step for snapshot, _ in zip(run, range(4), strict=False)]
    run.close()
    assert max(np.diff(steps)) <= 2


def test_a_paused_training_may_have_lost_a_config_in_an_earlier_cycle(shared: None):
    wild = tm.Recipe(
        steps=100,
        batch_size=8,
        learning_rate=10.0,
        schedule="constant",
        warmup=0.0,
        linear_until=0.0,
    )
    configs = [tm.Config(n_features=2, n_neurons=1, seed=seed) for seed in range(8)]
    with pytest.raises(tm.TrainingDiverged) as error:
        train(configs, wild)
    twice = wild.replace(cycles=2)
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


def test_a_snapshot_is_not_read_when_the_training_has_ended(shared: None):
    seen: list[Snapshot] = []
    train(CONFIGS, RECIPE, on_snapshot=seen.append)
    with pytest.raises(RuntimeError, match="read a snapshot before it goes on"):
        seen[-1].weights(0, 0)


@pytest.mark.parametrize("exit_", ["", "raise SystemExit"])
def test_a_training_that_is_left_in_the_middle_does_not_keep_python_from_ending(exit_: str):
    result = run_python(
        "-c",
        "import toymodel as tm, toymodel.training.train as t\n"
        "t._ASK = t._START = 0.0\n"
        "configs = [tm.Config(n_features=20, n_neurons=m) for m in (5, 6)]\n"
        "run = t.training(configs, tm.Recipe(steps=100_000), interval=0.0, processes=2)\n"
        f"next(run), next(run); print('left', flush=True)\n{exit_}",
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "left\n", "")


def test_a_helper_does_not_import_what_lies_about_and_needs_no_standard_error(
    nobody: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "random.py").write_text("raise SystemExit('shadow')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stderr", None)
    assert len(pids(1)) == 1


def test_a_helper_that_cannot_import_its_part_is_not_used(
    nobody: None, shared: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "torch.py").write_text("raise RuntimeError('no torch here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert pids(1) == []
    assert len(train(CONFIGS[:2], RECIPE)) == 2


@pytest.mark.parametrize("code", ["", "os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_helpers_end_with_the_process_that_has_them_and_leave_nothing_open(code: str):
    result = run_python(
        "-c",
        "import os, signal\nfrom toymodel.training.crew import crew\n"
        "with crew(1, start=True) as (helper,):\n"
        f"    helper.ask(os.getpid); print(helper.answer(), flush=True)\n{code}",
    )
    helper = int(result.stdout)
    assert until(lambda: not alive(helper), 10)
    assert result.stderr == ""


def test_as_many_processes_as_asked_for_or_cores(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOYMODEL_PROCESSES", "")
    monkeypatch.setattr(crews, "physical_megabytes", lambda: 100_000)
    for cores, expected in ((1, 1), (2, 2), (6, 6), (64, 8)):
        monkeypatch.setattr(crews, "cores", lambda cores=cores: cores)
        assert processes_here() == expected
    monkeypatch.setattr(crews, "physical_megabytes", lambda: 2_500)
    assert processes_here() == 2
    monkeypatch.setenv("TOYMODEL_PROCESSES", "64")
    assert processes_here() == 64


@pytest.mark.parametrize("value", ["0", "-1", "two", "2.5", "257"])
def test_what_is_no_number_of_processes_is_refused(value: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOYMODEL_PROCESSES", value)
    with pytest.raises(tm.SettingError, match=r"TOYMODEL_PROCESSES.*from 1 to 256"):
        processes_here()


@pytest.mark.parametrize("processes", [0, -1, 257])
def test_a_number_of_processes_that_is_none_is_refused(processes: int):
    with pytest.raises(tm.SettingError, match=r"processes = .*from 1 to 256"):
        train([CONFIG], RECIPE, processes=processes)


def test_there_is_a_core():
    assert 1 <= crews.cores() <= (os.cpu_count() or 1)
