"""What a click changes is brought into view, where it is not there already."""

from __future__ import annotations

import streamlit as st

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
