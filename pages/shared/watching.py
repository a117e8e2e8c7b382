"""Where a training stands, now and in words."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from pages.shared.resources import jobs
from toymodel.config import Config, Recipe
from toymodel.jobs.job import Progress
from toymodel.text import duration

_LOOK_SECONDS = 0.02
_LOOKS = 20


def progress_soon(configs: Sequence[Config], recipe: Recipe) -> Progress | None:
    """Where the training of these models stands; waits a moment for the first weights of one.

    So the first picture need not wait for the next look.
    """
    progress = jobs().progress(configs, recipe)
    for _ in range(_LOOKS):
        if progress is None or progress.models or progress.state != "running":
            break
        time.sleep(_LOOK_SECONDS)
        progress = jobs().progress(configs, recipe)
    return progress


def wait_until_stopped(configs: Sequence[Config], recipe: Recipe) -> None:
    """Give a training that was told to stop the moment that it takes, so that the page shows it."""
    for _ in range(_LOOKS):
        progress = jobs().progress(configs, recipe)
        if progress is None or not progress.active:
            return
        time.sleep(_LOOK_SECONDS)


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
    left = "" if math.isnan(progress.remaining) else f", about {duration(progress.remaining)} left"
    return f"Step {progress.step:,} of {progress.steps:,}{left}"
