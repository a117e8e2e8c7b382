"""The controls of the page that trains one model."""

from __future__ import annotations

from typing import Literal, get_args, get_origin

import streamlit as st

from pages.shared.model_choice import Choice
from pages.shared.recipes import FIELDS, PRESETS
from pages.shared.widget_values import reported, show_value
from pages.shared.widgets import model_inputs, task_inputs, threshold_inputs
from pages.train.examples import EXAMPLES, example_name
from pages.train.state import TRAIN_STATE, TrainState
from toymodel.config import Recipe
from toymodel.settings import plain_type

_EXAMPLE = "train.example"
_STEPS = {"learning_rate": 0.005, "min_active": 0.5}


def controls(state: TrainState) -> None:
    """Draw every control; each change becomes the page's state at once."""
    TRAIN_STATE.show_refused()
    bound = TRAIN_STATE.bound
    config, recipe = state.config, state.recipe
    example = example_name(state.choice)
    show_value(_EXAMPLE, example)
    st.selectbox(
        "Start from",
        list(EXAMPLES),
        index=list(EXAMPLES).index(example) if example else None,
        key=_EXAMPLE,
        placeholder="Your own settings",
        on_change=_start_from,
    )
    st.header("Model")
    task_inputs(TRAIN_STATE, "config", config)
    _, right = model_inputs(TRAIN_STATE, config)
    right.number_input(
        "Restarts",
        1,
        64,
        help="Models trained side by side from different initial weights; the one with the lowest "
        "loss is shown first.",
        **bound("recipe", "restarts", recipe.restarts),
    )
    st.selectbox(
        "Recipe",
        format_func=PRESETS.__getitem__,
        help="How it is trained. Choosing one sets every field below.",
        **TRAIN_STATE.bound_option("preset", "preset", state.choice.preset, list(PRESETS)),
    )
    with st.expander("Advanced: every field of the recipe"):
        for name in FIELDS:
            _recipe_input(name, recipe)
    threshold_inputs(TRAIN_STATE, state.thresholds)


def _recipe_input(name: str, recipe: Recipe) -> None:
    label, sentence = FIELDS[name]
    field = Recipe.model_fields[name]
    of_recipe = "recipe", name, getattr(recipe, name)
    if get_origin(field.annotation) is Literal:
        st.selectbox(label, **TRAIN_STATE.bound_option(*of_recipe, get_args(field.annotation)))
    elif plain_type(field) is int:
        st.number_input(label, *Recipe.bounds(name), **TRAIN_STATE.bound(*of_recipe))
    else:
        low, high = Recipe.bounds(name)
        st.number_input(
            label,
            float(low),
            float(high),
            step=_STEPS.get(name, 0.01),
            format="%.4g",
            **TRAIN_STATE.bound(*of_recipe),
        )
    st.caption(sentence)


def _start_from() -> None:
    if name := reported(_EXAMPLE):
        show(EXAMPLES[name].choice)


def show(choice: Choice) -> None:
    """Make this the model that the page is about."""
    TRAIN_STATE.remember(TRAIN_STATE.left().showing(choice))
