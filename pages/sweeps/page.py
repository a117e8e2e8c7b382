"""Grids of settings that were trained in the shell: any measure over any two settings."""

import streamlit as st

from pages.shared.messages import show_problems
from pages.shared.resources import store
from pages.shared.widgets import threshold_inputs
from pages.sweeps.map import draw_grid
from pages.sweeps.models import grids
from pages.sweeps.notes import draw_empty, draw_notes
from pages.sweeps.state import SWEEPS_PAGE

state, problems = SWEEPS_PAGE.open()
with st.sidebar:
    SWEEPS_PAGE.show_refused()
    threshold_inputs(SWEEPS_PAGE)

st.title("Thousands of networks over any settings, on one map")
st.markdown(
    "A grid holds every combination of some settings. `toymodel sweep FILE` trains it in the "
    "shell, on this machine or on a cluster. Each model appears here as soon as it is stored."
)
show_problems(problems, tuple(store().notes))
found = grids()
if found:
    draw_grid(state, found)
    draw_notes()
else:
    draw_empty()
