"""What the weights do that neither absolute value nor the motif explains."""

from __future__ import annotations

import streamlit as st

from pages.shared.measured import shifts_of
from pages.shared.motif_state import MotifState
from pages.shared.shown import Shown
from pages.shared.watching import counted
from toymodel.motif_frames import shift_table

_NOTHING = 0.02  # smaller shifts of an output are not worth a word


def draw_rest(state: MotifState, shown: Shown) -> None:
    """The shifts of the outputs that the rest makes, in words and as a table."""
    shifts = shifts_of(shown.name, shown, state.thresholds)
    table = shift_table([shift for shift in shifts if abs(shift.amount) >= _NOTHING])
    st.header("The rest")
    if table.empty:
        st.markdown(
            f"The other weights do next to nothing: no feature alone moves an output by {_NOTHING} "
            "or more through them."
        )
        return
    own = table.loc[table["own"]]
    others = table.loc[~table["own"]]
    words: list[str] = []
    if len(own):
        top = own.iloc[0]
        words.append(
            f"**Compensation**: {counted(len(own), 'time')} they correct what a feature's own "
            f"neurons answer too much or too little: f{top['feature']} {top['side']} moves its own "
            f"output by {_signed(top['amount'])}."
        )
    if len(others):
        top = others.iloc[0]
        words.append(
            f"**In effect small conditional biases**: {counted(len(others), 'time')} the presence "
            f"of one feature shifts the output of another: f{top['feature']} {top['side']} moves "
            f"output {top['output']} by {_signed(top['amount'])}."
        )
    st.markdown(
        "The paper leaves a few weights unexplained, and believes them to be small conditional "
        "biases. Measured exactly, one feature present at a time, with these weights and without: "
        + " ".join(words)
    )
    with st.expander("Every shift in numbers"):
        st.dataframe(
            table.assign(
                feature=[f"f{i}" for i in table["feature"]],
                what=["compensation" if own else "conditional bias" for own in table["own"]],
            )[["feature", "side", "output", "amount", "what"]],
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
            },
        )


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
