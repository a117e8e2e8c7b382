"""One worker process behind the `concurrent.futures` interface.

The standard process pool is broken for good when its process dies, and cannot stop a running call.
This one runs one call at a time in a child; if that dies, only the call that it ran fails.
"""

from __future__ import annotations

import pickle
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any

from toymodel.training.child import IDLE_SECONDS, Child, WorkerDied


class WorkerExecutor(Executor):
    """Runs calls in their order in one child process, which is started when first needed.

    The child ends when it was idle for ten minutes, which gives its memory back.
    """

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._child: Child | None = None
        self._running: Future[Any] | None = None
        self._warming: Future[Any] | None = None
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
            self._warming = self.submit(_import_training)

    def kill(self, future: Future[Any]) -> None:
        """End the child if it runs this call; the call fails with `WorkerDied`."""
        with self._lock:
            if self._running is future and self._child:
                self._child.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; with cancel_futures, drop those that wait.

        Nobody waits for a child that is still warming up: it is ended.
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

    def _serve(self) -> None:
        while True:
            try:
                call = self._calls.get(timeout=IDLE_SECONDS)
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
    from toymodel.training.crew import crew, processes_here

    with crew(processes_here() - 1, start=True):
        import toymodel.training.train  # noqa: F401
