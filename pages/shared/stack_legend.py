"""What columns, blocks and colours of a stack plot mean."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from pages.shared.chart import draw
from pages.shared.resources import colours
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.charts.colour_bar import colour_bar


def stack_legend(
    weight: str,
    height: str,
    colour: Literal["superposition", "feature"],
    n_features: int,
    hint: str = "",
) -> None:
    """The legend in words, the classes as chips, and the colours as a bar."""
    left, right = st.columns([7, 3], vertical_alignment="center")
    left.markdown(
        "One column is one neuron, sorted by the importance of its largest feature. One block is "
        f"one {weight}, {height}, the largest at the bottom; grey on top: the weights too small to "
        f"draw, together. {hint}The background is the neuron's class, by its input weights:"
    )
    theme = colours()
    chip = "display: inline-block; padding: 2px 8px; margin: 0 6px 4px 0; border-top: 3px solid"
    left.html(
        "".join(
            f'<span style="{chip} {theme.class_ink[name]}; color: {theme.class_ink[name]}; '
            f'background: {theme.class_background[name]}">{name}</span>'
            for name in CLASSES
        )
    )
    with right:
        draw(colour_bar(colour, n_features), f"legend-{colour}")
