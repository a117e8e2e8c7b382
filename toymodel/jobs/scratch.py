"""The folder in which a server and its jobs exchange files: the progress, and orders to stop.

It is in the system's temporary folder, which programs clean up, and from which a server that is
killed cannot remove it.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_PREFIX = "toymodel-scratch-"


class Scratch:
    """A folder of this process, which is made when it is needed, and anew where it has vanished.

    The process holds a lock on it as long as it lives, so that others see whether it does.
    """

    def __init__(self) -> None:
        self._path: Path | None = None
        self._handle: int | None = None

    def folder(self, name: str) -> Path:
        """Make a folder in it; the folder may be there already.

        Raises:
            OSError: where the system makes none. It names no path.
        """
        try:
            if self._path is None:
                self._path = Path(tempfile.mkdtemp(prefix=_PREFIX))
            path = self._path / name
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._hold(self._path)
        except OSError as error:
            if self._path is None and error.errno == errno.ENOENT:  # Python found no folder at all
                raise OSError(error.errno, "No temporary folder can be written to") from None
            raise OSError(error.errno, error.strerror) from None
        return path

    def _hold(self, path: Path) -> None:
        # Another server may take the new folder for one that was left behind, until it is locked.
        if self._handle is not None:
            with suppress(OSError):
                if os.path.samestat(os.fstat(self._handle), path.stat()):
                    return
            os.close(self._handle)
        self._handle = _locked(path)

    def close(self) -> None:
        """Remove the folder."""
        if self._path is not None:
            shutil.rmtree(self._path, ignore_errors=True)
        if self._handle is not None:
            os.close(self._handle)
        self._path = self._handle = None


def sweep_scratch() -> None:
    """Remove the folders of this user's servers that were killed."""
    with suppress(OSError):
        for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            handle = _locked(path)
            if handle is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(handle)


def _locked(path: Path) -> int | None:
    """A handle that locks a folder; None for one of a live process or of another user."""
    if sys.platform == "win32":  # no folder can be opened there
        return None
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    with suppress(OSError):
        about = os.fstat(handle)
        if stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid():
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
    os.close(handle)
    return None
