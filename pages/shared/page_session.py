"""A page's state in a visitor's session: read from the link, changed by widgets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import urlencode

import streamlit as st
from pydantic.fields import FieldInfo
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.link_state import LinkState
from pages.shared.messages import plain
from toymodel.settings import SettingError

S = TypeVar("S", bound=LinkState)

_PAGE = "page"
_ARRIVED = "page.arrived"
_LINK = "page.link"


def note_page(path: str) -> None:
    """Note which page this run of the app shows; a page reads its link when the visitor arrives."""
    st.session_state[_LINK] = None
    if current_page() != path:
        st.session_state[_PAGE] = path
        # It stays until the page has read its link, because a run may end before that.
        st.session_state[_ARRIVED] = True


def current_page() -> str | None:
    """The path of the page that this run of the app shows."""
    return st.session_state.get(_PAGE)


def complete_link() -> None:
    """Write the page's whole link into the address, without a step in the browser's history."""
    if link := st.session_state.get(_LINK):
        # In a script, "<" could end it. The browser may show another page by now.
        address, path = (
            json.dumps(text).replace("<", "\\u003c")
            for text in (f"?{urlencode(link)}", f"/{current_page()}")
        )
        script = (
            f"if (location.pathname.endsWith({path})) "
            f"history.replaceState(history.state, '', {address} + location.hash)"
        )
        st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


class PageSession(Generic[S]):
    """The state that one visitor has on a page.

    The link says what the state is when the visitor comes to the page: from another page, by the
    address, by Back and Forward, or by a link on the page itself. In between the session has the
    state, and the link follows it, because a browser sends requests with an older link until it
    has heard of the newer one.

    Args:
        name: of the page; pages that share a state share its name.
        state: the class of the state.
    """

    def __init__(self, name: str, state: type[S]) -> None:
        self.name = name
        self._type = state

    @property
    def state(self) -> S:
        """This visitor's state; the default one at first."""
        return st.session_state.get(f"{self.name}.state") or self._type()

    def parameter(self, name: str) -> FieldInfo:
        """The declaration of the setting of this parameter: its label, description and range."""
        return self._type.parameters()[name].info

    def open(self) -> tuple[S, list[str]]:
        """Read the link if the visitor followed one, and correct it.

        Returns:
            The state to show, and what was wrong with the link, in words, until the state changes.
        """
        link = {name: st.query_params.get_all(name) for name in st.query_params}
        text = _text(st.query_params.to_dict())
        if link and self._asks(text):
            state, problems = self._type.from_link(link)
            st.session_state[f"{self.name}.problems"] = (state, problems)
        else:
            state = self.state
        st.session_state[_ARRIVED] = False
        self.settle(state)
        said = st.session_state.get(f"{self.name}.problems", (None, []))
        return state, said[1] if said[0] == state else []

    def correct(self, state: S, problem: str) -> list[str]:
        """Show another state than the link's, because of what the page alone could know.

        Args:
            state: the one to show.
            problem: what was wrong with the link, in words.

        Returns:
            All that was wrong with it, as `open` gives it until the state changes.
        """
        said, problems = st.session_state.get(f"{self.name}.problems", (None, []))
        every = [*(problems if said == self.state else []), problem]
        st.session_state[f"{self.name}.problems"] = (state, every)
        self.show(state)
        return every

    def _asks(self, text: str) -> bool:
        # Links that a page has written have a version; links to the page that they stand on have
        # none. So a request with such a link is a click, and any other repeats what was written.
        context = get_script_run_ctx()
        back = bool(context and context.is_history_navigation)
        asked = f"{self.name}.asked"
        clicked = "v" not in st.query_params and st.session_state.get(asked) != text
        if "v" not in st.query_params:
            st.session_state[asked] = text
        return bool(st.session_state.get(_ARRIVED, True)) or back or clicked

    def settle(self, state: S) -> None:
        """Make this the page's state where nobody changed anything: no step in the history."""
        st.session_state[f"{self.name}.state"] = state
        st.session_state[_LINK] = state.link

    def show(self, state: S) -> None:
        """Make this the page's state because somebody changed it: a step in the history."""
        if state.link != self.state.link:
            st.query_params.from_dict(state.link)
        self.settle(state)

    def change(self, **values: object) -> None:
        """Change some settings, named by their parameters; the page says why one is refused."""
        try:
            self.show(self.state.changed(**values))
        except SettingError as error:
            st.session_state[f"{self.name}.refused"] = str(error)

    def show_refused(self) -> None:
        """Say why the last change of a widget was refused."""
        if refused := st.session_state.pop(f"{self.name}.refused", None):
            st.error(plain(refused))

    @contextmanager
    def showing(self, state: S) -> Iterator[None]:
        """Have this as the page's state inside, for what draws from it; the link is as before."""
        key = f"{self.name}.state"
        own = self.state
        st.session_state[key] = state
        try:
            yield
        finally:
            st.session_state[key] = own

    def bound(
        self,
        name: str,
        *,
        value: Any = None,
        read: Callable[[Any], object] = lambda value: value,
        by: Literal["value", "default"] = "value",
    ) -> dict[str, Any]:
        """The arguments with which a widget shows a setting and changes it.

        Args:
            name: the setting's parameter.
            value: what the widget shows; the setting unless given.
            read: from what the widget reports to the setting.
            by: the argument that tells the widget its value.
        """
        value = self.state.value(name) if value is None else value
        return {by: value, **self._watched(name, value, read)}

    def bound_option(
        self,
        name: str,
        options: Sequence[Any],
        *,
        value: Any = None,
        read: Callable[[Any], object] = lambda value: value,
    ) -> dict[str, Any]:
        """The arguments with which a widget shows one of some options and changes the setting.

        Args:
            name: the setting's parameter.
            options: what can be chosen.
            value: the option that is shown; the setting unless given.
            read: from the option to the setting.
        """
        value = self.state.value(name) if value is None else value
        return {
            "options": options,
            "index": options.index(value),
            **self._watched(name, value, read),
        }

    def _watched(self, name: str, value: Any, read: Callable[[Any], object]) -> dict[str, Any]:
        return watched(
            f"{self.name}.{name}", value, lambda chosen: self.change(**{name: read(chosen)})
        )


def watched(slot: str, value: Any, on_change: Callable[[Any], None]) -> dict[str, Any]:
    """The key and the callback of a widget that shows a value.

    When the page sets another value than the person did, the widget gets a new key. A report of
    the old widget that is still on its way belongs to a widget that is no longer there.

    Args:
        slot: what tells the widget from others.
        value: what it shows.
        on_change: is called with what a person changed it to.
    """
    held = f"widget.{slot}"
    revision, shown = st.session_state.get(held, (0, value))
    if shown != value:
        revision += 1
    st.session_state[held] = (revision, value)
    key = f"{slot}.{revision}"

    def report() -> None:
        now, shown = st.session_state[held]
        reported = st.session_state.get(key, shown)
        # Streamlit also calls this when a widget appears or disappears.
        if now == revision and reported != shown:
            st.session_state[held] = (revision, reported)
            on_change(reported)

    return {"key": key, "on_change": report}


def _text(link: dict[str, str]) -> str:
    return urlencode(sorted(link.items()))
