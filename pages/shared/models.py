"""Finished models, of the server or from a visitor's file, and the one that a page shows."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from pages.shared.model_choice import Choice
from pages.shared.resources import store
from toymodel.config import Config
from toymodel.model import History, Model, Weights
from toymodel.recipe import Recipe
from toymodel.storage.model_file import model_key

_BROUGHT = "models.brought"
_MAX_BROUGHT = 2
_SMALL = (12, 24)  # features and neurons up to which every weight is a bar of its own


@dataclass(frozen=True, eq=False)
class Shown:
    """The restart of a model that a page shows.

    Attributes:
        config: what is trained.
        recipe: how it is trained.
        weights: the restart's.
        history: the losses of all restarts during the training.
        restart: its number.
        model: the finished model; None while it trains.
    """

    config: Config
    recipe: Recipe
    weights: Weights
    history: History
    restart: int
    model: Model | None = None

    @classmethod
    def of(cls, model: Model, restart: int | None) -> Shown:
        """A restart of a finished model; the best one if it is None or does not exist."""
        if restart is None or restart >= len(model.restarts):
            restart = model.best
        weights = model.restarts[restart]
        return cls(model.config, model.recipe, weights, model.history, restart, model)

    @property
    def chosen(self) -> int | None:
        """The restart as links have it: None for the one with the lowest loss."""
        return None if self.model and self.restart == self.model.best else self.restart

    @property
    def choice(self) -> Choice:
        """The model's settings."""
        return Choice.of(self.config, self.recipe)

    @cached_property
    def name(self) -> str:
        """A key of these weights for caches that all visitors share.

        It depends on the weights themselves, because a visitor's file may claim any settings.
        """
        digest = hashlib.sha256()
        for part in (self.weights.W1, self.weights.W2, self.weights.b, self.weights.b_hidden):
            digest.update(part.tobytes())
        return f"{model_key(self.config, self.recipe)}-{self.restart}-{digest.hexdigest()}"

    @property
    def loss(self) -> float:
        """The normalised loss; while the model trains, its last training loss."""
        if self.model:
            return float(self.model.losses[self.restart])
        return float(self.history.loss[self.restart, -1]) if self.history.step.size else math.nan

    @property
    def small(self) -> bool:
        """Whether each weight is drawn as a bar, and the network as a graph."""
        return self.config.n_features <= _SMALL[0] and self.config.n_neurons <= _SMALL[1]


def find_model(config: Config, recipe: Recipe) -> Model | None:
    """The model of these settings in the store or in this visitor's file, if there is one."""
    return store().get(config, recipe) or _brought().get(model_key(config, recipe))


def bring(model: Model) -> None:
    """Keep a model from a file for this visitor alone, until the page is closed.

    It is never stored: the weights may not be what its settings give.
    """
    brought, key = _brought(), model_key(model.config, model.recipe)
    brought.pop(key, None)  # the latest is the last to go
    brought[key] = model
    while len(brought) > _MAX_BROUGHT:
        del brought[next(iter(brought))]


def forget_own_weights() -> None:
    """Forget the weights that this visitor uploaded."""
    brought = _brought()
    for key in [key for key, model in brought.items() if model.recipe.weights]:
        del brought[key]


def was_brought(config: Config, recipe: Recipe) -> bool:
    """Whether the model that `find_model` gives is from a file."""
    # The store is asked last, because reading it takes much longer.
    return model_key(config, recipe) in _brought() and store().get(config, recipe) is None


def brought() -> list[tuple[Config, Recipe]]:
    """The settings of the models in this visitor's files, the latest first."""
    return [(model.config, model.recipe) for model in reversed(_brought().values())]


def say_where_from(config: Config, recipe: Recipe) -> bool:
    """Say so if the model is from a file, and return whether it is."""
    brought = was_brought(config, recipe)
    if brought and recipe.weights:
        st.info("Your own weights: seen by you alone, gone when this page is closed.")
        if _brought()[model_key(config, recipe)].b_hidden.any():
            st.caption(
                "They have hidden biases. Activations, outputs and losses are with them; path "
                "gains, roles and what counts as the motif are those of the weights alone."
            )
    elif brought:
        st.info("From your file, as is its loss: seen by you alone, gone when this page is closed.")
    return brought


def _brought() -> dict[str, Model]:
    return st.session_state.setdefault(_BROUGHT, {})
