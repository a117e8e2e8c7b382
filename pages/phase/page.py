"""How neurons turn polysemantic: whether they jump, and what two neurons do with two features."""

import streamlit as st

from pages.phase.density import draw_density
from pages.phase.diagram import draw_diagram
from pages.phase.followed import draw_followed
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

st.title("How neurons turn from monosemantic to polysemantic")
st.markdown(
    "In the paper, this looks much like a phase change. Is it one? This page shows networks with "
    f"$n = {PAPER_CONFIG.n_features}$, $m = {PAPER_CONFIG.n_neurons}$, "
    f"$I_i = {PAPER_CONFIG.importance_decay:g}^i$ along density: separate ones at every density, "
    "and some that are followed from one density to the next. Beside them are two neurons with two "
    "features, for which all solutions can be computed exactly."
)
show_problems(problems, tuple(store().notes))
draw_density(state)
draw_followed(state)
draw_diagram(state)
draw_training(state)
draw_sets(state)
draw_notes()
