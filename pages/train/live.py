"""The page's model: starting its training, training more, and drawing it while it trains."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.shared.metrics import choose_restart, draw_metrics
from pages.shared.model_choice import Choice
from pages.shared.models import Shown
from pages.shared.training_panel import request
from pages.train.charts import draw_charts
from pages.train.state import TRAIN_PAGE, TrainState
from toymodel.config import MAX_SEED
from toymodel.jobs.job import Live, Progress
from toymodel.recipe import Recipe
from toymodel.storage.model_file import model_key
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
        "Train another seed",
        on_click=train,
        kwargs={"seed": seed},
        help=f"The same with seed {seed}: other initial weights and other data.",
    )
    if recipe.cycles < Recipe.bounds("cycles")[1]:
        st.button(
            f"Train {count(recipe.steps, 'step')} more",
            on_click=train,
            kwargs={"recipe": {"cycles": recipe.cycles + 1}},
            help="From where it stands, with new data; a cosine schedule starts again at a third "
            "of the learning rate.",
        )


def draw_live(progress: Progress) -> None:
    """Draw the page's model while it trains or is paused."""
    state = TRAIN_PAGE.state
    live = progress.models.get(model_key(state.config, state.recipe))
    if live is None:
        st.info("Waiting for its first weights.")
        return
    shown = _shown(state, live)
    draw_metrics(shown, state.thresholds)
    choose_restart(shown, list(live.weights))
    if not shown.weights.finite:
        st.warning("Its weights are not finite any more: this restart has diverged.")
        return
    draw_charts(state, [shown])


def _shown(state: TrainState, live: Live) -> Shown:
    restart = state.restart
    if restart is None or restart not in live.weights:
        restart = live.history.leader
    return Shown(state.config, state.recipe, live.weights[restart], live.history, restart)
