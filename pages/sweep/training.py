"""The sweep while its missing models are trained."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.shared.clicks import going
from pages.shared.training_many import draw_progress
from pages.shared.watching import progress_soon
from pages.sweep.panels import draw_panels
from pages.sweep.state import SweepState
from toymodel.config import Config
from toymodel.model import Model

_POLL_SECONDS = 1.0


@st.fragment(run_every=_POLL_SECONDS)
def watch_training(state: SweepState, models: Mapping[Config, Model | None]) -> None:
    """The panels while they train; draws only itself, and hands over when all is done."""
    if going():
        st.rerun()
    progress = progress_soon(state.configs, state.recipe)
    if progress is None or not progress.active:
        st.rerun()
    draw_progress(state.configs, state.recipe, progress)
    live = {key: model.leading for key, model in progress.models.items()}
    draw_panels(state, models, live)
