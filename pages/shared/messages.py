"""Warnings above a page's content."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from toymodel.config import Config
from toymodel.text import one_line

_MAX_PROBLEMS = 12  # of a link


def show_problems(link: Iterable[str], notes: Iterable[str] = ()) -> None:
    """Warn of what is wrong with the link, and of files that the store could not use."""
    problems = list(link)
    lines = [f"- {plain(problem)}" for problem in problems[:_MAX_PROBLEMS]]
    if len(problems) > _MAX_PROBLEMS:
        lines.append(f"- and {len(problems) - _MAX_PROBLEMS:,} more")
    if lines:
        st.warning("This link was not read in full; defaults stand in.\n" + "\n".join(lines))
    for note in notes:
        st.warning(plain(note))


def note_linear(config: Config) -> None:
    """Say which measures mean nothing, if the hidden layer is linear."""
    if config.activation == "none":
        st.info(
            "The hidden layer is linear, so none of its bases is privileged: classes and path "
            "gains of single neurons mean nothing here, and the no-superposition baseline is that "
            "of neurons with a ReLU."
        )


def plain(text: str) -> str:
    """Text from a link, a file or the system as code, so that it is never read as Markdown.

    Code is the one form in which nothing is read: neither an address, nor a formula, nor an icon.
    """
    return f"`{one_line(text).replace('`', chr(39)) or ' '}`"
