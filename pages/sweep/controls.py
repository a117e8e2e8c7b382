"""The controls of the sweep."""

from __future__ import annotations

import streamlit as st

from pages.shared.link_state import read, write
from pages.shared.page_session import watched
from pages.shared.training.live import live_toggle
from pages.shared.widgets import number_box, preset_box, segments, task_inputs, threshold_inputs
from pages.sweep.state import SWEEP_PAGE, SweepState
from toymodel.settings import SettingError

_DRAFT = "sweep.densities.draft"


def controls(state: SweepState) -> None:
    """Draw the controls."""
    SWEEP_PAGE.show_refused()
    live_toggle()
    st.header("Models")
    task_inputs(SWEEP_PAGE)
    left, right = st.columns(2)
    for name, cell in (("n", left), ("m", right), ("d", left), ("seed", right)):
        number_box(SWEEP_PAGE, name, cell)
    _densities(state)
    preset_box(SWEEP_PAGE)
    number_box(SWEEP_PAGE, "restarts")
    st.header("View")
    for name in ("weights", "heights", "colour"):
        segments(SWEEP_PAGE, name)
    threshold_inputs(SWEEP_PAGE)
    st.button("Back to the paper's setting", on_click=_reset, width="stretch")


def _densities(state: SweepState) -> None:
    # Text that is not a list of densities stays in the box with a message until it is corrected.
    good, info = write(state.densities), SWEEP_PAGE.parameter("p")
    draft, instead_of = st.session_state.get(_DRAFT, (good, good))
    if instead_of != good:
        draft = good
        del st.session_state[_DRAFT]
    allowed = SweepState.allowed("densities")
    st.text_input(
        str(info.title),
        draft,
        help=f"{info.description} {allowed.capitalize()}.",
        **watched("sweep.p", draft, _densities_changed),
    )
    if _DRAFT in st.session_state:
        st.error(f"Densities must be {allowed}. The panels show the last good list.")


def _densities_changed(text: str) -> None:
    old = SWEEP_PAGE.state
    try:
        SWEEP_PAGE.show(old.changed(p=read(text, SWEEP_PAGE.parameter("p"))))
    except SettingError:
        st.session_state[_DRAFT] = (text, write(old.densities))
    else:
        st.session_state.pop(_DRAFT, None)


def _reset() -> None:
    st.session_state.pop(_DRAFT, None)
    SWEEP_PAGE.show(SweepState())
