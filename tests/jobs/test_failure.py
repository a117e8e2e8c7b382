from __future__ import annotations

import errno

import pytest

from toymodel.jobs.failure import Failure
from toymodel.training.workers import WorkerDied


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (WorkerDied("The training process ended unexpectedly (exit code -9)."), "killed"),
        (MemoryError(), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "out of memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk full"),
        (OSError(errno.EACCES, "Permission denied"), "error"),
        (ValueError(), "error"),
    ],
)
def test_a_failure_is_named_as_what_it_was(error: Exception, kind: str):
    failure = Failure.of(error)
    assert failure.kind == kind
    assert failure.message
