"""A page's state: in its link, in this visitor's session, and changed by widgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, Self, TypeVar
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared.widget_values import is_late, note_replaced, reported, show_value
from toymodel.settings import SettingError


class State(Protocol):
    """What a page's state can do."""

    @property
    def link(self) -> dict[str, str]:
        """The link's parameters."""
        ...

    def changed(self, part: str, field: str, value: object) -> Self:
        """This state with one field of one part changed; raises `SettingError`."""
        ...


S = TypeVar("S", bound=State)
_LINKS = "links"
_MOST_LINKS = 300


def _links() -> dict[str, str]:
    return st.session_state.setdefault(_LINKS, {})


def _text(link: Mapping[str, str]) -> str:
    return urlencode(sorted(link.items()))


@dataclass(frozen=True)
class PageState(Generic[S]):
    """Where a page's state is kept: the link is the truth, the session is for coming back.

    name: of the page. default: the state of the first visit. from_link: reads a link's parameters,
    and says what is wrong with them.
    """

    name: str
    default: S
    from_link: Callable[[Mapping[str, list[str]]], tuple[S, list[str]]]

    def current(self) -> tuple[S, list[str]]:
        """The link's state, or the one that this visitor left; and what is wrong with the link."""
        link = {name: st.query_params.get_all(name) for name in st.query_params}
        text = _text(st.query_params.to_dict())
        if _links().get(text, self.name) != self.name or self._is_late(text):
            link = {}
        state, problems = self.from_link(link) if link else (self.left(), [])
        self.remember(state)
        # The link is mended at once, but what was wrong with it stays until something changes.
        key = f"{self.name}.problems"
        if problems:
            st.session_state[key] = (state, problems)
        said = st.session_state.get(key, (None, []))
        return state, said[1] if said[0] == state else []

    def _is_late(self, link: str) -> bool:
        context = get_script_run_ctx()
        if context and context.is_history_navigation:
            return False
        return link != _text(self.left().link) and is_late(f"{self.name}.link", link)

    def left(self) -> S:
        """The state that this visitor last had here."""
        return st.session_state.get(f"{self.name}.state", self.default)

    def remember(self, state: S) -> None:
        """Make this the page's state: in the link, and for when the visitor comes back."""
        st.session_state[f"{self.name}.state"] = state
        # After a link to the same page the address may be old though the parameters are new.
        written = f"{self.name}.written"
        before = st.session_state.get(written)
        if st.query_params.to_dict() != state.link or before != state.link:
            st.query_params.from_dict(state.link)
        if before and before != state.link:
            note_replaced(f"{self.name}.link", _text(before))
        st.session_state[written] = state.link
        self.own(state)

    def own(self, state: S) -> None:
        """Note that a link is this page's, though a browser may show it with another's path.

        When a visitor moves on, Streamlit tells the browser the next page's link before its path,
        so the history has the old path with the new link: Back leads there.
        """
        links = _links()
        links[_text(state.link)] = self.name
        while len(links) > _MOST_LINKS:
            del links[next(iter(links))]

    def bound(
        self,
        part: str,
        field: str,
        value: object,
        read: Callable[[Any], object] = lambda value: value,
        *,
        by: Literal["value", "default"] = "value",
    ) -> dict[str, Any]:
        """What makes a widget show one field, and each change of it the page's next state.

        read: from the widget's value to the field's. by: the parameter that tells the widget.
        """
        return {by: value} | self._bound(part, field, value, read)

    def bound_option(
        self,
        part: str,
        field: str,
        value: object,
        options: Sequence[Any],
        read: Callable[[Any], object] = lambda value: value,
    ) -> dict[str, Any]:
        """The same for a widget that shows one of its options."""
        shown = {"options": options, "index": options.index(value)}
        return shown | self._bound(part, field, value, read)

    def _bound(
        self, part: str, field: str, value: object, read: Callable[[Any], object]
    ) -> dict[str, Any]:
        key = f"{self.name}.{field}"
        show_value(key, value)
        return {"key": key, "on_change": self._changed, "args": (part, field, read)}

    def show_refused(self) -> None:
        """Say it where the last change of a widget was refused."""
        if refused := st.session_state.pop(f"{self.name}.refused", None):
            st.error(refused)

    def _changed(self, part: str, field: str, read: Callable[[Any], object]) -> None:
        key = f"{self.name}.{field}"
        value = reported(key)
        if value is None:
            return
        try:
            self.remember(self.left().changed(part, field, read(value)))
        except SettingError as error:
            st.session_state[f"{self.name}.refused"] = str(error)
