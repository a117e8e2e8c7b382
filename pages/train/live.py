"""The page's model while it trains or is paused."""

from __future__ import annotations

import streamlit as st

from pages.shared.metrics import choose_restart, draw_metrics
from pages.shared.models import Shown
from pages.train.charts import draw_losses, draw_outputs, draw_weights
from pages.train.diagnosis import draw_so_far
from pages.train.state import TRAIN_PAGE, TrainState
from toymodel.jobs.job import Live, Progress
from toymodel.storage.model_file import model_key


def draw_live(progress: Progress) -> None:
    """Draw the page's model while it trains or is paused."""
    state = TRAIN_PAGE.state
    live = progress.models.get(model_key(state.config, state.recipe))
    if live is None:
        st.info("Waiting for its first weights.")
        return
    shown = _shown(state, live)
    choose_restart(shown, list(live.weights))
    draw_metrics(shown, state.thresholds)
    left, right = st.columns(2, gap="medium")
    with left:
        draw_losses(state, [shown])
    with right:
        draw_so_far(shown, progress)
    if shown.weights.finite:
        draw_weights(state, [shown])
        draw_outputs(state, [shown])


def _shown(state: TrainState, live: Live) -> Shown:
    restart = state.restart
    if restart is None or restart not in live.weights:
        restart = live.history.leader
    return Shown(state.config, state.recipe, live.weights[restart], live.history, restart)
