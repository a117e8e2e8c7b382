"""Why a job left no model."""

from __future__ import annotations

import errno
from typing import Literal, NamedTuple

from toymodel.text import one_line, refusal
from toymodel.training.workers import WorkerDied

Kind = Literal["diverged", "killed", "out of memory", "disk full", "error"]


class Failure(NamedTuple):
    """Why a training failed.

    Attributes:
        kind: "diverged": the loss grew beyond all bounds, so the recipe is to blame. "killed": its
            process ended, which a machine that is short of memory does to it. "out of memory" and
            "disk full": the machine had none left. "error": anything else.
        message: what happened, in a sentence or two.
    """

    kind: Kind
    message: str

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """The failure of a job that raised this: in one line, without a path of this machine."""
        text = one_line(str(error)) or type(error).__name__
        if isinstance(error, WorkerDied):
            return cls("killed", text)
        if isinstance(error, MemoryError) or "can't allocate memory" in text:
            return cls("out of memory", "The training needs more memory than this machine has.")
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return cls("disk full", "The disk is full, so the training stopped.")
        if isinstance(error, OSError):
            text = f"The system refuses what this training needs: {refusal(error)}."
        return cls("error", text)
