"""The controls for weights from elsewhere: what they are measured on, and which array is which."""

from __future__ import annotations

import streamlit as st

from pages.own.file import OwnFile, forget
from pages.own.state import OWN_STATE, OwnState
from pages.shared.messages import plain
from pages.shared.task_words import TASK_NAMES
from pages.shared.widgets import decay_input, density_input, threshold_inputs

_NONE = ""


def controls(state: OwnState) -> None:
    """What the network should compute, on which inputs, and where the classes end."""
    OWN_STATE.show_refused()
    st.header("Measured on")
    st.selectbox(
        "Task",
        format_func=TASK_NAMES.__getitem__,
        help="What every output should be.",
        **OWN_STATE.bound_option("config", "task", state.config.task, list(TASK_NAMES)),
    )
    left, right = st.columns(2)
    density_input(left, OWN_STATE, state.config)
    decay_input(right, OWN_STATE, state.config)
    threshold_inputs(OWN_STATE, state.thresholds)


def draw_assignment(state: OwnState, file: OwnFile) -> None:
    """Which array is which, as guessed, to be changed by hand."""
    left, right = st.columns([8, 2], vertical_alignment="center")
    sizes = ", ".join(f"{name} {array.shape}" for name, array in file.arrays.items())
    left.markdown(f"**{plain(file.name)}** holds {plain(sizes)}")
    right.button("Forget this file", on_click=forget, width="stretch")
    matrices = [name for name, array in file.arrays.items() if array.ndim == 2]
    vectors = [_NONE, *(name for name, array in file.arrays.items() if array.ndim == 1)]
    cells = st.columns(4)
    for cell, (role, label, options) in zip(
        cells,
        (
            ("W1", "W₁ (neuron, feature)", matrices),
            ("W2", "W₂ (feature, neuron)", matrices),
            ("b", "Output biases", vectors),
            ("b_hidden", "Hidden biases", vectors),
        ),
        strict=True,
    ):
        chosen = getattr(state.assignment, role) or _NONE
        cell.selectbox(
            label,
            format_func=lambda name: name or "zeros",
            **OWN_STATE.bound_option(
                "assignment",
                role,
                chosen,
                options if chosen in options else [chosen, *options],
                lambda name: name or None,
            ),
        )
    for cell, role, says in (
        (cells[0], "W1_transposed", "(feature, neuron)"),
        (cells[1], "W2_transposed", "(neuron, feature)"),
    ):
        cell.checkbox(
            "Stored transposed",
            help=f"The file has it as {says}. Shapes alone cannot tell neurons from features.",
            **OWN_STATE.bound("assignment", role, getattr(state.assignment, role)),
        )
