"""Reading a file that nobody vouches for, away from whoever waits for it and for a limited time.

Every reader bounds by the file's size what the file costs, before it does any work. So a thread is
enough: what is left to do is of numpy and of hashes, which let other threads run meanwhile, and
ends by itself. A process could be killed, but takes longer to start than any file takes to read.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from typing import TypeVar

READ_SECONDS = 15.0
"""How long somebody waits for a file to be read, with those that are read before it."""

_AT_ONCE = 2  # files, which bounds the memory of all of them

_readers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="reader")
_T = TypeVar("_T")


class SlowFile(RuntimeError):
    """A file was not read in time; the message says what to do."""


def read_elsewhere(read: Callable[[], _T], seconds: float = READ_SECONDS) -> _T:
    """Read a file in another thread. Two are read at a time; others wait for their turn.

    Args:
        read: reads it; it bounds what that costs.
        seconds: how long to wait.

    Returns:
        What `read` gives.

    Raises:
        SlowFile: if it takes longer.
        Exception: what `read` raises.
    """
    result = _readers.submit(read)
    try:
        return result.result(seconds)
    except TimeoutError:
        if not result.cancel() and result.done():
            return result.result()  # it has ended just now
        raise SlowFile(
            f"it was not read within {seconds:g} s, because the server is busy: try again later"
        ) from None
