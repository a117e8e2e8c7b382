"""Training the sweep's missing models: the button, the progress, the word to stop."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.shared.clicks import going
from pages.shared.resources import jobs, visitor, warm_worker
from pages.shared.sweep_panels import draw_panels
from pages.shared.sweep_state import SweepState
from pages.shared.watching import (
    progress_share,
    progress_soon,
    progress_words,
    wait_until_stopped,
)
from toymodel.config import Config
from toymodel.limits import Refused
from toymodel.model import Model

_POLL_SECONDS = 1.0
_SAID = "sweep.said"


def offer_training(state: SweepState, models: Mapping[Config, Model | None]) -> None:
    """Say what is missing, and train it on request."""
    warm_worker()
    missing = sum(model is None for model in models.values())
    failed = jobs().progress(state.configs, state.recipe)
    if failed and failed.message:
        st.error(failed.message)
    _say_what_happened()
    none = "None of these models is trained here yet."
    some = f"{missing} of {len(models)} models are not trained here yet."
    st.info(none if missing == len(models) else some)
    word = "model" if missing == 1 else "models"
    st.button(f"Train {missing} {word}", type="primary", on_click=_train, args=(state,))


def _train(state: SweepState) -> None:
    try:
        jobs().request(state.configs, state.recipe, visitor())
    except Refused as error:
        st.session_state[_SAID] = str(error)


@st.fragment(run_every=_POLL_SECONDS)
def watch_training(state: SweepState, models: Mapping[Config, Model | None]) -> None:
    """The panels while they train; draws only itself, and hands over when all is done."""
    if going():
        st.rerun()
    progress = progress_soon(state.configs, state.recipe)
    if progress is None or not progress.active:
        st.rerun()
    _say_what_happened()
    left, right = st.columns([8, 2], vertical_alignment="center")
    left.progress(progress_share(progress), text=progress_words(progress))
    right.button("Cancel", on_click=_cancel, args=(state,), width="stretch")
    live = {key: model.leading for key, model in progress.models.items()}
    draw_panels(state, models, live)


def _say_what_happened() -> None:
    if said := st.session_state.pop(_SAID, None):
        st.info(said)


def _cancel(state: SweepState) -> None:
    others = jobs().cancel(state.configs, state.recipe, visitor())
    st.session_state[_SAID] = (
        "Somebody else waits for these models too: it goes on." if others else "Cancelled."
    )
    if not others:
        wait_until_stopped(state.configs, state.recipe)
