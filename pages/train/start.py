"""Starting a training: of the page's model, of another seed, or for longer."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.shared.model_choice import Choice
from pages.shared.training.panel import request, with_estimate
from pages.train.state import TRAIN_PAGE
from toymodel.config import MAX_SEED
from toymodel.recipe import Recipe
from toymodel.text import count


def train(*, seed: int | None = None, recipe: Mapping[str, object] | None = None) -> None:
    """Request the training of the page's model.

    The model is the page's at the time of the click, not when the button was drawn: a number may
    have been typed since.

    Args:
        seed: another seed for it.
        recipe: other values for some fields of its recipe.
    """
    state = TRAIN_PAGE.state
    choice = state.choice
    if seed is not None:
        choice = choice.changed(seed=seed)
    if recipe:
        choice = choice.replace(recipe=choice.recipe.replace(**recipe))
    if choice != state.choice:
        TRAIN_PAGE.show(state.showing(choice))
    request([choice.config], choice.recipe)


def offer_more(choice: Choice) -> None:
    """Draw buttons that train another seed, or the same model for longer."""
    config, recipe = choice.config, choice.recipe
    seed = config.seed + 1 if config.seed < MAX_SEED else 0
    st.button(
        with_estimate("Train another seed", [config.replace(seed=seed)], recipe),
        on_click=train,
        kwargs={"seed": seed},
        help=f"The same with seed {seed}: other initial weights and other data.",
        key="train-seed",
    )
    if recipe.cycles < Recipe.bounds("cycles")[1]:
        longer = recipe.replace(cycles=recipe.cycles + 1)
        st.button(
            with_estimate(f"Train {count(recipe.steps, 'step')} more", [config], longer),
            on_click=train,
            kwargs={"recipe": {"cycles": longer.cycles}},
            help="From where it stands, with new data; a cosine schedule starts again at a third "
            "of the learning rate.",
            key="train-more",
        )
