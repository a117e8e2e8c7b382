"""Warnings above a page's content."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st


def show_problems(link: Iterable[str], notes: Iterable[str] = ()) -> None:
    """Warn of what is wrong with the link, and of files that the store could not use."""
    lines = [f"- {plain(problem)}" for problem in link]
    if lines:
        st.warning("This link was not read in full; defaults stand in.\n" + "\n".join(lines))
    for note in notes:
        st.warning(plain(note))


def plain(text: str) -> str:
    """Escape text from a link or a file, so that it is not read as Markdown."""
    return "`" + text.replace("`", "'").replace("\n", " ") + "`"
