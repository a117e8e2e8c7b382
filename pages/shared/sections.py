"""Sections of a page that are drawn when they are opened, each without the rest of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pages.shared.chart import going
from pages.shared.page_session import PageSession, watched

Draw = Callable[[], None]
"""Draws a section from the page's state as it is then, which a closure over the state is not."""


def tabs(
    page: PageSession[Any],
    parameter: str,
    sections: Mapping[str, tuple[str, Draw]],
    *,
    own: frozenset[str] = frozenset(),
) -> None:
    """Draw tabs, and the content of the open one alone.

    A control inside redraws the tabs alone, unless it changes what the rest of the page shows.

    Args:
        page: whose state says which tab is open.
        parameter: the setting with the open tab.
        sections: by the setting's value, the tab's name and what draws its content. If the setting
            is none of them, the first one is open.
        own: parameters of the page's state that only these sections show.
    """
    own |= {parameter}
    _tabs(page, parameter, sections, own, _rest(page, own))


@st.fragment
def _tabs(
    page: PageSession[Any],
    parameter: str,
    sections: Mapping[str, tuple[str, Draw]],
    own: frozenset[str],
    rest: dict[str, str],
) -> None:
    if going() or _rest(page, own) != rest:
        st.rerun()
    names = {key: name for key, (name, _) in sections.items()}
    keys = {name: key for key, name in names.items()}
    shown = page.state.value(parameter)
    shown = shown if shown in names else next(iter(names))
    drawn = st.tabs(
        list(names.values()),
        default=names[shown],
        **watched(
            f"{page.name}.{parameter}",
            names[shown],
            lambda name: page.change(**{parameter: keys[name]}),
        ),
    )
    for key, tab in zip(names, drawn, strict=True):
        if key == shown:
            with tab:
                sections[key][1]()


def expander(
    page: PageSession[Any],
    parameter: str,
    key: str,
    label: str,
    draw: Draw,
    *,
    own: frozenset[str] = frozenset(),
) -> None:
    """Draw an expander, and its content when it is open.

    Args:
        page: whose state says which expanders are open.
        parameter: the setting with the keys of the open ones, a tuple.
        key: of this one.
        label: what it says.
        draw: draws its content.
        own: parameters of the page's state that only this section shows.
    """
    own |= {parameter}
    _expander(page, parameter, key, label, draw, own, _rest(page, own))


@st.fragment
def _expander(
    page: PageSession[Any],
    parameter: str,
    key: str,
    label: str,
    draw: Draw,
    own: frozenset[str],
    rest: dict[str, str],
) -> None:
    if going() or _rest(page, own) != rest:
        st.rerun()
    is_open = key in page.state.value(parameter)

    def turn(to_open: bool) -> None:
        others = tuple(each for each in page.state.value(parameter) if each != key)
        page.change(**{parameter: (*others, key) if to_open else others})

    with st.expander(
        label,
        expanded=is_open,
        **watched(f"{page.name}.{parameter}.{key}", is_open, turn),
    ):
        if is_open:
            draw()


def _rest(page: PageSession[Any], own: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in page.state.link.items() if name not in own}
