"""Sections of a page: drawn when they are opened, without the rest, and scrolled to by a click."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pages.shared.chart import going
from pages.shared.page_session import PageSession, watched

Draw = Callable[[], None]
"""Draws a section from the page's state as it is then, which a closure over the state is not."""

_ASKED = "scroll.asked"
_COUNT = "scroll.count"

# Once more when charts have their heights, and the place is where it stays.
_SCRIPT = """
(() => {{
  const show = () => {{
    const place = document.querySelector(".st-key-{key}");
    if (!place) return;
    const top = place.getBoundingClientRect().top;
    if (top > 60 && top < 0.6 * innerHeight) return;
    place.style.scrollMarginTop = "4rem";
    place.scrollIntoView();
  }};
  show();
  setTimeout(show, 400);
}})(); // {count}
"""


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


def bring_into_view(key: str) -> None:
    """In a callback: scroll to a place when it is drawn next.

    Args:
        key: of the container that is the place.
    """
    st.session_state[_ASKED] = key


def place(key: str) -> None:
    """Mark a place to which a click elsewhere can scroll.

    Args:
        key: of the place.
    """
    with st.container(key=key):
        if st.session_state.get(_ASKED) != key:
            return
        del st.session_state[_ASKED]
        # A browser runs a script that it has run already only if its text is another one.
        count = st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
        st.html(
            f"<script>{_SCRIPT.format(key=key, count=count)}</script>",
            unsafe_allow_javascript=True,
        )
