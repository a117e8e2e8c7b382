"""What a page shows: one restart of a model, finished or still in training."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property

from pages.shared.model_choice import Choice
from toymodel.config import Config, Recipe
from toymodel.model import History, Model, Weights
from toymodel.storage.model_file import model_key

_SMALL = (12, 24)  # features and neurons up to which every weight is a bar of its own


@dataclass(frozen=True, eq=False)
class Shown:
    """A restart of a model: of a finished one, or (model is None) of one that trains."""

    config: Config
    recipe: Recipe
    weights: Weights
    history: History
    restart: int
    model: Model | None = None

    @classmethod
    def of(cls, model: Model, restart: int | None) -> Shown:
        """A restart of a finished model; the best one where there is no such restart."""
        if restart is None or restart >= len(model.restarts):
            restart = model.best
        weights = model.restarts[restart]
        return cls(model.config, model.recipe, weights, model.history, restart, model)

    @property
    def chosen(self) -> int | None:
        """The restart as a link has it: None for the one with the lowest loss."""
        return None if self.model and self.restart == self.model.best else self.restart

    @property
    def choice(self) -> Choice:
        """Its settings as a page's choice."""
        return Choice.of(self.config, self.recipe)

    @cached_property
    def name(self) -> str:
        """What tells it from other weights, for what is computed once for all visitors.

        Of the weights themselves: a file that somebody brought may claim any settings.
        """
        digest = hashlib.sha256()
        for part in (self.weights.W1, self.weights.W2, self.weights.b, self.weights.b_hidden):
            digest.update(part.tobytes())
        return f"{model_key(self.config, self.recipe)}-{self.restart}-{digest.hexdigest()}"

    @property
    def loss(self) -> float:
        """Normalised loss; of a model that still trains, its last training loss."""
        if self.model:
            return float(self.model.losses[self.restart])
        return float(self.history.loss[self.restart, -1]) if self.history.step.size else math.nan

    @property
    def small(self) -> bool:
        """Whether every weight is drawn as a bar of its own, and the network as a graph."""
        return self.config.n_features <= _SMALL[0] and self.config.n_neurons <= _SMALL[1]
