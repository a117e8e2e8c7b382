"""Worker processes: Python processes that run the calls they are sent, one at a time.

A worker runs `worker_process.py`, with a connection to its parent as standard input. It does not
import its parent's main module, which in a dashboard is the page.

Threads cannot replace workers: the operators of a training step are so short that threads spend
more time waiting for the interpreter's lock than working.
"""

from __future__ import annotations

import atexit
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from toymodel.environment import Environment, read_environment
from toymodel.settings import require_whole
from toymodel.training import worker_process
from toymodel.training.memory import physical_megabytes

IDLE_SECONDS = 600.0
"""How long a worker is kept without a call."""

_MAX_DEFAULT_PROCESSES = 8
_MEGABYTES_PER_PROCESS = 1_000  # of the machine; a worker takes a quarter of it before any work


class WorkerDied(RuntimeError):
    """The process that ran the call ended without an answer: killed, or out of memory."""


class Worker:
    """A worker process, seen from its parent. It ends when its parent does.

    Args:
        nice: whether the process has a low priority, so that other programs come first.

    Raises:
        OSError: where no process can be started.
    """

    def __init__(self, *, nice: bool = False) -> None:
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        # One thread for numpy's operators too: see `sharding.threads_per_process`.
        single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._connection, theirs = Pipe()
        with theirs:
            stdin = _descriptor(theirs)
            try:
                self._process = subprocess.Popen(
                    worker_process.command(nice=nice),
                    stdin=stdin,
                    stdout=subprocess.DEVNULL,
                    # A program without a console has no standard error to share.
                    stderr=None if sys.stderr else subprocess.DEVNULL,
                    env=os.environ | single | {"PYTHONPATH": path},
                )
            finally:
                os.close(stdin)
        self._busy = False

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def ready(self) -> bool:
        """Whether it is alive and has no call to answer."""
        return not self._busy and self._process.poll() is None

    def send(self, fn: Callable[..., Any], *args: Any) -> None:
        """Start the call fn(*args), which must be picklable; `receive` gives its result.

        Raises:
            WorkerDied: where the process has ended.
        """
        self.send_pickled(_pickled_call(fn, *args))

    def send_pickled(self, call: bytes) -> None:
        """Start a call that is pickled already, as (function, arguments, keyword arguments)."""
        self._busy = True
        try:
            self._connection.send_bytes(call)
        except OSError:
            raise self._died() from None

    def receive(self) -> Any:
        """Wait for the result of the call.

        Raises:
            WorkerDied: where the process ended without an answer.
            Exception: what the call raised.
        """
        try:
            answer = self._connection.recv_bytes()
        except (EOFError, OSError):
            raise self._died() from None
        self._busy = False
        result, failed = pickle.loads(answer)
        if failed:
            raise result
        return result

    def _died(self) -> WorkerDied:
        return WorkerDied(
            f"The training process ended unexpectedly (exit code {self.end()}); "
            "it may have run out of memory. The next training starts a new one."
        )

    def kill(self) -> None:
        """End the process in the middle of a call, whose `receive` raises `WorkerDied`.

        May be called while another thread waits in `receive`.
        """
        self._process.kill()
        self._process.wait()  # so that it is not taken for a live one again

    def end(self) -> int:
        """End the process, close the connection, and return the exit code."""
        self._process.kill()
        self._connection.close()
        return self._process.wait()


def _pickled_call(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> bytes:
    return pickle.dumps((fn, args, kwargs))


def _descriptor(connection: Connection) -> int:
    """A file descriptor of its own for a connection."""
    if sys.platform == "win32":
        import msvcrt
        from multiprocessing import reduction

        return msvcrt.open_osfhandle(reduction.duplicate(connection.fileno()), 0)
    return os.dup(connection.fileno())


class IdleWorkers:
    """Workers that wait for their next call. Each is ended after `IDLE_SECONDS` without one."""

    def __init__(self) -> None:
        self._timers: dict[Worker, threading.Timer] = {}
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._timers)

    def take(self) -> Worker | None:
        """A worker that is ready, which belongs to the caller from now on; None without one."""
        while True:
            with self._lock:
                if not self._timers:
                    return None
                worker, timer = self._timers.popitem()
            timer.cancel()
            if worker.ready:
                return worker
            worker.end()

    def keep(self, worker: Worker) -> None:
        """Keep a worker for a later call, or end it if it is dead or in the middle of a call."""
        if not worker.ready or sys.is_finalizing():  # Python starts no thread while it ends
            worker.end()
            return
        timer = threading.Timer(IDLE_SECONDS, self._end, (worker,))
        timer.daemon = True
        with self._lock:
            self._timers[worker] = timer
        try:
            timer.start()
        except RuntimeError:  # the limit of threads is reached
            self._end(worker)

    def _end(self, worker: Worker) -> None:
        with self._lock:
            found = self._timers.pop(worker, None)
        if found:  # and not taken in the meantime
            worker.end()

    def end_all(self) -> None:
        """End every worker that waits."""
        while worker := self.take():
            worker.end()


_idle_helpers = IdleWorkers()


@contextmanager
def borrow_workers(count: int, *, start: bool) -> Iterator[list[Worker]]:
    """Workers that help with one training, and are kept for the next one.

    Args:
        count: how many at most; none if it is 0 or less.
        start: whether new ones are started where too few are idle.

    Yields:
        The workers. They are fewer than `count` where processes cannot be started, or cannot
        import the training engine.
    """
    workers: list[Worker] = []
    while len(workers) < count and (worker := _idle_helpers.take()):
        workers.append(worker)
    try:
        if start and len(workers) < count:
            workers += _start_workers(count - len(workers))
        yield workers
    finally:
        for worker in workers:
            _idle_helpers.keep(worker)


def _start_workers(count: int) -> list[Worker]:
    started: list[Worker] = []
    for _ in range(count):
        with suppress(OSError, WorkerDied):
            worker = Worker()
            worker.send(_import_engine)
            started.append(worker)
    _import_engine()  # takes as long as in the workers, which import it at the same time
    usable: list[Worker] = []
    for worker in started:
        try:
            worker.receive()
        except Exception:  # whatever is wrong with a worker, a training can do without it
            worker.end()
        else:
            usable.append(worker)
    return usable


def _import_engine() -> None:
    import toymodel.training.shard_group  # noqa: F401


def _forget_idle_workers() -> None:
    # A forked process shares the connections, and would take answers that are not its own.
    global _idle_helpers  # noqa: PLW0603
    _idle_helpers = IdleWorkers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_idle_workers)


@atexit.register
def end_idle_workers() -> None:
    """End the workers that wait for the next training."""
    _idle_helpers.end_all()


class WorkerExecutor(Executor):
    """Runs calls in one worker process, one at a time and in the order of their submission.

    The process is started by the first call, and again by the first one after it died or was
    idle for long. A standard process pool is broken for good once its process dies, and cannot
    stop a running call; here only the call fails that was running.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._idle = IdleWorkers()
        self._running: tuple[Future[Any], Worker] | None = None
        self._warming: Future[Any] | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run_calls, name="worker", daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run fn(*args, **kwargs) in the worker; all of it must be picklable."""
        future: Future[Any] = Future()
        call = _pickled_call(fn, *args, **kwargs)
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._calls.put((future, call))
        return future

    def warm(self) -> None:
        """Start the worker and its imports now, so that the next call need not wait for them."""
        if not self._running and not self._idle:
            self._warming = self.submit(_import_training)

    def kill(self, future: Future[Any]) -> None:
        """End the worker if it runs this call; the call fails with `WorkerDied`."""
        with self._lock:
            if self._running and self._running[0] is future:
                self._running[1].kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls and end the worker after the last one.

        A worker that is still warming up is ended at once.

        Args:
            wait: whether to return only when the worker has ended.
            cancel_futures: whether to cancel the calls that have not begun.
        """
        with self._lock:
            self._closed = True
        if self._warming and not self._warming.cancel():
            self.kill(self._warming)
        if cancel_futures:
            with suppress(queue.Empty):
                while call := self._calls.get_nowait():
                    call[0].cancel()
        self._calls.put(None)
        if wait:
            self._thread.join()

    def _run_calls(self) -> None:
        while call := self._calls.get():
            self._run(*call)
        self._idle.end_all()

    def _run(self, future: Future[Any], call: bytes) -> None:
        try:
            with self._lock:  # so that whoever finds the call running can kill it
                if not future.set_running_or_notify_cancel():
                    return
                worker = self._idle.take() or Worker(nice=True)  # pages come first
                self._running = future, worker
            try:
                worker.send_pickled(call)
                result = worker.receive()
            finally:
                with self._lock:
                    self._running = None
                self._idle.keep(worker)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)


def _import_training() -> None:
    with borrow_workers(processes_here() - 1, start=True):
        import toymodel.training.train  # noqa: F401


def processes_here(requested: int | None = None) -> int:
    """How many processes share a training.

    Args:
        requested: 1 to 256, or None for $TOYMODEL_PROCESSES. Where that is not set either: one
            for each core, at most 8, and at most one for each GB of memory.

    Raises:
        SettingError: for a number outside of 1 to 256, and as `read_environment` does.
    """
    if requested is not None:
        require_whole("processes", requested, *Environment.bounds("processes"))
        return requested
    if given := read_environment().processes:
        return given
    fitting = physical_megabytes() // _MEGABYTES_PER_PROCESS
    return max(1, min(cores(), _MAX_DEFAULT_PROCESSES, fitting))


def cores() -> int:
    """The cores that this process may use, by its affinity and its container's quota."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS or Windows
        count = os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(count, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no container, or one without a limit: "max"
        return count


def serve(*, nice: bool) -> None:
    """Run in the worker: answer calls until the parent closes the connection.

    Args:
        nice: whether this process has a low priority.
    """
    connection = _connection_to_parent()
    # What a library prints goes to standard error, as standard output is the parent's.
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which decides
    if nice and hasattr(os, "nice"):
        os.nice(10)
    calls: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive_calls, args=(connection, calls), daemon=True).start()
    while True:
        try:
            fn, args, kwargs = pickle.loads(calls.get())
            answer = pickle.dumps((fn(*args, **kwargs), False))
        except BaseException as error:
            answer = pickle.dumps((error, True))
        with suppress(OSError):  # the parent is gone: the other thread ends this process
            connection.send_bytes(answer)


def _receive_calls(connection: Connection, calls: queue.SimpleQueue[bytes]) -> None:
    # In a thread of its own, so that a call that runs ends with the connection.
    try:
        while True:
            calls.put(connection.recv_bytes())
    finally:
        os._exit(0)


def _connection_to_parent() -> Connection:
    if sys.platform == "win32":
        import msvcrt
        from multiprocessing.connection import PipeConnection

        return PipeConnection(msvcrt.get_osfhandle(0))
    connection = Connection(os.dup(0))
    with open(os.devnull) as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)  # no library reads from the connection
    return connection
