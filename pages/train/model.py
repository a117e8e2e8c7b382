"""A finished model: what can be done with it, its numbers, how its training went, its weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.shared.metrics import choose_restart, draw_metrics
from pages.shared.models import Shown, find_model
from pages.shared.sections import tabs
from pages.shared.training.panel import say_what_happened
from pages.shared.weights_view import link_explorers
from pages.train.charts import draw_losses, draw_network, draw_outputs, draw_weights
from pages.train.diagnosis import draw_diagnosis
from pages.train.downloads import draw_downloads
from pages.train.start import offer_more
from pages.train.state import TRAIN_PAGE, TrainState
from toymodel.model import Model


def draw_actions(state: TrainState, model: Model, *, brought: bool) -> None:
    """Draw the buttons that train more, and links to the explorers.

    Args:
        state: of the page.
        model: the model.
        brought: whether it is from a file.
    """
    say_what_happened()
    shown = Shown.of(model, state.restart)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if not brought:
            offer_more(state.choice)
        link_explorers(state, shown)


def draw_model() -> None:
    """Draw the model of the page's state, which is there."""
    state = TRAIN_PAGE.state
    model = find_model(state.config, state.recipe)
    if model is None:  # it was greyed, and is no longer stored
        return
    shown = Shown.of(model, state.restart)
    draw_metrics(shown, state.thresholds)
    left, right = st.columns(2, gap="medium")
    with left:
        draw_losses(state, [shown])
    with right:
        if state.config.activation == "relu":  # its baseline is that of neurons with a ReLU
            draw_diagnosis(model, shown)
        choose_restart(shown, range(len(model.restarts)))
    draw_weights(state, [shown])
    draw_tabs([shown])


def draw_tabs(shown: Sequence[Shown]) -> None:
    """Draw what else there is to see of one model, or of two side by side, in tabs."""

    def drawing(draw: Callable[[TrainState, Sequence[Shown]], None]) -> Callable[[], None]:
        return lambda: draw(TRAIN_PAGE.state, shown)

    sections = {"outputs": ("Outputs", drawing(draw_outputs))}
    if any(each.small for each in shown):
        sections["network"] = ("The network", drawing(draw_network))
    if len(shown) == 1:
        sections["download"] = ("Download", drawing(draw_downloads))
    tabs(TRAIN_PAGE, "tab", sections, own=frozenset({"features"}))
