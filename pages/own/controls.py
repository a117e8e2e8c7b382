"""The controls for uploaded weights: the task and inputs, and which array is which."""

from __future__ import annotations

import streamlit as st

from pages.own.file import OwnFile, forget
from pages.own.state import OWN_PAGE, OwnState
from pages.shared.messages import plain
from pages.shared.model_choice import ACTIVATION_NAMES, TASK_NAMES
from pages.shared.widgets import number_box, option_box, threshold_inputs

_NONE = ""


def controls(state: OwnState) -> None:
    """Draw the controls of the task, the density and the classes."""
    OWN_PAGE.show_refused()
    st.header("Measured on")
    option_box(OWN_PAGE, "task", names=TASK_NAMES)
    option_box(OWN_PAGE, "activation", names=ACTIVATION_NAMES)
    left, right = st.columns(2)
    number_box(OWN_PAGE, "p", left)
    number_box(OWN_PAGE, "d", right)
    threshold_inputs(OWN_PAGE)


def draw_assignment(state: OwnState, file: OwnFile) -> None:
    """Draw the boxes that say which array is which; they start with a guess."""
    left, right = st.columns([8, 2], vertical_alignment="center")
    sizes = ", ".join(f"{name} {array.shape}" for name, array in file.arrays.items())
    left.markdown(f"**{plain(file.name)}** holds {plain(sizes)}")
    right.button("Forget this file", on_click=forget, width="stretch")
    arrays = file.of(state.instance)
    if file.instances:
        number_box(
            OWN_PAGE,
            "instance",
            st.columns(4)[0],
            limits=(0, file.instances - 1),
            help="The file holds several networks, side by side along the first axis of its "
            f"arrays: 0 to {file.instances - 1:,}.",
        )
    matrices = [name for name, array in arrays.items() if array.ndim == 2]
    vectors = [_NONE, *(name for name, array in arrays.items() if array.ndim == 1)]
    cells = st.columns(4)
    of_role = {"w1": matrices, "w2": matrices, "b": vectors, "bh": vectors}
    for cell, (role, names) in zip(cells, of_role.items(), strict=True):
        chosen = state.value(role) or _NONE
        options = names if chosen in names else [chosen, *names]
        option_box(
            OWN_PAGE,
            role,
            cell,
            names={name: name or "zeros" for name in options},
            value=chosen,
            read=lambda name: name or None,
        )
    for cell, role, stored in (
        (cells[0], "w1t", "(feature, neuron)"),
        (cells[1], "w2t", "(neuron, feature)"),
    ):
        cell.checkbox(
            str(OWN_PAGE.parameter(role).title),
            help=f"The file has it as {stored}. Shapes alone cannot tell neurons from features.",
            **OWN_PAGE.bound(role),
        )
