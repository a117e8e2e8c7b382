"""A list that a visitor's own browser keeps from one visit to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

# A new session's list goes before what the browser has kept, and comes back with it; later the
# session's list is the whole. A browser may forbid to keep anything.
_JS = """
export default function({ data, setStateValue }) {
  const name = "toymodel." + data.name;
  let list = data.list;
  try {
    if (!data.whole) {
      const texts = list.map(item => JSON.stringify(item));
      let kept = [];
      try { kept = JSON.parse(localStorage.getItem(name) ?? "[]"); } catch {}
      list = list.concat([].concat(kept).filter(item => !texts.includes(JSON.stringify(item))));
    }
    localStorage.setItem(name, JSON.stringify(list));
  } catch {}
  if (!data.whole) setStateValue("list", JSON.stringify(list));
}
"""


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return component("toymodel_browser_memory", js=_JS)


def keep_list(name: str, items: Sequence[object], *, whole: bool) -> str | None:
    """Have the browser keep a list of JSON objects under a name.

    whole: the list is all that there is; else the browser adds what it kept before, and this
    returns both together as JSON, or None while it has not answered. What it returns is anybody's
    text.
    """
    result = _component()(
        data={"name": name, "list": list(items), "whole": whole}, key=f"memory-{name}", height=1
    )
    return None if whole else getattr(result, "list", None)
