"""Strips on a page: one chart of low stack plots, with a heading in front of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import streamlit as st

from toymodel.charts.sweep.strips import PITCH


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
                    horizontal_alignment="distribute",
                ):
                    st.markdown(text, width="content")
                    if draw_control:
                        draw_control()
