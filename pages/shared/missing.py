"""A model that a page would show and that is not trained yet."""

from __future__ import annotations

import streamlit as st

from pages.shared.imported_notice import say_not_here
from pages.shared.live_model import request
from pages.shared.model_choice import Choice
from pages.shared.resources import jobs
from pages.shared.watching import progress_share, progress_words


def offer_missing(choice: Choice, which: str) -> None:
    """Say that a model is not there, and train it on request; `which` tells several apart."""
    if choice.recipe.weights:
        say_not_here(choice.config)
        return
    progress = jobs().progress([choice.config], choice.recipe)
    if progress and progress.active:
        _wait(choice)
        return
    if progress and progress.message:
        st.error(progress.message)
    paused = progress and progress.state == "paused"
    st.info("Its training is paused." if paused else "This model is not trained here yet.")
    label = "Go on" if paused else "Train it"
    st.button(label, type="primary", on_click=request, args=(choice,), key=f"train-{which}")


@st.fragment(run_every=1.0)
def _wait(choice: Choice) -> None:
    progress = jobs().progress([choice.config], choice.recipe)
    if progress is None or not progress.active:
        st.rerun()
    st.progress(progress_share(progress), text=progress_words(progress))
