"""Controls and words that several pages have."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.shared.page_state import PageState
from toymodel.polysemanticity import Thresholds

ODD = (
    " With an odd number of neurons one is left over and can compute one side of one more feature: "
    "that alone gives a gain above 1."
)
"""What to bear in mind of gains above 1 where m is odd."""


def threshold_inputs(page: PageState[Any], thresholds: Thresholds) -> None:
    """Where the classes of neurons end."""
    with st.expander("Where the classes end"):
        st.number_input(
            "Monosemantic: second largest weight below",
            0.0,
            1.0,
            step=0.01,
            format="%.3g",
            help="Relative to the neuron's largest input weight; usually 0.05.",
            **page.bound("thresholds", "second_weight", thresholds.second_weight),
        )
        st.number_input(
            "Slightly polysemantic: extra weight below",
            0.0,
            100.0,
            step=0.1,
            format="%.3g",
            help="The height of the stack above its first block; usually 1.",
            **page.bound("thresholds", "extra_weight", thresholds.extra_weight),
        )
