"""One worker process behind the `concurrent.futures` interface.

The standard process pool is broken for good when its process dies, cannot stop a running call,
and starts by importing the caller's main module, which in a dashboard is the page. This one runs
one call at a time in `python -m toymodel.worker`; if that dies, only the call that it ran fails.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_LENGTH = 8
_IDLE_SECONDS = 600.0


class WorkerDied(RuntimeError):
    """The process that ran the call ended without an answer: killed, or out of memory."""


class Child:
    """A Python process of its own that runs calls, one at a time.

    It ends when this process does. nice: whether it leaves the processor to whoever else wants it.
    """

    def __init__(self, *, nice: bool = False) -> None:
        root = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        # One thread a process for numpy too: see `training._single_threaded_operators`.
        single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "toymodel.worker", *(["nice"] if nice else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | single | {"PYTHONPATH": path},
        )
        assert self._process.stdin and self._process.stdout
        self._to, self._from = self._process.stdin, self._process.stdout

    @property
    def alive(self) -> bool:
        """Whether it can take a call."""
        return self._process.poll() is None

    def ask(self, request: bytes) -> None:
        """Have it run a call, (function, arguments, keywords) pickled."""
        try:
            _send(self._to, request)
        except OSError:
            raise self._died() from None

    def answer(self) -> tuple[Any, bool]:
        """What the call gave, or raised: then the second is true. Raises `WorkerDied`."""
        try:
            return pickle.loads(_receive(self._from))
        except (EOFError, OSError):
            raise self._died() from None

    def _died(self) -> WorkerDied:
        return WorkerDied(
            f"The training process ended unexpectedly (exit code {self.end()}); "
            "it may have run out of memory. The next training starts a new one."
        )

    def kill(self) -> None:
        """End it in the middle of a call, which fails with `WorkerDied`."""
        self._process.kill()
        self._process.wait()  # so that the next call sees that it is gone

    def end(self) -> int:
        """End it, which loses nothing between calls; returns its exit code."""
        self._process.kill()
        for stream in (self._to, self._from):
            with suppress(OSError):
                stream.close()
        return self._process.wait()


class WorkerExecutor(Executor):
    """Runs calls in their order in one child process, which is started when first needed.

    The child ends when it was idle for ten minutes, which gives its memory back.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._child: Child | None = None
        self._running: Future[Any] | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="worker", daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run fn(*args, **kwargs) in the child; all of it must be picklable."""
        with self._lock:
            if self._closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            future: Future[Any] = Future()
            self._calls.put((future, pickle.dumps((fn, args, kwargs))))
        return future

    def warm(self) -> None:
        """Start the child and its imports now, so that the next call need not wait for them."""
        if self._child is None and self._running is None:
            self.submit(_import_training)

    def kill(self, future: Future[Any]) -> None:
        """End the child if it runs this call; the call fails with `WorkerDied`."""
        with self._lock:
            if self._running is future and self._child:
                self._child.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; with cancel_futures, drop those that wait."""
        with self._lock:
            self._closed = True
        if cancel_futures:
            with suppress(queue.Empty):
                while call := self._calls.get_nowait():
                    call[0].cancel()
        self._calls.put(None)
        if wait:
            self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                call = self._calls.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                self._end()
                continue
            if call is None:
                self._end()
                return
            future, request = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                answer, failed = self._call(future, request)
            except Exception as error:
                answer, failed = error, True
            with self._lock:
                self._running = None
            if failed:
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _call(self, future: Future[Any], request: bytes) -> tuple[Any, bool]:
        if self._child and not self._child.alive:
            self._end()
        child = self._child or Child(nice=True)
        with self._lock:
            self._child, self._running = child, future
        try:
            child.ask(request)
            return child.answer()
        except WorkerDied:
            self._child = None
            raise

    def _end(self) -> None:
        child, self._child = self._child, None
        if child:
            child.end()


def _import_training() -> None:
    import toymodel.training  # noqa: F401


def _send(stream: IO[bytes], data: bytes) -> None:
    stream.write(len(data).to_bytes(_LENGTH, "little") + data)
    stream.flush()


def _receive(stream: IO[bytes]) -> bytes:
    header = stream.read(_LENGTH)
    if len(header) < _LENGTH:
        raise EOFError
    size = int.from_bytes(header, "little")
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _child() -> None:
    # The answers go out on what was standard output; prints of a library go to standard error.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when this ends
    if "nice" in sys.argv and hasattr(os, "nice"):
        os.nice(10)  # pages come first
    while True:
        try:
            request = _receive(sys.stdin.buffer)
        except EOFError:
            return
        try:
            fn, args, kwargs = pickle.loads(request)
            answer = pickle.dumps((fn(*args, **kwargs), False))
        except BaseException as error:
            answer = pickle.dumps((error, True))
        _send(answers, answer)


if __name__ == "__main__":
    _child()
