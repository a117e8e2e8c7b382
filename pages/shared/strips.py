"""Strips on a page: one chart of low stack plots with headings, and what they mean in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import streamlit as st

from pages.shared.resources import colours
from toymodel.analysis.polysemanticity import CLASSES, Thresholds
from toymodel.charts.sweep.strips import PITCH
from toymodel.text import percent

_VIRIDIS = "linear-gradient(90deg, #440154, #3b528b, #21918c, #5ec962, #fde725)"
_BAR = f"height: 10px; max-width: 300px; border-radius: 2px; background: {_VIRIDIS}"
_CHIP = "display: inline-block; padding: 0 6px; border-top: 3px solid"


class Heading(NamedTuple):
    """The heading of a strip.

    Attributes:
        key: of its container.
        text: a line of Markdown.
        draw_control: draws what stands at its right end.
    """

    key: str
    text: str
    draw_control: Callable[[], None] | None = None


def draw_strips(draw_chart: Callable[[], None] | None, headings: Iterable[Heading]) -> None:
    """Draw the strips and their headings; the page's style lays the one over the other.

    Args:
        draw_chart: draws the `stack_strips`; None where no network has weights.
        headings: one a strip, from above.
    """
    with st.container(key="strips"):
        if draw_chart:
            draw_chart()
        with st.container(key="strip-headings", gap=None):
            for key, text, draw_control in headings:
                with st.container(
                    key=key,
                    height=PITCH,
                    border=False,
                    horizontal=True,
                    wrap=False,
                ):
                    st.markdown(text)
                    if draw_control:
                        draw_control()


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
