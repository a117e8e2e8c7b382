"""What does not follow from predictions that come true in the toy model."""

from __future__ import annotations

import streamlit as st

from pages.identity.state import IdentityState
from pages.real.models import MAIN, MISSING, WEAK, Sweeps
from pages.real.predictions import Link, draw_links, draw_table
from pages.real.words import on_unearned
from pages.shared.navigation import IDENTITIES, SWEEP
from pages.sweep.state import SweepState
from toymodel.sweeps.paper import PAPER_CONFIG


def draw_limits(found: Sweeps) -> None:
    """What the toy model leaves open, in the paper's words and by what was measured."""
    n, m = PAPER_CONFIG.n_features, PAPER_CONFIG.n_neurons
    st.header("What does not follow")
    st.markdown(
        "- **The paper itself draws a line**: superposition, and monosemantic and polysemantic "
        "neurons, are likely to be found elsewhere; the geometry of features and how they are "
        'learnt are "much more uncertain".\n'
        "- **The features are made up**: independent of each other, uniform, all equally sparse, "
        "and known. Those of a real network have to be found first; they may go together, and "
        "some are common while others are rare. What correlated features do is not measured here.\n"
        f"- **So is the network**: one hidden layer of {m} neurons, {n} features, a target that "
        "is given, importance that is given. There is no depth, and nothing reads what comes out.\n"
        "- **Agreement is weak evidence**: what is predicted was known of real networks when the "
        "toy model was made, and other causes could look the same. What could tell them apart is "
        "what would count against each prediction.\n"
        f"- **One seed a recipe**: every number on this page is of seed {PAPER_CONFIG.seed}."
    )
    st.subheader("Do polysemantic neurons show superposition?")
    if {MAIN, WEAK} <= found.tables.keys():
        st.markdown(on_unearned(found.tables, WEAK, MAIN))
        with st.expander("In numbers"):
            draw_table(found.tables[WEAK], "real-table-weak", "The networks of the usual recipe")
    else:
        st.info(MISSING)
    weak = SweepState(thresholds=found.thresholds).changed(recipe=WEAK)
    draw_links(
        (
            Link(
                SWEEP.script,
                "The usual recipe, failing",
                weak.link,
                "The same networks, trained as in courses.",
            ),
            Link(
                IDENTITIES.script,
                "Networks that copy, with a hidden bias",
                IdentityState(hidden="with").link,
                "How much of its ReLU a network uses that does not need one.",
            ),
        )
    )
