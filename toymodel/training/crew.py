"""Processes of one's own that share the work of a training.

Threads would not do: the operators of a step are so short that they wait for the interpreter's
lock more than they work. A helper is kept for the next training until it was idle for ten minutes.
"""

from __future__ import annotations

import atexit
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from toymodel.settings import Problem, SettingError
from toymodel.training.child import IDLE_SECONDS, Child, WorkerDied
from toymodel.training.memory import physical_megabytes

_MOST = 256
_USUALLY_MOST = 8
_EACH_MEGABYTES = 1_000  # of the machine: a helper takes a quarter of it, before it has any work
_ALLOWED = f"a whole number from 1 to {_MOST}"
_VARIABLE = "TOYMODEL_PROCESSES"


def processes_here(asked: int | None = None) -> int:
    """Processes that a training may use: as asked, $TOYMODEL_PROCESSES, or one for every core.

    Unless said, no more than 8, and no more than the machine has GB of memory. Raises
    `SettingError` for anything but a number from 1 to 256.
    """
    if asked is not None:
        if not 1 <= asked <= _MOST:
            raise SettingError((Problem("processes", asked, _ALLOWED),))
        return asked
    given = os.environ.get(_VARIABLE, "").strip()
    if not given:
        return max(1, min(cores(), _USUALLY_MOST, physical_megabytes() // _EACH_MEGABYTES))
    if not (given.isdecimal() and 1 <= int(given) <= _MOST):
        raise SettingError((Problem(_VARIABLE, given, _ALLOWED),))
    return int(given)


def cores() -> int:
    """The cores that this process may use, by its affinity and by its container's share."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS or Windows
        count = os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(count, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no container, or one without a limit: "max"
        return count


class Helper:
    """A child process that is asked and answers, one call after the other."""

    def __init__(self) -> None:
        self._child = Child()
        self.asked = False
        self.timer: threading.Timer | None = None

    def ask(self, fn: Callable[..., Any], *args: Any) -> None:
        """Have it run fn(*args); all of it must be picklable."""
        self.asked = True
        self._child.ask(pickle.dumps((fn, args, {})))

    def answer(self) -> Any:
        """What it was asked for; raises what the call raised, and `WorkerDied`."""
        answer, failed = self._child.answer()
        self.asked = False
        if failed:
            raise answer
        return answer

    @property
    def ready(self) -> bool:
        """Whether it can be asked."""
        return self._child.alive and not self.asked

    def end(self) -> None:
        """End its process."""
        self._child.end()


_idle: list[Helper] = []
_lock = threading.Lock()


@contextmanager
def crew(wanted: int, *, start: bool) -> Iterator[list[Helper]]:
    """Helpers for one training: those that are idle, and if `start`, new ones up to so many.

    There are fewer where no process can be started, or where it cannot import what it needs.
    """
    helpers = _take(wanted)
    try:
        if start and len(helpers) < wanted:
            helpers += _started(wanted - len(helpers))
        yield helpers
    finally:
        for helper in helpers:
            _leave(helper)


def _pop() -> Helper | None:
    with _lock:
        helper = _idle.pop() if _idle else None
    if helper and helper.timer:
        helper.timer.cancel()
    return helper


def _take(wanted: int) -> list[Helper]:
    taken: list[Helper] = []
    while len(taken) < wanted and (helper := _pop()):
        if helper.ready:
            taken.append(helper)
        else:
            helper.end()
    return taken


def _started(count: int) -> list[Helper]:
    fresh: list[Helper] = []
    sound: list[Helper] = []
    for _ in range(count):
        with suppress(OSError, WorkerDied):
            helper = Helper()
            fresh.append(helper)
            helper.ask(_prepare)
    _prepare()  # which is as long, meanwhile
    for helper in fresh:
        try:
            helper.answer()
        except Exception:  # whatever is wrong with it, a training can do without
            helper.end()
        else:
            sound.append(helper)
    return sound


def _prepare() -> None:
    import toymodel.training.shard_group  # noqa: F401


def _leave(helper: Helper) -> None:
    if not helper.ready or sys.is_finalizing():  # no thread can be started any more
        helper.end()
        return
    timer = threading.Timer(IDLE_SECONDS, _end_idle, (helper,))
    timer.daemon = True
    helper.timer = timer
    with _lock:
        _idle.append(helper)
    try:
        timer.start()
    except RuntimeError:  # no more threads: then it is not kept
        _end_idle(helper)


def _end_idle(helper: Helper) -> None:
    with _lock:
        if helper not in _idle:
            return
        _idle.remove(helper)
    helper.end()


@atexit.register
def dismiss() -> None:
    """End all helpers that are idle."""
    while helper := _pop():
        helper.end()
