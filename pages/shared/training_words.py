"""Where a training stands, in words."""

from __future__ import annotations

import math

from toymodel.job import Progress


def progress_share(progress: Progress) -> float:
    """Share of the steps that are done, 0 to 1."""
    return progress.step / progress.steps if progress.steps else 0.0


def progress_words(progress: Progress) -> str:
    """The place in the queue, or the step and the time left."""
    if progress.state == "waiting" and progress.place:
        ahead = "1 training is" if progress.place == 1 else f"{progress.place} trainings are"
        return f"Waiting: {ahead} ahead of this one."
    if not progress.step:
        return "Starting the training."
    if progress.step == progress.steps:
        return "Measuring the losses."
    left = "" if math.isnan(progress.remaining) else f", about {progress.remaining:.0f} s left"
    return f"Step {progress.step:,} of {progress.steps:,}{left}"
