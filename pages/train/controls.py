"""The controls of the page that trains one model."""

from __future__ import annotations

from typing import Literal, get_origin

import streamlit as st

from pages.shared.model_choice import Choice
from pages.shared.page_session import watched
from pages.shared.training.live import live_toggle
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
from toymodel.config import Config
from toymodel.recipe import Recipe
from toymodel.settings import plain_type
from toymodel.text import rounded

DENSITIES = [
    round(step * 10.0**power, 6)
    for power in (-3, -2, -1)
    for step in (1, 1.25, 1.6, 2, 2.5, 3, 4, 5, 6, 8)
] + [1.0]
"""The slider's densities."""

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
    live_toggle()
    _sliders(state.config)
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


def _sliders(config: Config) -> None:
    # Round densities, ten in a factor of ten, and the one that is set.
    densities = sorted({*DENSITIES, config.feature_probability})
    st.select_slider(
        "Slide the density",
        densities,
        config.feature_probability,
        format_func=rounded,
        help="1 − S, on a log scale.",
        **watched(
            f"train.p.slider.{densities == DENSITIES}",
            config.feature_probability,
            lambda p: TRAIN_PAGE.change(p=p),
        ),
    )
    top = max(2 * config.n_features, config.n_neurons)
    st.slider(
        "Slide the neurons",
        1,
        min(Config.bounds("n_neurons")[1], max(top, 2)),
        config.n_neurons,
        help="m, up to two for each feature.",
        **watched(
            f"train.m.slider.{top}",
            config.n_neurons,
            lambda m: TRAIN_PAGE.change(m=m),
        ),
    )


def _start_from(name: str | None) -> None:
    if name:
        show(EXAMPLES[name].choice)


def show(choice: Choice) -> None:
    """Make this the page's model."""
    TRAIN_PAGE.show(TRAIN_PAGE.state.showing(choice))
