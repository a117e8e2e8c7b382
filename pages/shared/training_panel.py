"""The panel of a training: the offer, the progress with its buttons, and the outcome."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import streamlit as st

from pages.own.state import OwnState
from pages.shared.chart import going
from pages.shared.messages import plain
from pages.shared.navigation import OWN
from pages.shared.resources import jobs, visitor, warm_worker
from toymodel.config import Config
from toymodel.jobs.job import Progress
from toymodel.jobs.limits import Refused
from toymodel.recipe import Recipe
from toymodel.text import count, duration

_POLL_SECONDS = 0.8
_LOOK_SECONDS = 0.02
_LOOKS = 20
_SAID = "training.said"
_OTHERS = "Somebody else waits for this too: it goes on."

Configs = Sequence[Config]


def progress_of(configs: Configs, recipe: Recipe) -> Progress | None:
    """The progress of the training of these models; None if there is no such training.

    A page calls this before it looks for the models, so that it finds one that ends in between.
    """
    return jobs().progress(configs, recipe)


def request(configs: Configs, recipe: Recipe) -> None:
    """Request the training of these models; the panel says why if it is refused."""
    try:
        jobs().request(configs, recipe, visitor())
    except Refused as error:
        st.session_state[_SAID] = str(error)


def say_what_happened() -> None:
    """Say the outcome of the last click on a button of the panel."""
    if said := st.session_state.pop(_SAID, None):
        st.info(said)


def offer_training(
    configs: Configs,
    recipe: Recipe,
    *,
    missing: int = 1,
    on_train: Callable[[], None] | None = None,
    on_failure: Callable[[str], object] = st.error,
    key: str = "train",
) -> None:
    """Say which models are missing, and train them on request.

    Args:
        configs: all models that the page shows.
        recipe: how they are trained.
        missing: how many of them are not trained.
        on_train: what the button does; it requests the training unless given.
        on_failure: draws why a training failed, given its message as Markdown.
        key: of the button, unique on the page.
    """
    if recipe.weights:
        say_not_here(configs[0])
        return
    warm_worker()
    say_what_happened()
    progress = progress_of(configs, recipe)
    failed = progress is not None and progress.state == "failed"
    if progress and progress.message:
        (on_failure if failed else st.error)(plain(progress.message))
    train = on_train or (lambda: request(configs, recipe))
    if progress and progress.state == "paused":
        st.info(f"Paused at step {progress.step:,} of {progress.steps:,}.")
        with st.container(horizontal=True):
            st.button(
                "Go on",
                type="primary",
                on_click=request,
                args=(configs, recipe),
                key=f"{key}-go-on",
            )
            st.button(
                "Discard",
                on_click=_cancel,
                args=(configs, recipe),
                help="Forget what was trained.",
                key=f"{key}-discard",
            )
        return
    if len(configs) == 1 and not failed:
        st.info("This model is not trained here yet.")
    elif len(configs) > 1:
        st.info(f"{missing} of {len(configs)} models are not trained here yet.")
    label = "Train" if len(configs) == 1 else f"Train {count(missing, 'model')}"
    st.button(label, type="primary", on_click=train, key=key)


def train_missing(config: Config, recipe: Recipe, key: str = "train") -> None:
    """Draw the panel of one model that is not trained: its progress, or the offer to train it."""
    progress = progress_of([config], recipe)
    if progress and progress.active:
        watch_training([config], recipe)
    else:
        offer_training([config], recipe, key=key)


@st.fragment(run_every=_POLL_SECONDS)
def watch_training(
    configs: Configs, recipe: Recipe, draw: Callable[[Progress], None] | None = None
) -> None:
    """Draw the progress of a training with its buttons, and redraw it alone until it ends.

    Args:
        configs: what is trained.
        recipe: how it is trained.
        draw: draws the models as they are now, below the progress.
    """
    if going():
        st.rerun()
    progress = _progress_soon(configs, recipe)
    if progress is None or not progress.active:
        st.rerun()
    say_what_happened()
    left, pause, cancel = st.columns([8, 2, 2], vertical_alignment="center")
    left.progress(_share(progress), text=_words(progress))
    if progress.message:
        st.warning(plain(progress.message))
    if progress.state == "running":
        pause.button(
            "Pause",
            on_click=_pause,
            args=(configs, recipe),
            width="stretch",
        )
    cancel.button("Cancel", on_click=_cancel, args=(configs, recipe), width="stretch")
    if draw is None:
        return
    if progress.models:
        draw(progress)
    else:
        st.info("Waiting for its first weights.")


def _progress_soon(configs: Configs, recipe: Recipe) -> Progress | None:
    # Wait a moment for the first weights, so that the first picture does not wait for a poll.
    progress = progress_of(configs, recipe)
    for _ in range(_LOOKS):
        if progress is None or progress.models or progress.state != "running":
            break
        time.sleep(_LOOK_SECONDS)
        progress = progress_of(configs, recipe)
    return progress


def _pause(configs: Configs, recipe: Recipe) -> None:
    if jobs().pause(configs, recipe, visitor()):
        st.session_state[_SAID] = _OTHERS
    else:
        _wait_until_stopped(configs, recipe)


def _cancel(configs: Configs, recipe: Recipe) -> None:
    if jobs().cancel(configs, recipe, visitor()):
        st.session_state[_SAID] = _OTHERS
    else:
        st.session_state[_SAID] = "Cancelled."
        _wait_until_stopped(configs, recipe)


def _wait_until_stopped(configs: Configs, recipe: Recipe) -> None:
    # Stopping takes a moment; then the page can show that the training has stopped.
    for _ in range(_LOOKS):
        progress = progress_of(configs, recipe)
        if progress is None or not progress.active:
            return
        time.sleep(_LOOK_SECONDS)


def _share(progress: Progress) -> float:
    return progress.step / progress.steps if progress.steps else 0.0


def _words(progress: Progress) -> str:
    if progress.state == "waiting" and progress.place:
        return f"Waiting: trainings ahead of this one: {progress.place}."
    if not progress.step:
        return "Starting the training."
    if progress.step == progress.steps:
        return "Measuring the losses."
    left = "" if math.isnan(progress.remaining) else f", about {duration(progress.remaining)} left"
    return f"Step {progress.step:,} of {progress.steps:,}{left}"


def say_not_here(config: Config) -> None:
    """Say that weights from a visitor's file are missing, and that no training gives them."""
    st.info(
        "A visitor uploaded these weights, and nobody else could see them. They are not here, and "
        "no training gives them. Whoever has the file can upload it again."
    )
    link_own_weights(config)


def link_own_weights(config: Config) -> None:
    """Link to the page where a visitor uploads weights."""
    st.page_link(OWN.script, label=OWN.title, query_params=OwnState.of(config).link)
