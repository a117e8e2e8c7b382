"""Training as settings change: whether it is on, what it may take, and what stands meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.shared.page_session import PageSession, watched
from pages.shared.resources import jobs, visitor
from toymodel.config import Config
from toymodel.jobs.limits import Refused
from toymodel.jobs.live import LIVE_SECONDS
from toymodel.recipe import Recipe

_ON = "training.live"
_LAST = "training.live.last"
_STOPPED = "training.live.stopped"
_STOOD = "training.stood"
_BEFORE = "before-the-training"

Configs = Sequence[Config]


def live_toggle() -> None:
    """Draw the switch for training as settings change, where this copy allows it."""
    if jobs().budget.seconds:
        st.toggle(
            "Train as I change settings",
            help=f"Where that takes less than {LIVE_SECONDS:g} s, by estimate.",
            value=is_live(),
            **watched("training.live", is_live(), _switch),
        )


def _switch(on: bool) -> None:
    st.session_state[_ON] = on


def is_live() -> bool:
    """Whether settings train as they change."""
    return bool(jobs().budget.seconds) and st.session_state.get(_ON, True)


def train_if_live(configs: Configs, recipe: Recipe) -> str:
    """Train these models if that is quick and the visitor did not stop just that before.

    A quick training of other settings that is still on its way stops.

    Returns:
        Why nothing was trained although it would be quick, in words; "" otherwise.
    """
    asked = (tuple(configs), recipe)
    if not is_live() or recipe.weights or st.session_state.get(_STOPPED) == asked:
        return ""
    manager = jobs()
    if manager.progress(configs, recipe) or manager.estimate(configs, recipe) >= LIVE_SECONDS:
        return ""
    before, by = st.session_state.pop(_LAST, asked)
    if (before, by) != asked:
        manager.cancel(before, by, visitor(), kill=False)
    try:
        if manager.request_live(configs, recipe, visitor()):
            st.session_state[_LAST] = asked
            st.session_state.pop(_STOPPED, None)
            return ""
    except Refused as error:
        return str(error)
    return (
        f"Changed settings have trained for {manager.budget.seconds:g} s in the last minute, which "
        "is all that this copy gives a visitor without a click."
    )


def stop_live(configs: Configs, recipe: Recipe) -> None:
    """Train these models no more without a click, until something else was trained."""
    st.session_state[_STOPPED] = (tuple(configs), recipe)


def keep_standing(page: PageSession[Any]) -> None:
    """Note that everything that the page's state means is there."""
    st.session_state[f"{_STOOD}.{page.name}"] = page.state


def draw_standing(page: PageSession[Any], draw: Callable[[], None]) -> None:
    """Draw the page where everything is there, and note that.

    It is drawn at the place where it stands greyed later, below a panel and a caption, so that the
    browser keeps its charts.
    """
    keep_standing(page)
    st.empty()
    st.empty()
    with st.container():
        draw()


def state_before(page: PageSession[Any]) -> Any:
    """The page's state when everything was there; None if that was never so."""
    return st.session_state.get(f"{_STOOD}.{page.name}")


def show_before(page: PageSession[Any], draw: Callable[[], None]) -> None:
    """Draw, greyed, what the page showed when everything was there.

    Args:
        page: the page, which has such a state.
        draw: draws from the page's state, which is that of then while it draws.
    """
    with st.container(key=_BEFORE), page.showing(state_before(page)):
        draw()
