"""The program of a worker process, and how a process ends with its parent.

It is run as a file and not as a module, because Python imports a module's package first. So it
watches its parent from its first moment on, also while the imports take seconds.
"""

from __future__ import annotations

import os
import sys
import threading
import time

_WATCH_SECONDS = 0.25


def end_with(parent: int) -> None:
    """End this process soon after its parent has ended, however that did and whatever this does.

    A connection to the parent is not enough to see that: it stays open while a process lives that
    the parent forked, which has a copy of it.

    Args:
        parent: the parent's number. On Windows, where a process keeps that of a parent that has
            ended, this does nothing.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)

    if sys.platform != "win32":
        threading.Thread(target=watch, name="parent", daemon=True).start()


def command(*, nice: bool) -> list[str]:
    """The command that starts a worker of this process."""
    options = ["nice"] if nice else []
    return [sys.executable, "-P", __file__, str(os.getpid()), *options]


if __name__ == "__main__":
    end_with(int(sys.argv[1]))
    from toymodel.training.workers import serve

    serve(nice="nice" in sys.argv)
