"""What tests of worker processes share."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

SOON = 30.0


def until(condition: Callable[[], bool], seconds: float = SOON) -> bool:
    """Wait until a condition holds; whether it does in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def alive(process: int) -> bool:
    """Whether a process has a thread that runs; a zombie, which nobody has waited for, has none."""
    folder = Path(f"/proc/{process}/task")
    try:
        states = {
            (thread / "stat").read_text().rsplit(")", 1)[1].split()[0]
            for thread in folder.iterdir()
        }
    except (FileNotFoundError, ProcessLookupError):  # a thread has just ended
        return folder.exists()
    return not states <= {"Z", "X"}
