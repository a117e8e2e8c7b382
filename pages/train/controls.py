"""The controls of the page that trains one model."""

from __future__ import annotations

from typing import Literal, get_origin

import streamlit as st

from pages.shared.model_choice import Choice
from pages.shared.page_session import watched
from pages.shared.widgets import (
    model_inputs,
    number_box,
    option_box,
    preset_box,
    task_inputs,
    threshold_inputs,
)
from pages.train.examples import EXAMPLES, example_name
from pages.train.state import TRAIN_PAGE, TrainState
from toymodel.recipe import Recipe
from toymodel.settings import plain_type

_NOT_ADVANCED = ("restarts", "weights")


def controls(state: TrainState) -> None:
    """Draw the controls."""
    TRAIN_PAGE.show_refused()
    example = example_name(state.choice)
    st.selectbox(
        "Start from",
        list(EXAMPLES),
        index=list(EXAMPLES).index(example) if example else None,
        placeholder="Your own settings",
        **watched("train.example", example, _start_from),
    )
    st.header("Model")
    task_inputs(TRAIN_PAGE)
    _, right = model_inputs(TRAIN_PAGE)
    number_box(TRAIN_PAGE, "restarts", right)
    preset_box(TRAIN_PAGE)
    with st.expander("Advanced: every field of the recipe"):
        for name, info in Recipe.model_fields.items():
            if name not in _NOT_ADVANCED and info.alias:
                draw = option_box if get_origin(plain_type(info)) is Literal else number_box
                draw(TRAIN_PAGE, info.alias, value=getattr(state.choice.resolved, name), help="")
                st.caption(str(info.description))
    threshold_inputs(TRAIN_PAGE)


def _start_from(name: str | None) -> None:
    if name:
        show(EXAMPLES[name].choice)


def show(choice: Choice) -> None:
    """Make this the page's model."""
    TRAIN_PAGE.show(TRAIN_PAGE.state.showing(choice))
