"""The panel of a training: the offer, the progress with its buttons, and the outcome."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.own.state import OwnState
from pages.shared.chart import going
from pages.shared.messages import plain
from pages.shared.navigation import OWN
from pages.shared.page_session import PageSession
from pages.shared.resources import jobs, store, visitor, warm_worker
from pages.shared.training.live import show_before, state_before, stop_live, train_if_live
from pages.shared.training.ownership import own_name, own_names, remember_owner
from toymodel.config import Config
from toymodel.jobs.job import Progress
from toymodel.jobs.limits import Refused
from toymodel.jobs.live import LIVE_SECONDS
from toymodel.recipe import Recipe
from toymodel.text import count, duration

_QUICK_POLL_SECONDS = 0.1
_DRAWING_POLL_SECONDS = 0.4
_POLL_SECONDS = 0.8
_LOOK_SECONDS = 0.02
_LOOKS = 20
_SAID = "training.said"
_DISCARDING = "training.discarding"
_OTHERS = "Somebody else waits for this too: it goes on."
_GONE = (
    "What was paused is not there any more: whoever paused it has discarded it, or the store was "
    "full. Nothing was started."
)

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


def with_estimate(label: str, configs: Configs, recipe: Recipe) -> str:
    """A button's label with how long the training of what is missing takes: "(about 14 s)"."""
    return f"{label} (about {duration(max(1.0, jobs().estimate(configs, recipe)))})"


def offer_training(
    configs: Configs,
    recipe: Recipe,
    *,
    missing: int = 1,
    on_train: Callable[[], None] | None = None,
    on_failure: Callable[[str], object] = st.error,
    key: str = "train",
    why_not: str | None = None,
) -> None:
    """Say which models are missing, and train them: at once if that is quick, else on request.

    Args:
        configs: all models that the page shows.
        recipe: how they are trained.
        missing: how many of them are not trained.
        on_train: what the button does; it requests the training unless given.
        on_failure: draws why a training diverged, given its message as Markdown.
        key: of the button, unique on the page.
        why_not: what `train_if_live` said, where it was called already.
    """
    if recipe.weights:
        say_not_here(configs[0])
        return
    if why_not is None:
        why_not = train_if_live(configs, recipe)
    progress = progress_of(configs, recipe)
    if progress and progress.active:
        watch_training(configs, recipe)
        return
    warm_worker()
    say_what_happened()
    if why_not:
        st.info(why_not)
    failed = progress is not None and progress.state == "failed"
    if progress and progress.message:
        (on_failure if progress.failure == "diverged" else st.error)(plain(progress.message))
    if progress and progress.state == "paused":
        _offer_paused(configs, recipe, progress, key)
        return
    train = on_train or (lambda: request(configs, recipe))
    label = "Train" if len(configs) == 1 else f"Train {count(missing, 'model')}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(with_estimate(label, configs, recipe), type="primary", on_click=train, key=key)
        if len(configs) == 1 and not failed:
            st.info("This model is not trained here yet.")
        elif len(configs) > 1:
            st.info(f"{missing} of {len(configs)} models are not trained here yet.")


def _offer_paused(configs: Configs, recipe: Recipe, progress: Progress, key: str) -> None:
    remember_owner()
    own = progress.owner in {"", *own_names()}
    st.info(
        f"Paused at step {progress.step:,} of {progress.steps:,}."
        + ("" if own else " Somebody else paused it, and anybody with this link can go on with it.")
    )
    asked = st.session_state.get(_DISCARDING) == progress.step
    with st.container(horizontal=True):
        if asked and own:
            st.button(
                f"Discard {count(progress.step, 'step')} for good",
                type="primary",
                on_click=_discard,
                args=(configs, recipe),
                key=f"{key}-discard-for-good",
            )
            st.button("Keep them", on_click=_ask_to_discard, args=(None,), key=f"{key}-keep")
            return
        st.button(
            "Go on", type="primary", on_click=_go_on, args=(configs, recipe), key=f"{key}-go-on"
        )
        if own:
            st.button(
                "Discard",
                on_click=_ask_to_discard,
                args=(progress.step,),
                help="Forget what was trained. You are asked first.",
                key=f"{key}-discard",
            )


def _ask_to_discard(step: int | None) -> None:
    st.session_state[_DISCARDING] = step


def _discard(configs: Configs, recipe: Recipe) -> None:
    st.session_state.pop(_DISCARDING, None)
    _cancel(configs, recipe)
    st.session_state[_SAID] = "Discarded."


def _go_on(configs: Configs, recipe: Recipe) -> None:
    # It may have been discarded since the button was drawn.
    progress = progress_of(configs, recipe)
    if progress is None and not jobs().estimate(configs, recipe):
        return  # it is done
    if progress is None or progress.state == "failed":
        stop_live(configs, recipe)
        st.session_state[_SAID] = _GONE
    else:
        request(configs, recipe)


def train_missing(config: Config, recipe: Recipe, key: str = "train") -> None:
    """Draw the panel of one model that is not trained: its progress, or the offer to train it."""
    progress = progress_of([config], recipe)
    if progress and progress.active:
        watch_training([config], recipe)
    else:
        offer_training([config], recipe, key=key)


def train_with_before(
    page: PageSession[Any],
    configs: Configs,
    recipe: Recipe,
    *,
    draw_before: Callable[[], None],
    name_before: Callable[[Any], str],
    what: str = "model",
    draw: Callable[[Progress], None] | None = None,
    draw_there: Callable[[], None] | None = None,
    missing: int = 1,
    on_train: Callable[[], None] | None = None,
    on_failure: Callable[[str], object] = st.error,
    key: str = "train",
) -> None:
    """Draw the panel of models that are not trained, and what the page showed before, greyed.

    Args:
        page: the page; it calls `keep_standing` where everything is there.
        configs: all models that the page shows.
        recipe: how they are trained.
        draw_before: draws the page's content from its state, which is then that of before.
        name_before: names what such a state shows, in a few words.
        what: what that is called.
        draw: draws the models while they train, where that takes long.
        draw_there: draws the page as it is, where some of the models are there and none trains,
            or where nothing was shown before.
        missing: how many of them are not trained.
        on_train: what the button does; it requests the training unless given.
        on_failure: draws why a training diverged, given its message.
        key: of the button, unique on the page.
    """
    if recipe.weights:
        say_not_here(configs[0])
        return
    why_not = train_if_live(configs, recipe)
    panel = training_place()
    progress = progress_of(configs, recipe)
    if progress is None and all(store().get(config, recipe) for config in configs):
        st.rerun()  # it has ended since the page looked for the models
    trains = progress is not None and progress.active
    quick = trains and is_quick(configs, recipe)

    def stand() -> None:
        before = state_before(page)
        some = missing < len(configs) and not trains
        if draw_there and (some or before is None):
            draw_there()
        elif before is not None:
            doing = "; training the new one." if trains else ". The new one is not trained yet."
            st.caption(f"This is the {what} before: {name_before(before)}{doing}")
            show_before(page, draw_before)

    def draw_live(progress: Progress) -> None:
        if draw and progress.models:
            draw(progress)
        else:
            stand()

    if draw and progress and progress.state == "paused":
        draw(progress)
    elif quick or not trains:
        stand()
    with panel:
        if trains:
            watch_training(configs, recipe, None if quick else draw_live)
        else:
            offer_training(
                configs,
                recipe,
                missing=missing,
                on_train=on_train,
                on_failure=on_failure,
                key=key,
                why_not=why_not,
            )


def training_place() -> DeltaGenerator:
    """Where the buttons and the progress of a training stand; its height does not change."""
    return st.container(key="training")


def is_quick(configs: Configs, recipe: Recipe) -> bool:
    """Whether a training that waits or runs ends so soon that its progress is not worth drawing."""
    progress = progress_of(configs, recipe)
    if progress is None or progress.place:
        return False
    left = progress.remaining
    return (left if math.isfinite(left) else jobs().estimate(configs, recipe)) < LIVE_SECONDS


def watch_training(
    configs: Configs, recipe: Recipe, draw: Callable[[Progress], None] | None = None
) -> None:
    """Draw the progress of a training with its buttons, and redraw it alone until it ends.

    Args:
        configs: what is trained.
        recipe: how it is trained.
        draw: draws the models as they are now, below the progress.
    """
    quick = is_quick(configs, recipe)
    seconds = _POLL_SECONDS
    if quick:
        seconds = _DRAWING_POLL_SECONDS if draw else _QUICK_POLL_SECONDS
    st.fragment(_watch, run_every=seconds)(configs, recipe, draw, quick)


def _watch(
    configs: Configs,
    recipe: Recipe,
    draw: Callable[[Progress], None] | None,
    quick: bool,
) -> None:
    if going():
        st.rerun()
    progress = _progress_soon(configs, recipe, quick=quick)
    if progress is None or not progress.active:
        st.rerun()
    if quick and progress.remaining > 2 * LIVE_SECONDS and progress.remaining < math.inf:
        st.rerun()  # it is not as quick as it was taken to be
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
    if draw:
        draw(progress)


def _progress_soon(configs: Configs, recipe: Recipe, *, quick: bool) -> Progress | None:
    # Wait a moment for the end, or for the first weights where the end is far, so that the next
    # picture does not wait for a poll.
    progress = progress_of(configs, recipe)
    for _ in range(_LOOKS):
        if progress is None or progress.state != "running" or (progress.models and not quick):
            break
        time.sleep(_LOOK_SECONDS)
        progress = progress_of(configs, recipe)
    return progress


def _pause(configs: Configs, recipe: Recipe) -> None:
    if jobs().pause(configs, recipe, visitor(), own_name()):
        st.session_state[_SAID] = _OTHERS
    else:
        _wait_until_stopped(configs, recipe)


def _cancel(configs: Configs, recipe: Recipe) -> None:
    stop_live(configs, recipe)
    if jobs().cancel(configs, recipe, visitor(), own_names()):
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
