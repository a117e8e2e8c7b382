"""How to train a grid in the shell."""

from __future__ import annotations

import streamlit as st

_EXAMPLE = """\
seeds = 4
recipe = "quick"

[config]
n_features = 6
n_neurons = [6, 8, 10, 12]
feature_probability = { from = 1, to = 0.01, count = 9, scale = "log" }
"""


def draw_empty() -> None:
    """Say what to do if there is no grid."""
    st.info("No grid was trained here yet. Write a file like this one and train it in the shell.")
    _example()


def draw_notes() -> None:
    """Say how to train another grid."""
    with st.expander("Another grid"):
        _example()


def _example() -> None:
    left, right = st.columns(2)
    with left:
        st.code(_EXAMPLE, language="toml")
    with right:
        st.code(
            "python -m toymodel sweep small.toml --dry-run\n"
            "python -m toymodel sweep small.toml\n"
            "python -m toymodel sweep small.toml --workers 2\n"
            "python -m toymodel sweep small.toml --scheduler tcp://host:8786",
            language="bash",
        )
    st.caption(
        "Each field of a config is a value, a list of values, or a range; seeds are a number or a "
        "list. The first command prints how many models the grid has, how long they take and how "
        "much disk they need. A command that was stopped goes on where it was when you run it "
        "again. A cluster needs Dask: `pip install -e '.[cluster]'` in the project's folder."
    )
