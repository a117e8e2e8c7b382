"""Charts on a page, and clicks on their neurons and features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.shared.explorer_state import EXPLORER_PAGES, ExplorerState
from pages.shared.model_choice import Choice
from toymodel.charts.chart import Chart

_GO = "clicks.go"


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


def clicked(key: str, selection: str, field: str) -> int | None:
    """The number that was clicked in the chart of this key; None where the click chose nothing."""
    chosen = st.session_state[key]["selection"].get(selection, [])
    value = chosen[0].get(field) if chosen else None
    return None if value is None else int(value)


def opens_neuron(
    key: str, selection: str, choice: Choice, restart: int | None = None
) -> Callable[[], None]:
    """What a chart of a model does when a neuron is clicked: its page opens."""

    def open_it() -> None:
        neuron = clicked(key, selection, "neuron")
        if neuron is not None:
            _go("neurons", explore_state(choice, restart).changed(neuron=neuron))

    return open_it


def shows(key: str, selection: str, field: str, what: str, *, path: str = "") -> Callable[[], None]:
    """What a chart of an explorer does when a thing is clicked: it is looked at.

    field: of the selection, with the thing's number. what: "neuron" or "feature". path: of the
    page that shows it, if that is another one.
    """

    def show() -> None:
        number = clicked(key, selection, field)
        if number is None:
            return
        state = EXPLORER_PAGES.state.changed(**{what: number})
        if path:
            _go(path, state)
        else:
            EXPLORER_PAGES.show(state)

    return show


def explore_state(choice: Choice, restart: int | None = None) -> ExplorerState:
    """The state of the explorers for a model: as the visitor left them, if it is the same one."""
    left = EXPLORER_PAGES.state
    same = (left.choice, left.restart) == (choice, restart)
    return left if same else left.showing(choice, restart)


def _go(path: str, state: ExplorerState) -> None:
    st.session_state[_GO] = (path, state)


def going() -> bool:
    """Whether a click asked for a page; a fragment cannot go there by itself."""
    return _GO in st.session_state


def where_to() -> tuple[str, dict[str, str]] | None:
    """The page's path and link that a click asked for, once."""
    asked = st.session_state.pop(_GO, None)
    return asked and (asked[0], asked[1].link)
