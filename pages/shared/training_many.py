"""Training several models that a page wants: the button, the progress, the word to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.shared.imported_notice import say_not_here
from pages.shared.resources import jobs, visitor, warm_worker
from pages.shared.watching import progress_share, progress_words, wait_until_stopped
from toymodel.config import Config, Recipe
from toymodel.jobs.job import Progress
from toymodel.jobs.limits import Refused
from toymodel.model import Model

_SAID = "many.said"


def offer_training(models: Mapping[Config, Model | None], recipe: Recipe) -> None:
    """Say what is missing, and train it on request."""
    if recipe.weights:
        say_not_here(next(iter(models)))
        return
    warm_worker()
    missing = sum(model is None for model in models.values())
    failed = jobs().progress(list(models), recipe)
    if failed and failed.message:
        st.error(failed.message)
    _say_what_happened()
    none = "None of these models is trained here yet."
    some = f"{missing} of {len(models)} models are not trained here yet."
    if len(models) == 1:
        none = "This model is not trained here yet."
    st.info(none if missing == len(models) else some)
    word = "model" if missing == 1 else "models"
    st.button(
        f"Train {missing} {word}", type="primary", on_click=_train, args=(list(models), recipe)
    )


def _train(configs: Sequence[Config], recipe: Recipe) -> None:
    try:
        jobs().request(configs, recipe, visitor())
    except Refused as error:
        st.session_state[_SAID] = str(error)


def draw_progress(configs: Sequence[Config], recipe: Recipe, progress: Progress) -> None:
    """How far their training is, and a button that stops it."""
    _say_what_happened()
    left, right = st.columns([8, 2], vertical_alignment="center")
    left.progress(progress_share(progress), text=progress_words(progress))
    right.button("Cancel", on_click=_cancel, args=(list(configs), recipe), width="stretch")


def _say_what_happened() -> None:
    if said := st.session_state.pop(_SAID, None):
        st.info(said)


def _cancel(configs: Sequence[Config], recipe: Recipe) -> None:
    others = jobs().cancel(configs, recipe, visitor())
    st.session_state[_SAID] = (
        "Somebody else waits for these models too: it goes on." if others else "Cancelled."
    )
    if not others:
        wait_until_stopped(configs, recipe)
