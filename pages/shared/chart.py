"""Charts on a page, and clicks on their neurons and features."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.shared.explorer.state import EXPLORER_PAGES, ExplorerState
from pages.shared.model_choice import Choice
from pages.shared.resources import colours
from toymodel.charts.chart import Chart
from toymodel.charts.look import legible

_GO = "clicks.go"


def draw(
    chart: Chart,
    key: str,
    *,
    alt: str | None = None,
    selection: str | None = None,
    on_select: Callable[[], None] | None = None,
) -> None:
    """Draw a chart over the full width of its container.

    Args:
        chart: the chart.
        key: of the element.
        alt: text for screen readers; the chart's description unless given.
        selection: the name of the chart's selection that a click sets.
        on_select: called after a click.
    """
    spec = legible(chart.to_vega_lite(), colours())
    more: dict[str, Any] = {}
    if alt:
        spec = {name: value for name, value in spec.items() if name != "description"}
        more["alt"] = alt
    if on_select:
        more |= {"on_select": on_select, "selection_mode": selection}
    st.vega_lite_chart(spec=spec, width="stretch", key=key, **more)


def clicked(key: str, selection: str, field: str) -> int | None:
    """The number that a click in a chart selected; None if it selected nothing.

    Args:
        key: of the chart's element.
        selection: the name of the chart's selection.
        field: the selection's field with the number."""
    chosen = st.session_state[key]["selection"].get(selection, [])
    value = chosen[0].get(field) if chosen else None
    return None if value is None else int(value)


def opens_neuron(
    key: str, selection: str, choice: Choice, restart: int | None = None
) -> Callable[[], None]:
    """A chart's `on_select` that opens the page of the clicked neuron.

    Args:
        key: of the chart's element.
        selection: the name of the chart's selection.
        choice: the model.
        restart: of the model; None for the one with the lowest loss."""

    def open_it() -> None:
        neuron = clicked(key, selection, "neuron")
        if neuron is not None:
            open_page("neurons", explore_state(choice, restart).changed(neuron=neuron))

    return open_it


def shows(
    key: str, selection: str, field: str, what: str, *, path: str = "", **also: object
) -> Callable[[], None]:
    """An explorer chart's `on_select` that shows the clicked neuron or feature.

    Args:
        key: of the chart's element.
        selection: the name of the chart's selection.
        field: the selection's field with the number.
        what: "neuron" or "feature".
        path: of the page that shows it, if it is another page.
        also: other settings that the click changes.
    """

    def show() -> None:
        number = clicked(key, selection, field)
        if number is None:
            return
        state = EXPLORER_PAGES.state.changed(**{what: number}, **also)
        if path:
            open_page(path, state)
        else:
            EXPLORER_PAGES.show(state)

    return show


def explore_state(choice: Choice, restart: int | None = None) -> ExplorerState:
    """The explorers' state for a model; as the visitor left it, if it shows this model."""
    left = EXPLORER_PAGES.state
    same = (left.choice, left.restart) == (choice, restart)
    return left if same else left.showing(choice, restart)


def open_page(path: str, state: ExplorerState) -> None:
    """Open one of the explorers in some state, when the app runs next."""
    st.session_state[_GO] = (path, state)


def going() -> bool:
    """Whether a click opens another page; a fragment must rerun the app for that."""
    return _GO in st.session_state


def where_to() -> tuple[str, dict[str, str]] | None:
    """The path and the link of the page that a click opens; given once."""
    asked = st.session_state.pop(_GO, None)
    return asked and (asked[0], asked[1].link)
