"""What the colours of blocks and the classes of neurons mean, in words beside their colours."""

from __future__ import annotations

import streamlit as st

from pages.shared.resources import colours
from toymodel.analysis.polysemanticity import CLASSES, Thresholds
from toymodel.text import percent

_VIRIDIS = "linear-gradient(90deg, #440154, #3b528b, #21918c, #5ec962, #fde725)"
_BAR = f"height: 10px; max-width: 300px; border-radius: 2px; background: {_VIRIDIS}"
_CHIP = "display: inline-block; padding: 0 6px; border-top: 3px solid"


def superposition_meaning() -> None:
    """Draw the colours of superposition with what their ends mean."""
    st.html(
        f'<div style="{_BAR}"></div><div style="font-size: 14px">Purple: the feature has neurons '
        "to itself; yellow: it shares them. Grey: weights too small to draw, together.</div>"
    )


def class_meanings(thresholds: Thresholds) -> None:
    """Draw each class of neurons in its colours, with its definition."""
    theme, extra = colours(), thresholds.extra_weight
    below = percent(thresholds.second_weight).replace(" ", "\N{NO-BREAK SPACE}")
    largest = "the largest" if extra == 1 else f"{extra:g} times the largest"
    meanings = (
        f"every other weight below {below} of the largest",
        f"all others together below {largest}",
        "more than that",
    )
    lines = (
        f'<div style="font-size: 14px; margin-top: 6px"><span style="{_CHIP} '
        f"{theme.class_ink[name]}; color: {theme.class_ink[name]}; "
        f'background: {theme.class_background[name]}">{name}</span> {meaning}</div>'
        for name, meaning in zip(CLASSES, meanings, strict=True)
    )
    st.html("".join(lines))
