"""What the weights do that neither absolute value nor the motif explains."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.motif.effects import SIDES
from pages.motif.state import MotifState
from pages.shared.cached_analysis import MIN_SHIFT, shifts_of
from pages.shared.models import Shown
from toymodel.analysis.decomposition import Shift

_MAX_LISTED = 50


def draw_rest(state: MotifState, shown: Shown) -> None:
    """Draw the shifts of the outputs that the remaining weights cause."""
    shifts = shifts_of(shown.name, shown, state.thresholds)
    st.header("The rest")
    st.markdown(
        "The paper believes that the weights left over in its network are small conditional "
        "biases. Here the network is compared with and without them, one feature present at a "
        f"time. Shifts of an output, before its ReLU, of {MIN_SHIFT} or more:"
    )
    if not shifts:
        st.markdown("The other weights shift no output by that much.")
        return
    st.dataframe(
        shift_summary(shifts), hide_index=True, alt="Shifts of outputs by kind and by their effect"
    )
    st.caption(
        "A shift of its own output compensates what a feature's own neurons answer too much or too "
        "little; a shift of another output is conditional on the feature. *Nearer* and *further*: "
        "the output's error becomes smaller or larger. *No change*: the ReLU cuts the output off "
        "anyway."
    )
    with st.expander(f"The largest shifts in numbers, up to {_MAX_LISTED}"):
        st.dataframe(
            shift_table(shifts[:_MAX_LISTED]),
            hide_index=True,
            height=260,
            alt="Shifts of outputs by the weights without another role",
            column_config={
                "by": st.column_config.NumberColumn(
                    "by", format="%+.3f", help="At the end of its range, before the output's ReLU."
                ),
                "for the error": st.column_config.TextColumn(
                    "for the error",
                    help="Whether the output's error is smaller with it, or larger.",
                ),
            },
        )


def shift_summary(shifts: Sequence[Shift]) -> pd.DataFrame:
    """Shifts by whether they move the feature's own output.

    Args:
        shifts: the largest first.

    Returns:
        One row a kind that there is. Columns: output, shifts, nearer, further, no change (how
        many), largest (which).
    """
    rows = []
    for own, name in ((True, "the feature's own"), (False, "another feature's")):
        of_kind = [shift for shift in shifts if (shift.output == shift.feature) == own]
        if not of_kind:
            continue
        effects = [shift.effect for shift in of_kind]
        top = of_kind[0]
        rows.append(
            {
                "output": name,
                "shifts": len(of_kind),
                "nearer": effects.count("helps"),
                "further": effects.count("hurts"),
                "no change": effects.count("none"),
                "largest": f"f{top.feature} {SIDES[top.side]}, output {top.output}: "
                f"{top.amount:+.2f}".replace("-", "−"),
            }
        )
    return pd.DataFrame(rows)


def shift_table(shifts: Sequence[Shift]) -> pd.DataFrame:
    """Every shift as a row. Columns: present, its value, output moved, by, for the error."""
    return pd.DataFrame(
        [
            {
                "present": f"f{shift.feature}",
                "its value": SIDES[shift.side],
                "output moved": shift.output,
                "by": shift.amount,
                "for the error": shift.effect,
            }
            for shift in shifts
        ]
    )
