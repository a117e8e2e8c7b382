"""Finished models: the server's, and those that a visitor brought in a file."""

from __future__ import annotations

import streamlit as st

from pages.shared.resources import store
from toymodel.config import Config, Recipe
from toymodel.model import Model
from toymodel.storage.model_file import model_key

_BROUGHT = "models.brought"
_MOST = 2


def find_model(config: Config, recipe: Recipe) -> Model | None:
    """The stored model of these settings, or the one in a file that this visitor brought."""
    return store().get(config, recipe) or _brought().get(model_key(config, recipe))


def bring(model: Model) -> None:
    """Keep a model from a file for this visitor alone, until the page is closed.

    It is never stored: nobody can tell whether it is what its settings give.
    """
    brought, key = _brought(), model_key(model.config, model.recipe)
    brought.pop(key, None)  # the latest is the last to go
    brought[key] = model
    while len(brought) > _MOST:
        del brought[next(iter(brought))]


def forget_own_weights() -> None:
    """Forget every model that this visitor brought as weights alone."""
    brought = _brought()
    for key in [key for key, model in brought.items() if model.recipe.weights]:
        del brought[key]


def was_brought(config: Config, recipe: Recipe) -> bool:
    """Whether the model that `find_model` gives is from a file."""
    # In this order: reading the store takes much longer.
    return model_key(config, recipe) in _brought() and store().get(config, recipe) is None


def brought() -> list[tuple[Config, Recipe]]:
    """What this visitor's files are models of, the latest first."""
    return [(model.config, model.recipe) for model in reversed(_brought().values())]


def say_where_from(config: Config, recipe: Recipe) -> bool:
    """Say it where the model is from a file; returns whether it is."""
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
