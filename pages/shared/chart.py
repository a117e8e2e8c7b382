"""Putting a chart on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from toymodel.charts.chart import Chart


def draw(
    chart: Chart,
    key: str,
    *,
    alt: str | None = None,
    selection: str | None = None,
    on_select: Callable[[], None] | None = None,
) -> None:
    """Draw a chart as wide as its place.

    Args:
        chart: the chart.
        key: of the element.
        alt: for those who cannot see it, where there is more to say than the chart's description.
        selection: the parameter that a click sets.
        on_select: called then.
    """
    spec = chart.to_vega_lite()
    more: dict[str, Any] = {}
    if alt:
        spec = {name: value for name, value in spec.items() if name != "description"}
        more["alt"] = alt
    if on_select:
        more |= {"on_select": on_select, "selection_mode": selection}
    st.vega_lite_chart(spec=spec, width="stretch", key=key, **more)
