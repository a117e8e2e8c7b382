"""Files of visitors are read beside the pages, two at a time and for a limited time."""

from __future__ import annotations

import threading
import time

import pytest

from toymodel.storage.foreign_file import SlowFile, read_elsewhere


def test_a_file_is_read_in_another_thread_and_what_is_wrong_is_raised_here():
    assert read_elsewhere(threading.get_ident) != threading.get_ident()
    for error in (ValueError("damaged"), TimeoutError("of a disk")):

        def read(error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error), match=str(error)):
            read_elsewhere(read)


def test_nobody_waits_longer_than_the_limit_and_a_file_whose_turn_comes_later_is_not_read():
    go_on = threading.Event()
    began = time.monotonic()
    read: list[str] = []
    try:
        for _ in range(2):
            with pytest.raises(SlowFile, match=r"within 0.05 s, because .* busy: try again later"):
                read_elsewhere(go_on.wait, 0.05)
        with pytest.raises(SlowFile):
            read_elsewhere(lambda: read.append("third"), 0.05)
        assert time.monotonic() - began < 2
    finally:
        go_on.set()
    read_elsewhere(lambda: read.append("fourth"))
    assert read == ["fourth"]
