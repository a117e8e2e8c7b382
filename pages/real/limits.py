"""What does not follow from predictions that come true in the toy model."""

from __future__ import annotations

import streamlit as st

from pages.identity.state import IdentityState
from pages.real.models import MAIN, MISSING, WEAK, Sweeps
from pages.real.numbers import of_no_gain
from pages.real.predictions import Link, Numbers, draw_links, draw_numbers
from pages.shared.navigation import IDENTITIES, SWEEP
from pages.sweep.state import SweepState
from toymodel.sweeps.paper import PAPER_CONFIG


def draw_limits(found: Sweeps) -> None:
    """Draw what the toy model leaves open."""
    n, m = PAPER_CONFIG.n_features, PAPER_CONFIG.n_neurons
    st.markdown(
        "- **The paper limits its claims**: superposition, and monosemantic and polysemantic "
        "neurons, are likely to be found elsewhere; the geometry of features and how they are "
        'learnt are "much more uncertain".\n'
        "- **The features are artificial**: they are independent, uniform, equally sparse, and "
        "known. The features of a real network have to be found first; some may occur together, "
        "and some are common while others are rare. Correlated features are not measured here.\n"
        f"- **The network is artificial**: it has one hidden layer of {m} neurons, {n} features, "
        "and a target and importances that are given. It has no depth, and nothing reads its "
        "outputs.\n"
        "- **Agreement is weak evidence**: the predicted facts about real networks were known when "
        "the toy model was made, and they could have other causes. The observations that would "
        "count against each prediction could tell these causes apart.\n"
        f"- **One seed for each recipe**: every number on this page is of seed {PAPER_CONFIG.seed}."
    )
    st.markdown("**Do polysemantic neurons show superposition?**")
    if {MAIN, WEAK} <= found.tables.keys():
        draw_numbers(of_no_gain(found.tables, WEAK, MAIN), "real-no-gain")
        st.markdown(
            "A count of polysemantic neurons does not show that a network computes more than it "
            "has neurons for. Here the loss shows whether it does. For a real network, one has to "
            "show what it computes."
        )
        with st.expander("In numbers"):
            whole = Numbers(
                found.tables[WEAK],
                "Every network of the usual recipe.",
                "The networks of the usual recipe",
            )
            draw_numbers(whole, "real-table-weak")
    else:
        st.info(MISSING)
    weak = SweepState(thresholds=found.thresholds).changed(recipe=WEAK)
    draw_links(
        (
            Link(
                SWEEP.script,
                "The usual recipe, failing",
                weak.link,
                "The same networks, trained with the usual tutorial recipe.",
            ),
            Link(
                IDENTITIES.script,
                "Networks that copy, with a hidden bias",
                IdentityState(hidden="with").link,
                "How much a network uses its ReLU when its task does not need one.",
            ),
        )
    )
