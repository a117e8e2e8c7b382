"""What a training shows of itself while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from toymodel.config import Config
from toymodel.model import History, Weights
from toymodel.recipe import Recipe
from toymodel.storage.checkpoint import Checkpoint


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The state of a training between two steps.

    Its functions read live memory, so they must be called before the training goes on.

    Attributes:
        configs: what is trained.
        recipe: how.
        step: steps done, of all cycles.
        steps: steps of all cycles.
        pace: seconds for a step; infinite before the first.
        history: history(i) is the losses of config number i so far, with every restart.
        weights: weights(i, r) is a copy of the weights of restart r of config number i.
        checkpoint: checkpoint() is all that the training needs to go on later.
    """

    configs: list[Config]
    recipe: Recipe
    step: int
    steps: int
    pace: float
    history: Callable[[int], History]
    weights: Callable[[int, int], Weights]
    checkpoint: Callable[[], Checkpoint]

    @property
    def remaining(self) -> float:
        """Seconds that the remaining steps will take; infinite before the first."""
        return self.pace * (self.steps - self.step)
