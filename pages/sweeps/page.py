"""Grids of settings that were trained in the shell: any measure over any two settings."""

import streamlit as st

from pages.shared.head import draw_head
from pages.shared.messages import show_problems
from pages.shared.navigation import GRIDS
from pages.shared.resources import store
from pages.shared.widgets import threshold_inputs
from pages.sweeps.map import draw_grid
from pages.sweeps.models import grids
from pages.sweeps.notes import draw_empty, draw_notes, examples
from pages.sweeps.state import SWEEPS_PAGE

state, problems = SWEEPS_PAGE.open()
with st.sidebar:
    SWEEPS_PAGE.show_refused()
    threshold_inputs(SWEEPS_PAGE)

found = grids()
draw_head(
    GRIDS,
    "How a network depends on any two settings",
    "A grid has a model for every combination of the settings in a file, up to 100,000 of them. It "
    "is trained in the shell, on this machine or on a cluster; each model appears here as soon as "
    "it is stored.",
    examples(found),
)
show_problems(problems, tuple(store().notes))
if found:
    draw_grid(state, found)
    draw_notes()
else:
    draw_empty()
