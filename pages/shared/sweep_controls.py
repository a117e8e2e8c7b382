"""The sweep's controls: widgets that show the state, and write it back into the link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from pages.shared.sweep_state import (
    DENSITIES_ALLOWED,
    SweepState,
    parse_densities,
    write_densities,
)
from toymodel.config import MAX_SEED, RECIPES
from toymodel.polysemanticity import Thresholds
from toymodel.settings import SettingError

STATE = "sweep.state"
_DRAFT = "sweep.densities.draft"

PRESETS = {
    "quick": f"quick: {RECIPES['quick'].steps:,} steps, for a first look",
    "standard": "standard: the recipe of this page",
    "thorough": "thorough: more restarts and steps, lowest loss",
    "usual": "usual: the course recipe, which fails when sparse",
}


def current_state() -> tuple[SweepState, list[str]]:
    """The link's state, or the one that this visitor left; and what is wrong with the link."""
    link = {name: st.query_params.get_all(name) for name in st.query_params}
    if link:
        state, problems = SweepState.from_link(link)
    else:
        state, problems = st.session_state.get(STATE, SweepState()), []
    remember(state)
    return state, problems


def remember(state: SweepState) -> None:
    """Make this the page's state: in the link, and for when the visitor comes back."""
    st.session_state[STATE] = state
    if st.query_params.to_dict() != state.link:
        st.query_params.from_dict(state.link)


def controls(state: SweepState) -> None:
    """Draw every control; each change becomes the page's state at once."""

    def changed(key: str, change: Callable[[SweepState, object], SweepState]) -> None:
        remember(change(st.session_state[STATE], st.session_state[key]))

    def show(key: str, value: object) -> str:
        st.session_state[key] = value
        return key

    def base(name: str) -> Callable[[SweepState, object], SweepState]:
        def change(old: SweepState, value: object) -> SweepState:
            view = old.view.replace(at=None, neuron=None) if name == "n_neurons" else old.view
            return replace(old, base=old.base.replace(**{name: value}), view=view)

        return change

    def training(name: str) -> Callable[[SweepState, object], SweepState]:
        def change(old: SweepState, value: object) -> SweepState:
            changes: dict[str, object] = {name: value}
            if name == "preset":
                changes["restarts"] = RECIPES[str(value)].restarts
            return replace(old, training=old.training.replace(**changes))

        return change

    def view(name: str) -> Callable[[SweepState, object], SweepState]:
        return lambda old, value: replace(old, view=old.view.replace(**{name: value}))

    def thresholds(name: str) -> Callable[[SweepState, object], SweepState]:
        return lambda old, value: replace(old, thresholds=old.thresholds.replace(**{name: value}))

    st.header("Models")
    left, right = st.columns(2)
    left.number_input(
        "Features n",
        1,
        2_000,
        key=show("sweep.n", state.base.n_features),
        on_change=changed,
        args=("sweep.n", base("n_features")),
    )
    right.number_input(
        "Neurons m",
        1,
        2_000,
        key=show("sweep.m", state.base.n_neurons),
        on_change=changed,
        args=("sweep.m", base("n_neurons")),
    )
    left.number_input(
        "Importance decay d",
        0.01,
        1.0,
        step=0.05,
        format="%.3g",
        help="Feature i has importance d^i; the first one has 1.",
        key=show("sweep.d", state.base.importance_decay),
        on_change=changed,
        args=("sweep.d", base("importance_decay")),
    )
    right.number_input(
        "Seed",
        0,
        MAX_SEED,
        help="Decides the initial weights and the training data.",
        key=show("sweep.seed", state.base.seed),
        on_change=changed,
        args=("sweep.seed", base("seed")),
    )
    _densities(state)
    st.selectbox(
        "Recipe",
        list(PRESETS),
        format_func=PRESETS.__getitem__,
        key=show("sweep.recipe", state.training.preset),
        on_change=changed,
        args=("sweep.recipe", training("preset")),
    )
    st.number_input(
        "Restarts",
        1,
        64,
        help="Models trained a panel, from different initial weights; the lowest loss is shown.",
        key=show("sweep.restarts", state.recipe.restarts),
        on_change=changed,
        args=("sweep.restarts", training("restarts")),
    )
    st.header("View")
    for name, label in (("weights", "Weights"), ("heights", "Heights"), ("colour", "Colour by")):
        key = f"sweep.{name}"
        st.segmented_control(
            label,
            _choices(name),
            required=True,
            key=show(key, getattr(state.view, name)),
            on_change=changed,
            args=(key, view(name)),
        )
    with st.expander("Where the classes end"):
        st.number_input(
            "Monosemantic: second largest weight below",
            0.001,
            1.0,
            step=0.01,
            format="%.3g",
            help="Relative to the neuron's largest input weight.",
            key=show("sweep.mono", state.thresholds.second_weight),
            on_change=changed,
            args=("sweep.mono", thresholds("second_weight")),
        )
        st.number_input(
            "Slightly polysemantic: extra weight below",
            0.01,
            100.0,
            step=0.1,
            format="%.3g",
            help="The height of the stack above its first block.",
            key=show("sweep.slight", state.thresholds.extra_weight),
            on_change=changed,
            args=("sweep.slight", thresholds("extra_weight")),
        )
        if state.thresholds != Thresholds():
            st.caption("The usual thresholds are 0.05 and 1.")
    st.button("Back to the paper's setting", on_click=_reset, width="stretch")


def _choices(name: str) -> list[str]:
    return {
        "weights": ["input", "output"],
        "heights": ["relative", "raw"],
        "colour": ["superposition", "feature"],
    }[name]


def _densities(state: SweepState) -> None:
    key = "sweep.p"
    # What cannot be read stays in the box, with what is wrong, until it is mended.
    st.session_state[key] = st.session_state.get(_DRAFT) or write_densities(
        state.training.densities
    )

    def changed() -> None:
        text = st.session_state[key]
        st.session_state[_DRAFT] = text
        old: SweepState = st.session_state[STATE]
        try:
            training = old.training.replace(densities=parse_densities(text))
        except SettingError:
            return
        del st.session_state[_DRAFT]
        view = old.view
        if view.at not in training.densities:
            view = view.replace(at=None, neuron=None)
        remember(replace(old, training=training, view=view))

    st.text_input(
        "Densities 1 − S",
        help=f"How often a feature is not zero: {DENSITIES_ALLOWED}.",
        key=key,
        on_change=changed,
    )
    if _DRAFT in st.session_state:
        st.error(f"Densities must be {DENSITIES_ALLOWED}. The panels show the last good list.")


def _reset() -> None:
    st.session_state.pop(_DRAFT, None)
    remember(SweepState())
