"""A Python process that runs calls, one at a time: `python -m toymodel.training.child`.

It does not import the caller's main module, which in a dashboard is the page.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

IDLE_SECONDS = 600.0
"""How long a child is kept that nobody asks."""

_LENGTH = 8


class WorkerDied(RuntimeError):
    """The process that ran the call ended without an answer: killed, or out of memory."""


class Child:
    """Such a process, which ends when this one does.

    nice: whether it leaves the processor to whoever else wants it.
    """

    def __init__(self, *, nice: bool = False) -> None:
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        # One thread a process for numpy too: see `layout.threads_each`.
        single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "toymodel.training.child", *(["nice"] if nice else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if sys.stderr else subprocess.DEVNULL,  # where this process has none
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
        try:
            _send(answers, answer)
        except OSError:  # nobody is there any more
            os._exit(0)


if __name__ == "__main__":
    _child()
