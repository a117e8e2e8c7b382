"""Bringing the top of the page into view, where a click far below has changed what stands there."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.components.v2 import component

_ASKED = "train.scroll"

_JS = """
export default function({ data }) {
  const done = window.toymodelScrolled ??= new Set();
  if (done.has(data.number)) return;
  done.add(data.number);
  document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0 });
}
"""


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return component("toymodel_scroll", js=_JS)


def ask_to_scroll_up() -> None:
    """Have the next run of the page bring its top into view."""
    st.session_state[_ASKED] = st.session_state.get(_ASKED, 0) + 1


def scroll_up() -> None:
    """Bring the top of the page into view, once, if that was asked for."""
    if number := st.session_state.get(_ASKED, 0):
        _component()(data={"number": number}, key="scroll-up", height=1)
