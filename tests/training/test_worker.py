"""What the child calls must be importable there, so these tests call Python's own functions."""

from __future__ import annotations

import functools
import math
import operator
import os
import pickle
import signal
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from tests.helpers.networks import run_python
from tests.helpers.processes import SOON, alive, until
from toymodel.training.child import WorkerDied
from toymodel.training.worker import WorkerExecutor


@pytest.fixture(scope="module")
def shared() -> Iterator[WorkerExecutor]:
    executor = WorkerExecutor()
    yield executor
    executor.shutdown(cancel_futures=True)


def test_calls_run_in_another_process_and_give_their_answers(shared: WorkerExecutor):
    process = shared.submit(os.getpid).result(SOON)
    assert process != os.getpid()
    assert shared.submit(os.getpid).result(SOON) == process
    assert shared.submit(math.comb, 10, 3).result(SOON) == 120
    assert shared.submit(sorted, [2, 3, 1], reverse=True).result(SOON) == [3, 2, 1]


def test_an_error_of_a_call_is_raised_by_its_future_and_harms_no_other(shared: WorkerExecutor):
    process = shared.submit(os.getpid).result(SOON)
    with pytest.raises(ZeroDivisionError):
        shared.submit(operator.truediv, 1, 0).result(SOON)
    with pytest.raises(ValueError, match="invalid literal"):
        shared.submit(int, "seven").result(SOON)
    assert shared.submit(os.getpid).result(SOON) == process


def test_an_answer_that_cannot_be_sent_is_an_error_and_harms_no_other(shared: WorkerExecutor):
    process = shared.submit(os.getpid).result(SOON)
    with pytest.raises((pickle.PicklingError, TypeError, AttributeError), match="pickle"):
        shared.submit(eval, "lambda: 1").result(SOON)
    assert shared.submit(os.getpid).result(SOON) == process


def test_a_call_that_cannot_be_sent_is_refused_at_once(shared: WorkerExecutor):
    with pytest.raises((pickle.PicklingError, TypeError, AttributeError), match="pickle"):
        shared.submit(lambda: 1)
    assert shared.submit(abs, -1).result(SOON) == 1


def test_large_arguments_and_answers_pass(shared: WorkerExecutor):
    data = os.urandom(5_000_000)
    assert shared.submit(operator.concat, data, b"!").result(SOON) == data + b"!"


def test_what_a_call_prints_does_not_get_between_the_answers(shared: WorkerExecutor):
    shared.submit(print, "printed by a call", flush=True).result(SOON)
    shared.submit(os.write, 1, b"written by a call\n").result(SOON)
    assert shared.submit(abs, -1).result(SOON) == 1


def test_map_keeps_the_order(shared: WorkerExecutor):
    assert list(shared.map(abs, [-3, 2, -1], timeout=SOON)) == [3, 2, 1]


def test_calls_run_in_their_order_one_at_a_time(shared: WorkerExecutor):
    first = shared.submit(time.sleep, 0.2)
    second = shared.submit(time.monotonic)
    assert until(first.running)
    assert not second.running()
    second.result(SOON)
    assert first.done()


def test_a_call_that_waits_can_be_cancelled(shared: WorkerExecutor):
    first, second, third = (shared.submit(time.sleep, 0.1) for _ in range(3))
    assert until(first.running)
    assert second.cancel()
    assert not first.cancel()
    with pytest.raises(CancelledError):
        second.result(SOON)
    assert third.result(SOON) is None


def test_numpy_takes_one_thread_in_the_child(shared: WorkerExecutor):
    assert shared.submit(os.getenv, "OMP_NUM_THREADS").result(SOON) == "1"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_child_that_is_killed_fails_its_call_and_the_next_one_works(
    shared: WorkerExecutor, number: signal.Signals
):
    process = shared.submit(os.getpid).result(SOON)
    running, waiting = shared.submit(time.sleep, 60), shared.submit(os.getpid)
    assert until(running.running)
    time.sleep(0.05)
    os.kill(process, number)
    with pytest.raises(WorkerDied, match=rf"ended unexpectedly \(exit code -{int(number)}\)"):
        running.result(SOON)
    assert waiting.result(SOON) != process
    assert not alive(process)


def test_a_child_that_ends_itself_fails_its_call_only(shared: WorkerExecutor):
    with pytest.raises(WorkerDied, match="exit code 3"):
        shared.submit(os._exit, 3).result(SOON)
    assert shared.submit(abs, -1).result(SOON) == 1


def test_a_child_that_died_between_calls_is_replaced(shared: WorkerExecutor):
    process = shared.submit(os.getpid).result(SOON)
    os.kill(process, signal.SIGKILL)
    assert until(lambda: not alive(process))
    assert shared.submit(os.getpid).result(SOON) != process


def test_kill_ends_the_call_that_runs_and_no_other(shared: WorkerExecutor):
    first, second = shared.submit(time.sleep, 60), shared.submit(time.sleep, 0.3)
    assert until(first.running)
    time.sleep(0.05)
    shared.kill(second)
    assert not first.done()
    started = time.monotonic()
    shared.kill(first)
    with pytest.raises(WorkerDied):
        first.result(SOON)
    assert time.monotonic() - started < 2
    assert second.result(SOON) is None
    shared.kill(second)
    assert shared.submit(abs, -1).result(SOON) == 1


def test_a_warm_child_has_imported_training():
    executor = WorkerExecutor()
    executor.warm()
    seen = executor.submit(eval, "'toymodel.training.train' in __import__('sys').modules")
    assert seen.result(60) is True
    process = executor.submit(os.getpid).result(SOON)
    executor.warm()
    assert executor.submit(os.getpid).result(SOON) == process
    executor.shutdown()


def test_shutdown_ends_the_child_and_refuses_more():
    executor = WorkerExecutor()
    process = executor.submit(os.getpid).result(SOON)
    last = executor.submit(abs, -1)
    executor.shutdown()
    assert last.result(0) == 1
    assert not alive(process)
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        executor.submit(abs, -1)
    executor.shutdown()


def test_shutdown_does_not_wait_for_a_child_that_is_warming_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        "toymodel.training.worker._import_training", functools.partial(time.sleep, 60)
    )
    executor = WorkerExecutor()
    executor.warm()
    assert until(lambda: executor._child is not None)
    started = time.monotonic()
    executor.shutdown()
    assert time.monotonic() - started < 10


def test_shutdown_can_drop_the_calls_that_wait():
    executor = WorkerExecutor()
    first = executor.submit(time.sleep, 0.3)
    assert until(first.running)
    rest = [executor.submit(time.sleep, 60) for _ in range(3)]
    executor.shutdown(cancel_futures=True)
    assert first.result(0) is None
    assert all(future.cancelled() for future in rest)


def test_an_executor_that_was_never_used_starts_no_child_and_shuts_down():
    with WorkerExecutor():
        pass


@pytest.mark.parametrize(
    "last",
    ["", "executor.submit(os._exit, 3).exception(30)", "executor.submit(os.getpid).result(30)"],
    ids=["after an answer", "after a death", "after two answers"],
)
def test_nothing_stays_open_when_it_ends(last: str):
    code = (
        "import gc, os; from toymodel.training.worker import WorkerExecutor; "
        "executor = WorkerExecutor(); "
        f"executor.submit(os.getpid).result(30); {last}; executor.shutdown(); del executor; "
        "gc.collect()"
    )
    result = run_python("-c", code.replace("; ;", ";"))
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("code", ["os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_the_child_ends_when_its_parent_is_gone(code: str):
    result = run_python(
        "-c",
        "import os, signal; from toymodel.training.worker import WorkerExecutor; "
        "executor = WorkerExecutor(); "
        f"print(executor.submit(os.getpid).result(30), flush=True); {code}",
    )
    child = int(result.stdout)
    assert until(lambda: not alive(child), 10)


def test_the_child_does_not_import_the_main_module_of_its_parent(tmp_path: Path):
    script = tmp_path / "page.py"
    script.write_text(
        "import os\n"
        "print('page', flush=True)\n"
        "from toymodel.training.worker import WorkerExecutor\n"
        "executor = WorkerExecutor()\n"
        "assert executor.submit(os.getpid).result(30) != os.getpid()\n"
        "executor.shutdown()\n"
    )
    result = run_python("-W", "ignore", str(script))
    assert (result.returncode, result.stdout) == (0, "page\n")
