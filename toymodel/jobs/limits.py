"""What a copy of the dashboard takes: how large a training, and how many of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from toymodel.config import Config, Recipe
from toymodel.settings import Settings
from toymodel.training.memory import physical_megabytes, training_megabytes


class Refused(RuntimeError):
    """A training was not taken; the message says which limit it meets and what is allowed."""


class Limits(Settings):
    """What one job may ask for, and how many may wait.

    queue: jobs that wait or run. memory_mb: that one training takes, the machine's own unless
    given. steps: of one training, all of its cycles together.
    """

    queue: Annotated[int, Field(ge=1, le=1_000)] = 20
    memory_mb: Annotated[int, Field(ge=1, le=10**8)] = Field(default_factory=physical_megabytes)
    steps: Annotated[int, Field(ge=1, le=10**8)] = 10**8

    @classmethod
    def from_environment(cls) -> Limits:
        """$TOYMODEL_MAX_QUEUE, _MEMORY_MB and _STEPS; raises `SettingError` for anything odd."""
        given = {name: os.environ.get(f"TOYMODEL_MAX_{name.upper()}") for name in cls.model_fields}
        return cls.from_mapping({k: int(v) if v.isdecimal() else v for k, v in given.items() if v})

    def check(self, configs: Sequence[Config], recipe: Recipe) -> None:
        """Raises `Refused` for a job beyond these limits, and for weights from elsewhere."""
        if recipe.weights:
            raise Refused("These weights come from elsewhere: no training gives them.")
        memory = training_megabytes(configs, recipe)
        for what, asked, allowed, smaller in (
            ("MB of memory", memory, self.memory_mb, "features, neurons, restarts or a batch"),
            ("steps", recipe.total_steps, self.steps, "steps or cycles"),
        ):
            if asked > allowed:
                raise Refused(
                    f"This training asks for {asked:,} {what}; this copy allows {allowed:,}. "
                    f"Take fewer or smaller {smaller}, or run toymodel on your own machine: "
                    "`make run` in a copy of the project."
                )
