"""Putting a drawing on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from toymodel.charts.drawing import Drawing


def draw(
    drawing: Drawing,
    key: str,
    *,
    alt: str | None = None,
    selection: str | None = None,
    on_select: Callable[[], None] | None = None,
) -> None:
    """The drawing, as wide as its place.

    alt: for those who cannot see it, where there is more to say than the drawing's description.
    selection: the parameter that a click sets; on_select is called then.
    """
    spec = drawing.spec
    more: dict[str, Any] = {}
    if alt:
        spec = {name: value for name, value in spec.items() if name != "description"}
        more["alt"] = alt
    if on_select:
        more |= {"on_select": on_select, "selection_mode": selection}
    st.vega_lite_chart(spec=spec, width="stretch", key=key, **more)
