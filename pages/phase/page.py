"""How neurons turn polysemantic: whether at once, and what two neurons do with two features."""

import streamlit as st

from pages.phase.density import draw_density
from pages.phase.diagram import draw_diagram
from pages.phase.neuron_sets import draw_sets
from pages.phase.notes import draw_notes
from pages.phase.state import PHASE_PAGE
from pages.phase.training_length import draw_training
from pages.shared.messages import show_problems
from pages.shared.resources import store
from pages.shared.widgets import threshold_inputs
from toymodel.sweeps.paper import PAPER_CONFIG

state, problems = PHASE_PAGE.open()
with st.sidebar:
    PHASE_PAGE.show_refused()
    threshold_inputs(PHASE_PAGE)

st.title("Neurons turn polysemantic one after another, the least important first")
st.markdown(
    "In the paper, the change from monosemantic to polysemantic neurons looks much like a phase "
    "change. Is it one? This page shows networks with "
    f"$n = {PAPER_CONFIG.n_features}$, $m = {PAPER_CONFIG.n_neurons}$, "
    f"$I_i = {PAPER_CONFIG.importance_decay:g}^i$ along density, and two neurons with two "
    "features, for which all solutions can be computed exactly."
)
show_problems(problems, tuple(store().notes))
draw_density(state)
draw_diagram(state)
draw_training(state)
draw_sets(state)
draw_notes()
