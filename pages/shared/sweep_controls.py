"""The sweep's controls: widgets that show the state, and write it back into the link."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.shared.sweep_state import (
    DENSITIES_ALLOWED,
    SweepState,
    parse_densities,
    write_densities,
)
from toymodel.config import MAX_SEED
from toymodel.settings import SettingError

STATE = "sweep.state"
_DRAFT = "sweep.densities.draft"
_REFUSED = "sweep.refused"
_DENSITIES = "sweep.p"

PRESETS = {
    "quick": "quick: for a first look",
    "standard": "standard",
    "thorough": "thorough: lowest loss",
    "usual": "usual: as in courses",
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
    if refused := st.session_state.pop(_REFUSED, None):
        st.error(refused)

    def bound(part: str, field: str, value: object) -> dict[str, Any]:
        # The state decides what a widget shows; a widget's change makes the next state.
        key = f"sweep.{field}"
        st.session_state[key] = value
        return {"key": key, "on_change": _changed, "args": (key, part, field)}

    base, view, thresholds = state.base, state.view, state.thresholds
    st.header("Models")
    left, right = st.columns(2)
    left.number_input("Features n", 1, 2_000, **bound("base", "n_features", base.n_features))
    right.number_input("Neurons m", 1, 2_000, **bound("base", "n_neurons", base.n_neurons))
    left.number_input(
        "Importance decay d",
        0.0,
        1.0,
        step=0.05,
        format="%.3g",
        help="Feature i has importance d^i; the first one has 1.",
        **bound("base", "importance_decay", base.importance_decay),
    )
    right.number_input(
        "Seed",
        0,
        MAX_SEED,
        help="Decides the initial weights and the training data.",
        **bound("base", "seed", base.seed),
    )
    _densities(state)
    st.selectbox(
        "Recipe",
        list(PRESETS),
        format_func=PRESETS.__getitem__,
        **bound("training", "preset", state.training.preset),
    )
    st.number_input(
        "Restarts",
        1,
        64,
        help="Models trained a panel, from different initial weights; the lowest loss is shown.",
        **bound("training", "restarts", state.recipe.restarts),
    )
    st.header("View")
    for field, label, choices in (
        ("weights", "Weights", ["input", "output"]),
        ("heights", "Heights", ["relative", "raw"]),
        ("colour", "Colour by", ["superposition", "feature"]),
    ):
        st.segmented_control(
            label, choices, required=True, **bound("view", field, getattr(view, field))
        )
    with st.expander("Where the classes end"):
        st.number_input(
            "Monosemantic: second largest weight below",
            0.0,
            1.0,
            step=0.01,
            format="%.3g",
            help="Relative to the neuron's largest input weight; usually 0.05.",
            **bound("thresholds", "second_weight", thresholds.second_weight),
        )
        st.number_input(
            "Slightly polysemantic: extra weight below",
            0.0,
            100.0,
            step=0.1,
            format="%.3g",
            help="The height of the stack above its first block; usually 1.",
            **bound("thresholds", "extra_weight", thresholds.extra_weight),
        )
    st.button("Back to the paper's setting", on_click=_reset, width="stretch")


def _changed(key: str, part: str, field: str) -> None:
    try:
        remember(st.session_state[STATE].changed(part, field, st.session_state[key]))
    except SettingError as error:
        st.session_state[_REFUSED] = str(error)


def _densities(state: SweepState) -> None:
    # What cannot be read stays in the box, with what is wrong, until it is mended.
    good = write_densities(state.training.densities)
    draft, instead_of = st.session_state.get(_DRAFT, (good, good))
    if instead_of != good:
        draft = good
        del st.session_state[_DRAFT]
    st.session_state[_DENSITIES] = draft
    st.text_input(
        "Densities 1 − S",
        help=f"How often a feature is not zero: {DENSITIES_ALLOWED}.",
        key=_DENSITIES,
        on_change=_densities_changed,
    )
    if _DRAFT in st.session_state:
        st.error(f"Densities must be {DENSITIES_ALLOWED}. The panels show the last good list.")


def _densities_changed() -> None:
    text, old = st.session_state[_DENSITIES], st.session_state[STATE]
    try:
        remember(old.changed("training", "densities", parse_densities(text)))
    except SettingError:
        st.session_state[_DRAFT] = (text, write_densities(old.training.densities))
    else:
        st.session_state.pop(_DRAFT, None)


def _reset() -> None:
    st.session_state.pop(_DRAFT, None)
    remember(SweepState())
