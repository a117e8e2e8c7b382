"""What a copy of the dashboard accepts: how large a training, and how many of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from toymodel.config import Config
from toymodel.environment import LIVE_SECONDS, MEMORY_MB, QUEUE, STEPS, read_environment
from toymodel.recipe import Recipe
from toymodel.settings import Settings
from toymodel.training.memory import physical_megabytes, training_megabytes


class Refused(RuntimeError):
    """A training was refused. The message names the limit and what is allowed."""


class Limits(Settings):
    """What one training may take, and how many may wait.

    Attributes:
        queue: trainings that wait or run.
        memory_mb: MB of memory for one training; all of this machine's unless given.
        steps: steps of one training, of all its cycles.
        live_seconds: seconds of training a minute that one visitor's changed settings may take
            without a click; 0: every training needs a click.
    """

    queue: Annotated[int, QUEUE] = 20
    memory_mb: Annotated[int, MEMORY_MB] = Field(default_factory=physical_megabytes)
    steps: Annotated[int, STEPS] = 10**8
    live_seconds: Annotated[int, LIVE_SECONDS] = 60

    @classmethod
    def from_environment(cls) -> Limits:
        """The limits in $TOYMODEL_MAX_QUEUE, _MEMORY_MB, _STEPS and _LIVE_SECONDS.

        Raises:
            SettingError: as `read_environment` does.
        """
        found = read_environment()
        given = {name: getattr(found, f"max_{name}") for name in cls.model_fields}
        return cls.from_mapping({k: v for k, v in given.items() if v is not None})

    def check(self, configs: Sequence[Config], recipe: Recipe) -> None:
        """Check one training of these configs.

        Raises:
            Refused: for a training beyond a limit, and for imported weights.
        """
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
