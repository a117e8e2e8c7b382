"""What a worker calls must be importable there, so these tests call Python's own functions."""

from __future__ import annotations

import functools
import math
import operator
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path

import pytest

import toymodel as tm
from tests.helpers.networks import ROOT, run_python
from tests.helpers.processes import SOON, alive, until
from toymodel.training import workers
from toymodel.training.workers import (
    IdleWorkers,
    Worker,
    WorkerDied,
    WorkerExecutor,
    borrow_workers,
    cores,
    processes_here,
)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdleWorkers]:
    """A pool of its own, of workers that do not import torch, which takes seconds."""
    pool = IdleWorkers()
    monkeypatch.setattr(workers, "_idle_helpers", pool)
    monkeypatch.setattr(workers, "_import_engine", os.getpid)
    yield pool
    pool.end_all()


@pytest.fixture(scope="module")
def executor() -> Iterator[WorkerExecutor]:
    executor = WorkerExecutor()
    yield executor
    executor.shutdown(cancel_futures=True)


def pids(count: int, *, start: bool = True) -> list[int]:
    """The processes of the workers that a training would get."""
    with borrow_workers(count, start=start) as borrowed:
        for worker in borrowed:
            worker.send(os.getpid)
        found = [worker.receive() for worker in borrowed]
        assert found == [worker.pid for worker in borrowed]
    return found


# Workers that help with a training


def test_workers_are_other_processes_and_kept_for_the_next_training(pool: IdleWorkers):
    assert pids(2, start=False) == pids(0) == pids(-1) == []
    first = pids(2)
    assert len({os.getpid(), *first}) == 3
    assert pids(1, start=False)[0] in first
    assert sorted(pids(3, start=False)) == sorted(first)
    assert len(set(pids(3)) - set(first)) == 1
    with borrow_workers(1, start=True) as mine, borrow_workers(1, start=True) as other:
        assert mine[0].pid != other[0].pid


def test_what_a_call_raises_is_raised_here_and_the_worker_takes_another_call(pool: IdleWorkers):
    with borrow_workers(1, start=True) as (worker,):
        worker.send(int, "seven")
        with pytest.raises(ValueError, match="invalid literal"):
            worker.receive()
        worker.send(abs, -2)
        assert worker.receive() == 2
    with borrow_workers(1, start=True) as (worker,):
        worker.send(time.sleep, 60)
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(WorkerDied, match=r"exit code -9.*may have run out of memory"):
            worker.receive()
        with pytest.raises(WorkerDied):
            worker.send(abs, 1)
    assert pids(1, start=False) == []


def test_a_worker_that_died_while_idle_is_replaced(pool: IdleWorkers):
    (process,) = pids(1)
    os.kill(process, signal.SIGKILL)
    assert until(lambda: not alive(process))
    assert pids(1, start=False) == []
    assert pids(1) != [process]


def test_a_worker_in_the_middle_of_a_call_is_ended_with_its_training(pool: IdleWorkers):
    with pytest.raises(KeyboardInterrupt), borrow_workers(1, start=True) as (worker,):
        worker.send(time.sleep, 60)
        raise KeyboardInterrupt
    assert not alive(worker.pid)
    assert pids(1, start=False) == []


def test_an_idle_worker_is_ended_after_a_while(pool: IdleWorkers, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers, "IDLE_SECONDS", 0.2)
    (process,) = pids(1)
    executor = WorkerExecutor()
    other = executor.submit(os.getpid).result(SOON)
    assert until(lambda: not (alive(process) or alive(other)))
    assert pids(1, start=False) == []
    assert executor.submit(os.getpid).result(SOON) != other
    executor.shutdown()


def test_a_worker_is_not_kept_where_no_thread_can_be_started(
    pool: IdleWorkers, monkeypatch: pytest.MonkeyPatch
):
    def refused(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with borrow_workers(1, start=True) as (worker,):
        monkeypatch.setattr(threading.Thread, "start", refused)
    assert not pool
    assert not alive(worker.pid)


def test_there_are_fewer_workers_where_no_process_can_be_started(
    pool: IdleWorkers, monkeypatch: pytest.MonkeyPatch
):
    def refused() -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(workers, "Worker", refused)
    assert pids(2) == []


def test_a_worker_that_cannot_import_the_engine_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(workers, "_idle_helpers", IdleWorkers())
    (tmp_path / "torch.py").write_text("raise RuntimeError('no torch here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert pids(1) == []


def test_a_worker_ignores_modules_in_the_current_folder_and_needs_no_standard_error(
    pool: IdleWorkers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "random.py").write_text("raise SystemExit('shadow')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stderr", None)
    assert len(pids(1)) == 1


# Calls, one at a time, behind the interface of `concurrent.futures`


def test_calls_run_in_one_other_process_and_give_their_results(executor: WorkerExecutor):
    process = executor.submit(os.getpid).result(SOON)
    assert process != os.getpid()
    assert executor.submit(os.getpid).result(SOON) == process
    assert executor.submit(math.comb, 10, 3).result(SOON) == 120
    assert executor.submit(sorted, [2, 3, 1], reverse=True).result(SOON) == [3, 2, 1]
    assert list(executor.map(abs, [-3, 2, -1], timeout=SOON)) == [3, 2, 1]
    data = os.urandom(5_000_000)
    assert executor.submit(operator.concat, data, b"!").result(SOON) == data + b"!"


def test_a_call_that_fails_harms_no_other(executor: WorkerExecutor):
    unpicklable = (pickle.PicklingError, TypeError, AttributeError)
    process = executor.submit(os.getpid).result(SOON)
    with pytest.raises(ZeroDivisionError):
        executor.submit(operator.truediv, 1, 0).result(SOON)
    with pytest.raises(unpicklable, match="pickle"):  # its result
        executor.submit(eval, "lambda: 1").result(SOON)
    with pytest.raises(unpicklable, match="pickle"):  # the call itself, at once
        executor.submit(lambda: 1)
    with pytest.raises(SystemExit):
        executor.submit(sys.exit, "stop").result(SOON)
    assert executor.submit(os.getpid).result(SOON) == process


def test_what_a_call_prints_goes_to_standard_error():
    result = run_python(
        "-c",
        "import os; from toymodel.training.workers import WorkerExecutor\n"
        "executor = WorkerExecutor()\n"
        "executor.submit(print, 'printed by a call', flush=True).result(30)\n"
        "executor.submit(os.write, 1, b'written by a call').result(30)\n"
        "print(executor.submit(input).exception(30).__class__)\n"
        "executor.shutdown()",
    )
    assert (result.returncode, result.stdout) == (0, "<class 'EOFError'>\n")
    assert result.stderr == "printed by a call\nwritten by a call"


def test_the_worker_has_low_priority_one_thread_and_ignores_ctrl_c(executor: WorkerExecutor):
    assert executor.submit(os.getenv, "OMP_NUM_THREADS").result(SOON) == "1"
    nice = executor.submit(os.getpriority, os.PRIO_PROCESS, 0).result(SOON)
    assert nice == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    process = executor.submit(os.getpid).result(SOON)
    running = executor.submit(time.sleep, 0.2)
    assert until(running.running)
    os.kill(process, signal.SIGINT)
    assert running.result(SOON) is None


def test_calls_run_in_their_order_one_at_a_time_and_those_that_wait_can_be_cancelled(
    executor: WorkerExecutor,
):
    first, second = executor.submit(time.sleep, 0.2), executor.submit(time.sleep, 60)
    third = executor.submit(time.monotonic)
    assert until(first.running)
    assert not third.running()
    assert second.cancel()
    assert not first.cancel()
    with pytest.raises(CancelledError):
        second.result(SOON)
    third.result(SOON)
    assert first.done()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_worker_that_is_killed_fails_its_call_and_the_next_one_works(
    executor: WorkerExecutor, number: signal.Signals
):
    process = executor.submit(os.getpid).result(SOON)
    running, waiting = executor.submit(time.sleep, 60), executor.submit(os.getpid)
    assert until(running.running)
    os.kill(process, number)
    with pytest.raises(WorkerDied, match=rf"ended unexpectedly \(exit code -{int(number)}\)"):
        running.result(SOON)
    assert waiting.result(SOON) != process
    assert not alive(process)


def test_a_worker_that_ends_itself_fails_its_call_only(executor: WorkerExecutor):
    with pytest.raises(WorkerDied, match="exit code 3"):
        executor.submit(os._exit, 3).result(SOON)
    process = executor.submit(os.getpid).result(SOON)
    os.kill(process, signal.SIGKILL)  # between two calls, which none of them sees
    assert until(lambda: not alive(process))
    assert executor.submit(os.getpid).result(SOON) != process


def test_kill_ends_the_call_that_runs_and_no_other(executor: WorkerExecutor):
    first, second = executor.submit(time.sleep, 60), executor.submit(time.sleep, 0.1)
    assert until(first.running)
    executor.kill(second)
    assert not first.done()
    started = time.monotonic()
    executor.kill(first)
    with pytest.raises(WorkerDied):
        first.result(SOON)
    assert time.monotonic() - started < 2
    assert second.result(SOON) is None
    executor.kill(second)
    assert executor.submit(abs, -1).result(SOON) == 1


def test_a_warm_worker_has_imported_training():
    executor = WorkerExecutor()
    executor.warm()
    seen = executor.submit(eval, "'toymodel.training.train' in __import__('sys').modules")
    assert seen.result(60) is True
    helpers = "bool(__import__('sys').modules['toymodel.training.workers']._idle_helpers)"
    assert executor.submit(eval, helpers).result(SOON) == (processes_here() > 1)
    process = executor.submit(os.getpid).result(SOON)
    executor.warm()
    assert executor.submit(os.getpid).result(SOON) == process
    executor.shutdown()


@pytest.mark.parametrize("cancel", [False, True])
def test_shutdown_ends_the_worker_after_the_last_call_and_refuses_more(cancel: bool):
    executor = WorkerExecutor()
    process = executor.submit(os.getpid).result(SOON)
    last = executor.submit(time.sleep, 0.2)
    assert until(last.running)
    rest = [executor.submit(time.sleep, 60) for _ in range(3)] if cancel else []
    executor.shutdown(cancel_futures=cancel)
    assert last.result(0) is None
    assert all(future.cancelled() for future in rest)
    assert not alive(process)
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        executor.submit(abs, -1)
    executor.shutdown()


@pytest.mark.parametrize("begun", [True, False])
def test_shutdown_does_not_wait_for_a_worker_that_warms_up(
    begun: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(workers, "_import_training", functools.partial(time.sleep, 60))
    executor = WorkerExecutor()
    executor.warm()
    assert executor._warming
    assert not begun or until(executor._warming.running)
    started = time.monotonic()
    executor.shutdown()
    assert time.monotonic() - started < 10


def test_an_executor_that_was_never_used_starts_no_process(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers, "Worker", None)
    with WorkerExecutor():
        pass


def test_without_a_process_the_call_fails_and_the_next_one_tries_again(
    monkeypatch: pytest.MonkeyPatch,
):
    def refused(**options: bool) -> None:
        raise OSError("no more processes")

    with WorkerExecutor() as executor:
        monkeypatch.setattr(workers, "Worker", refused)
        with pytest.raises(OSError, match="no more processes"):
            executor.submit(abs, -1).result(SOON)
        monkeypatch.setattr(workers, "Worker", Worker)
        assert executor.submit(abs, -1).result(SOON) == 1


# How workers end, and Python with them


@pytest.mark.parametrize(
    "last",
    ["", "executor.submit(os._exit, 3).exception(30)"],
    ids=["after a result", "after a death"],
)
def test_nothing_stays_open_when_python_ends(last: str):
    result = run_python(
        "-c",
        "import gc, os\n"
        "from toymodel.training import workers\n"
        "workers._import_engine = os.getpid\n"
        "with workers.borrow_workers(1, start=True) as (worker,): print(worker.pid, flush=True)\n"
        "executor = workers.WorkerExecutor()\n"
        f"executor.submit(os.getpid).result(30)\n{last}\n"
        "executor.shutdown(); del executor; gc.collect()",
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert not alive(int(result.stdout))


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_workers_end_within_two_seconds_of_their_parent_whatever_they_do(end: str):
    nested = (
        "import builtins, time, toymodel.training.workers as workers; "
        "builtins.nested = workers.Worker(); builtins.nested.send(time.sleep, 60)"
    )
    result = run_python(
        "-c",
        "import os, signal, time\n"
        "from toymodel.training import workers\n"
        "executor, idle, busy = workers.WorkerExecutor(), workers.Worker(), workers.Worker()\n"
        "busy.send(eval, '[0 for _ in iter(int, 1)]')\n"
        f"executor.submit(exec, {nested!r}).result(30)\n"
        "pids = executor.submit(eval, '__import__(\"os\").getpid(), nested.pid').result(30)\n"
        "print(idle.pid, busy.pid, *pids, flush=True)\n"
        "running = executor.submit(time.sleep, 60)\n"
        "while not running.running(): time.sleep(0.01)\n"
        f"{end}",
    )
    processes = list(map(int, result.stdout.split()))
    assert len(processes) == 4
    assert until(lambda: not any(map(alive, processes)), 2)


def numbers_of_a_program(code: str, *arguments: str) -> list[int]:
    """What a program writes before it kills itself, while processes that it started may live on."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as program:
        assert program.stdout
        numbers = list(map(int, program.stdout.readline().split()))
        assert program.wait(SOON) == -signal.SIGKILL
    return numbers


def test_workers_end_with_their_parent_although_another_process_has_its_connections():
    # A process that the parent forked has a copy of every connection, which so stays open.
    worker, fork = numbers_of_a_program(
        "import os, signal, time\n"
        "from toymodel.training import workers\n"
        "busy = workers.Worker()\n"
        "busy.send(time.sleep, 60)\n"
        "fork = os.fork()\n"
        "if not fork: time.sleep(60); os._exit(0)\n"
        "print(busy.pid, fork, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    try:
        assert until(lambda: not alive(worker), 2)
        assert alive(fork)
    finally:
        os.kill(fork, signal.SIGKILL)


def test_a_worker_whose_imports_take_long_ends_with_its_parent(tmp_path: Path):
    (tmp_path / "numpy.py").write_text(
        "import pathlib, time\n"
        "pathlib.Path(__file__).with_name('importing').touch()\n"
        "time.sleep(60)"
    )
    (worker,) = numbers_of_a_program(
        "import os, pathlib, signal, sys, time\n"
        "from toymodel.training import workers\n"
        "os.environ['PYTHONPATH'] = sys.argv[1]\n"
        "worker = workers.Worker()\n"
        "while not pathlib.Path(sys.argv[1], 'importing').exists(): time.sleep(0.01)\n"
        "print(worker.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)",
        str(tmp_path),
    )
    try:
        assert until(lambda: not alive(worker), 2)
    finally:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)


def test_a_worker_does_not_import_the_main_module_of_its_parent(tmp_path: Path):
    script = tmp_path / "page.py"
    script.write_text(
        "import os\n"
        "print('page', flush=True)\n"
        "from toymodel.training.workers import WorkerExecutor\n"
        "executor = WorkerExecutor()\n"
        "assert executor.submit(os.getpid).result(30) != os.getpid()\n"
        "executor.shutdown()\n"
    )
    result = run_python("-W", "ignore", str(script))
    assert (result.returncode, result.stdout) == (0, "page\n")


# How many


def test_as_many_processes_as_requested_or_cores(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOYMODEL_PROCESSES", "")
    monkeypatch.setattr(workers, "physical_megabytes", lambda: 100_000)
    for count, expected in ((1, 1), (2, 2), (6, 6), (64, 8)):
        monkeypatch.setattr(workers, "cores", lambda count=count: count)
        assert processes_here() == expected
    monkeypatch.setattr(workers, "physical_megabytes", lambda: 2_500)
    assert processes_here() == 2
    monkeypatch.setenv("TOYMODEL_PROCESSES", "64")
    assert processes_here() == 64
    assert processes_here(3) == 3
    monkeypatch.undo()
    assert 1 <= cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize("value", ["0", "-1", "two", "2.5", "257"])
def test_a_wrong_number_of_processes_is_refused(value: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOYMODEL_PROCESSES", value)
    with pytest.raises(tm.SettingError, match=r"TOYMODEL_PROCESSES.*from 1 to 256"):
        processes_here()
    if value.lstrip("-").isdecimal():
        with pytest.raises(tm.SettingError, match=r"processes = .*from 1 to 256"):
            processes_here(int(value))
