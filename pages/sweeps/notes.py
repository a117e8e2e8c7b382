"""How to train a grid in the shell, and instructive maps of the shipped one."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from pages.shared.head import Example
from pages.sweeps.state import SweepsState
from toymodel.sweeps.shipped_grids import SMALL_GRID

_EXAMPLE = """\
seeds = 4
recipe = "quick"

[config]
n_features = 6
n_neurons = [6, 8, 10, 12]
feature_probability = { from = 1, to = 0.01, count = 9, scale = "log" }
"""


def examples(found: Collection[str]) -> tuple[Example, ...]:
    """Links to maps of the shipped grid, if it is among the grids with these keys."""
    key = SMALL_GRID.key
    if key not in found:
        return ()
    return tuple(
        Example(name, SweepsState(grid=key, measure=measure).link, expect)
        for name, measure, expect in (
            ("Where superposition pays", "gain", "Gains above 1 are red, below 1 blue."),
            ("Where the motif is", "motifs", "Neurons in asymmetric superposition."),
            ("Where neurons are polysemantic", "polysemantic", "The share of such neurons."),
        )
    )


def draw_empty() -> None:
    """Say what to do if there is no grid."""
    st.info("No grid was trained here yet. Write a file like this one and train it in the shell.")
    _example()


def draw_notes() -> None:
    """Say how to train another grid."""
    with st.expander("Train a grid of your own"):
        _example()


def _example() -> None:
    st.code(_EXAMPLE, language=None, wrap_lines=True)
    st.code(
        "python -m toymodel sweep small.toml --dry-run\n"
        "python -m toymodel sweep small.toml\n"
        "python -m toymodel sweep small.toml --workers 2\n"
        "python -m toymodel sweep small.toml --scheduler tcp://host:8786",
        language=None,
        wrap_lines=True,
    )
    st.caption(
        "Each field of a config is a value, a list of values, or a range; seeds are a number or a "
        "list. The first command prints how many models the grid has, how long they take and how "
        "much disk they need. A command that was stopped goes on where it was when you run it "
        "again. A cluster needs Dask: `pip install -e '.[cluster]'` in the project's folder."
    )
