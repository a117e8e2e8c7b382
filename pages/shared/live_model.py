"""Training one model: the buttons, the training as it moves, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.shared.metrics import choose_restart, draw_figures_that_matter
from pages.shared.model_choice import Choice
from pages.shared.model_view import draw_charts
from pages.shared.resources import jobs, visitor, warm_worker
from pages.shared.shown import Shown
from pages.shared.watching import (
    counted,
    progress_share,
    progress_soon,
    progress_words,
    wait_until_stopped,
)
from pages.train.state import TRAIN_PAGE, TrainState
from toymodel.config import MAX_SEED, Recipe
from toymodel.jobs.job import Live, Progress
from toymodel.jobs.limits import Refused
from toymodel.storage.model_file import model_key

_POLL_SECONDS = 0.8
_SAID = "train.said"


def train(*, seed: int | None = None, recipe: Mapping[str, object] | None = None) -> None:
    """Have the model trained that the page is about, with another seed or fields of its recipe.

    Not the one that the page was about when the button was drawn: a number may have been typed
    since, in the very moment of the click.
    """
    state = TRAIN_PAGE.state
    choice = state.choice
    if seed is not None:
        choice = choice.changed(seed=seed)
    if recipe:
        choice = choice.replace(recipe=choice.recipe.replace(**recipe))
    if choice != state.choice:
        TRAIN_PAGE.show(state.showing(choice))
    request(choice)


def request(choice: Choice) -> None:
    """Have a model trained, which does not change what the page shows."""
    try:
        jobs().request([choice.config], choice.recipe, visitor())
    except Refused as error:
        st.session_state[_SAID] = str(error)


def say_what_happened() -> None:
    """What the last click led to, where there is something to say."""
    if said := st.session_state.pop(_SAID, None):
        st.info(said)


def offer_training(choice: Choice, progress: Progress | None) -> None:
    """A model that is not there: a button that trains it, or goes on where it was paused."""
    warm_worker()
    say_what_happened()
    if progress and progress.state == "paused":
        if progress.message:
            st.error(progress.message)
        st.info(f"Paused at step {progress.step:,} of {progress.steps:,}.")
        with st.container(horizontal=True):
            st.button("Go on", type="primary", on_click=request, args=(choice,))
            st.button("Discard", on_click=_cancel, args=(choice,), help="Forget what was trained.")
        return
    if not progress:
        st.info("This model is not trained here yet.")
    st.button("Train", type="primary", on_click=train)


def offer_more(choice: Choice) -> None:
    """What to train next, from a model that is there."""
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
            f"Train {counted(recipe.steps, 'step')} more",
            on_click=train,
            kwargs={"recipe": {"cycles": recipe.cycles + 1}},
            help="From where it stands, with new data; a cosine schedule starts again at a third "
            "of the learning rate.",
        )


@st.fragment(run_every=_POLL_SECONDS)
def watch_training() -> None:
    """The model as it trains; draws only itself, and hands over when it is done."""
    state = TRAIN_PAGE.state
    choice = state.choice
    progress = progress_soon([choice.config], choice.recipe)
    if progress is None or not progress.active:
        st.rerun()
    say_what_happened()
    left, pause, cancel = st.columns([8, 2, 2], vertical_alignment="center")
    left.progress(progress_share(progress), text=progress_words(progress))
    if progress.message:
        st.warning(progress.message)
    if progress.state == "running":
        pause.button("Pause", on_click=_pause, args=(choice,), width="stretch")
    cancel.button("Cancel", on_click=_cancel, args=(choice,), width="stretch")
    draw_live(state, progress)


def draw_live(state: TrainState, progress: Progress) -> None:
    """A model in training, or one that was paused."""
    live = progress.models.get(model_key(state.config, state.recipe))
    shown = _shown(state, live) if live else None
    if live is None or shown is None:
        st.info("Waiting for its first weights.")
        return
    draw_figures_that_matter(shown, state.thresholds)
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


def _pause(choice: Choice) -> None:
    if jobs().pause([choice.config], choice.recipe, visitor()):
        st.session_state[_SAID] = _OTHERS
    else:
        wait_until_stopped([choice.config], choice.recipe)


def _cancel(choice: Choice) -> None:
    if jobs().cancel([choice.config], choice.recipe, visitor()):
        st.session_state[_SAID] = _OTHERS
    else:
        st.session_state[_SAID] = "Cancelled."
        wait_until_stopped([choice.config], choice.recipe)


_OTHERS = "Somebody else waits for this model too: it goes on."
