"""What the weights do that neither absolute value nor the motif explains."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.motif.state import MotifState
from pages.shared.cached_analysis import LEAST_SHIFT, shifts_of
from pages.shared.shown import Shown
from toymodel.analysis.decomposition import Shift
from toymodel.charts.motif.tables import shift_table
from toymodel.text import count

_MOST_LISTED = 50


def draw_rest(state: MotifState, shown: Shown) -> None:
    """The shifts of the outputs that the rest makes, in words and as a table."""
    shifts = shifts_of(shown.name, shown, state.thresholds)
    table = shift_table(shifts)
    st.header("The rest")
    if table.empty:
        st.markdown(
            "The other weights do next to nothing: no feature alone moves an output by "
            f"{LEAST_SHIFT} or more through them."
        )
        return
    words = " ".join(
        f"**{name}**: {_told(of_kind)}"
        for own, name in _KINDS
        if (of_kind := [shift for shift in shifts if (shift.output == shift.feature) == own])
    )
    st.markdown(
        "The paper believes the weights that are left in its network to be small conditional "
        "biases. Here, with them and without, one feature present at a time: shifts of an output, "
        f"before its ReLU, of {LEAST_SHIFT} and more. {words}"
    )
    most = f"The {_MOST_LISTED} largest shifts" if len(table) > _MOST_LISTED else "Every shift"
    with st.expander(f"{most} in numbers"):
        st.dataframe(
            table.head(_MOST_LISTED).assign(feature=lambda f: [f"f{i}" for i in f["feature"]])[
                ["feature", "side", "output", "amount", "effect"]
            ],
            hide_index=True,
            height=260,
            alt="Shifts of outputs by the weights without another role",
            column_config={
                "feature": st.column_config.TextColumn("present"),
                "side": st.column_config.TextColumn("its value"),
                "output": st.column_config.NumberColumn("output moved"),
                "amount": st.column_config.NumberColumn(
                    "by", format="%+.3f", help="At the end of its range, before the output's ReLU."
                ),
                "effect": st.column_config.TextColumn(
                    "for the error", help="Whether the output errs less with it, or more."
                ),
            },
        )


def _told(shifts: Sequence[Shift]) -> str:
    top = shifts[0]
    where = "its own output" if top.output == top.feature else f"output {top.output}"
    side = "above 0" if top.side > 0 else "below 0"
    effects = [shift.effect for shift in shifts]
    return (
        f"{count(len(shifts), 'shift')}, of which {effects.count('helps')} bring the output "
        f"nearer to its target, {effects.count('hurts')} further away, and "
        f"{effects.count('none')} change nothing, as the ReLU cuts the output off anyway. The "
        f"largest: f{top.feature} {side} moves {where} by {top.amount:+.2f}.".replace("-", "−")
    )


_KINDS = (
    (True, "Compensation of what a feature's own neurons answer too much or too little"),
    (False, "Conditional shifts, one feature's presence moving another's output"),
)
