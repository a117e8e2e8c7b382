"""A list that the visitor's browser keeps between visits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

# The session's items come before those that the browser kept earlier or in another tab. A
# browser may not allow storage.
_JS = """
export default function({ data, setStateValue }) {
  const name = "toymodel." + data.name;
  const known = [...data.list, ...data.removed].map(item => JSON.stringify(item));
  let kept = [];
  try { kept = [].concat(JSON.parse(localStorage.getItem(name) ?? "[]")); } catch {}
  const others = kept.filter(item => !known.includes(JSON.stringify(item)));
  const list = JSON.stringify(data.list.concat(others).slice(0, data.most));
  try { localStorage.setItem(name, list); } catch {}
  if (!data.answered || others.length) setStateValue("list", list);
}
"""


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return component("toymodel_browser_memory", js=_JS)


def keep_list(
    name: str,
    items: Sequence[object],
    removed: Sequence[object],
    *,
    most: int,
    answered: bool,
) -> str | None:
    """Have the browser keep a list of JSON objects under a name, up to `most` of them.

    removed: what it should no longer keep. Returns the list as JSON with what the browser kept
    besides, or None while it has not answered; answered: it did so before. What it returns is
    anybody's text.
    """
    result = _component()(
        data={
            "name": name,
            "list": list(items),
            "removed": list(removed),
            "most": most,
            "answered": answered,
        },
        key=f"memory-{name}",
        height=1,
    )
    return getattr(result, "list", None)
