"""How neurons turn polysemantic: whether they jump, and what two neurons do with two features."""

import streamlit as st

from pages.phase.density import draw_classes, draw_density
from pages.phase.diagram import draw_diagram
from pages.phase.followed import draw_followed
from pages.phase.neuron_sets import draw_sets
from pages.phase.notes import EXAMPLES, draw_notes
from pages.phase.state import PHASE_PAGE
from pages.phase.training_length import draw_training
from pages.shared.head import draw_head
from pages.shared.messages import show_problems
from pages.shared.navigation import PHASE
from pages.shared.resources import store
from pages.shared.sections import tabs
from pages.shared.widgets import threshold_inputs
from toymodel.sweeps.paper import PAPER_CONFIG

state, problems = PHASE_PAGE.open()
with st.sidebar:
    PHASE_PAGE.show_refused()
    threshold_inputs(PHASE_PAGE)

draw_head(
    PHASE,
    "How neurons turn from monosemantic to polysemantic",
    "As water freezes at one temperature, do neurons turn at one density from holding one feature "
    "to holding several, or little by little? Networks with "
    f"$n = {PAPER_CONFIG.n_features}$, $m = {PAPER_CONFIG.n_neurons}$, "
    f"$I_i = {PAPER_CONFIG.importance_decay:g}^i$.",
    EXAMPLES,
)
show_problems(problems, tuple(store().notes))
draw_classes(state)


def _along_density() -> None:
    draw_density(PHASE_PAGE.state)
    draw_followed(PHASE_PAGE.state)


def _two_neurons() -> None:
    draw_diagram(PHASE_PAGE.state)
    draw_sets(PHASE_PAGE.state)


tabs(
    PHASE_PAGE,
    "tab",
    {
        "density": ("Along density", _along_density),
        "two": ("Two neurons", _two_neurons),
        "training": ("Longer training", lambda: draw_training(PHASE_PAGE.state)),
    },
    own=frozenset({"p", "ratio", "colour", "at", "open"}),
)
draw_notes()
