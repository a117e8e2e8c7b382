"""The sweep's controls: widgets that show the state, and write it back into the link."""

from __future__ import annotations

import streamlit as st

from pages.shared.recipes import PRESETS
from pages.shared.widget_values import reported, show_value
from pages.shared.widgets import task_inputs, threshold_inputs
from pages.sweep.state import (
    DENSITIES_ALLOWED,
    SWEEP_STATE,
    SweepState,
    parse_densities,
    write_densities,
)
from toymodel.config import MAX_SEED
from toymodel.settings import SettingError

_DRAFT = "sweep.densities.draft"
_DENSITIES = "sweep.p"


def controls(state: SweepState) -> None:
    """Draw every control; each change becomes the page's state at once."""
    SWEEP_STATE.show_refused()
    bound = SWEEP_STATE.bound
    base, view, thresholds = state.base, state.view, state.thresholds
    st.header("Models")
    task_inputs(SWEEP_STATE, "base", base)
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
        format_func=PRESETS.__getitem__,
        **SWEEP_STATE.bound_option("training", "preset", state.training.preset, list(PRESETS)),
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
            label,
            choices,
            required=True,
            **SWEEP_STATE.bound("view", field, getattr(view, field), by="default"),
        )
    threshold_inputs(SWEEP_STATE, thresholds)
    st.button("Back to the paper's setting", on_click=_reset, width="stretch")


def _densities(state: SweepState) -> None:
    # What cannot be read stays in the box, with what is wrong, until it is mended.
    good = write_densities(state.training.densities)
    draft, instead_of = st.session_state.get(_DRAFT, (good, good))
    if instead_of != good:
        draft = good
        del st.session_state[_DRAFT]
    show_value(_DENSITIES, draft)
    st.text_input(
        "Densities 1 − S",
        draft,
        help=f"How often a feature is not zero: {DENSITIES_ALLOWED}.",
        key=_DENSITIES,
        on_change=_densities_changed,
    )
    if _DRAFT in st.session_state:
        st.error(f"Densities must be {DENSITIES_ALLOWED}. The panels show the last good list.")


def _densities_changed() -> None:
    text, old = reported(_DENSITIES), SWEEP_STATE.left()
    if text is None:
        return
    try:
        SWEEP_STATE.remember(old.changed("training", "densities", parse_densities(text)))
    except SettingError:
        st.session_state[_DRAFT] = (text, write_densities(old.training.densities))
    else:
        st.session_state.pop(_DRAFT, None)


def _reset() -> None:
    st.session_state.pop(_DRAFT, None)
    SWEEP_STATE.remember(SweepState())
