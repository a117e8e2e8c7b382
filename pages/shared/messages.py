"""What went wrong, in words, above the page's content."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st


def show_problems(link: Iterable[str], notes: Iterable[str] = ()) -> None:
    """A warning for what a link has wrong, and for what the store had to do."""
    lines = [f"- {plain(problem)}" for problem in link]
    if lines:
        st.warning("This link was not read in full; defaults stand in.\n" + "\n".join(lines))
    for note in notes:
        st.warning(plain(note))


def plain(text: str) -> str:
    """Text from a link or a file as it is, never read as Markdown."""
    return "`" + text.replace("`", "'").replace("\n", " ") + "`"
