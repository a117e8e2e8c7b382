"""What widgets show, and which of their reports are a person's doing."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

_SHOWN = "shown."
_REPLACED = "replaced."
_LATE_SECONDS = 2.0


def show_value(key: str, value: object) -> None:
    """Have the widget of this key show a value, which the widget has to be told as well.

    A browser that has not yet loaded the widget when the page is drawn a second time does not see
    that a value was set: it takes what the widget starts from, and reports it as a change.
    """
    st.session_state[_SHOWN + key] = value
    # A value that is set makes the browser take it, over a click that it may just have got.
    if key not in st.session_state or st.session_state[key] != value:
        note_replaced(key, st.session_state.get(key))
        st.session_state[key] = value


def reported(key: str) -> Any:
    """What the widget of this key was changed to, or None where nobody changed it.

    Streamlit reports a widget that comes or goes as a change, too, and one of which the browser
    did not yet know what it shows now when it asked for something else.
    """
    value = st.session_state.get(key)
    if value == st.session_state.get(_SHOWN + key) or is_late(key, value):
        return None
    st.session_state[_SHOWN + key] = value
    return value


def note_replaced(key: str, value: object) -> None:
    """Note that a value of this name has just given way to another one."""
    now = time.monotonic()
    before = st.session_state.get(_REPLACED + key, [])
    recent = [one for one in before if now - one[1] < _LATE_SECONDS]
    st.session_state[_REPLACED + key] = [*recent, (value, now)]


def is_late(key: str, value: object) -> bool:
    """Whether this was replaced moments ago: a browser had it, and nobody went back to it."""
    since = time.monotonic() - _LATE_SECONDS
    replaced = st.session_state.get(_REPLACED + key, [])
    return any(one == value and at > since for one, at in replaced)


def forget_values() -> None:
    """Have every widget that comes now take its value anew.

    Another page's widget is another one to Streamlit, though it has the same key and the value
    under that key is still there.
    """
    for name in [str(name) for name in st.session_state if str(name).startswith(_SHOWN)]:
        st.session_state.pop(name.removeprefix(_SHOWN), None)
