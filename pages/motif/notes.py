"""What to notice about the motif, and instructive networks."""

from __future__ import annotations

import streamlit as st

from pages.motif.state import MotifState
from pages.shared.model_choice import Choice
from pages.shared.navigation import MOTIFS, link_to
from toymodel.recipe import RECIPES
from toymodel.sweeps.paper import PAPER_CONFIG
from toymodel.sweeps.shipped import MOTIF, MOTIF_GRID


def draw_notes() -> None:
    """Draw what to notice, and links to instructive networks."""
    st.header("What to notice")
    st.markdown(
        "- **Why uneven**: with equal weights, two features disturb each other equally. With input "
        "weights of 2 and ½ and output weights of ½ and 2, both path gains are still 1, but one "
        "feature disturbs the other by 4, and the other one by ¼ only. What goes one way can be "
        "inhibited.\n"
        "- **Positive interference becomes negative**: inhibitors that take away all of the "
        "interference or more leave nothing of it, because the output's ReLU cuts off what is "
        "below 0. The inhibition then costs something only when both features are present at "
        "once, which is rare where features are sparse.\n"
        "- **The inhibitor has a price**: other features that drive it inhibit the same output "
        "too. The paper says this of its blue feature; the table at every instance has the "
        "numbers.\n"
        "- **Two neurons can inhibit for each other**: both are driven by the same feature, share "
        "the work for it, and each holds another feature, whose output the other one inhibits. "
        "The table of the inhibitors tells this kind from the paper's.\n"
        "- **The definition is narrower than the roles**: a role asks for less than an instance, "
        "whose sides must be computed as a whole, and whose interference must be inhibited. The "
        "sidebar has all limits."
    )
    st.subheader("Try")
    for label, state, expect in _EXAMPLES:
        link_to(MOTIFS, label, state.link)
        st.caption(expect)


def _cell(density: float, decay: float) -> MotifState:
    config = MOTIF_GRID.configs[0].replace(feature_probability=density, importance_decay=decay)
    return MotifState.of_network(Choice.of(config, MOTIF_GRID.recipe))


def _sweep(density: float, preset: str) -> MotifState:
    config = PAPER_CONFIG.replace(feature_probability=density)
    return MotifState.of_network(Choice.of(config, RECIPES[preset]))


_EXAMPLES = (
    ("The paper's setting", MotifState(), f"The best of {len(MOTIF.configs)} seeds."),
    (
        "Importance falls steeply",
        _cell(0.3, 0.5),
        "1 − S = 0.3, d = 0.5: are the networks with low losses the ones with the motif?",
    ),
    (
        "Equally important features",
        _cell(0.2, 1.0),
        "1 − S = 0.2, d = 1: no feature can be left out at a small cost.",
    ),
    (
        "Two neurons that inhibit for each other",
        MotifState(member=36),
        "Seed 36: f3 drives both, and each inhibits the output that the other one disturbs.",
    ),
    (
        "A large network",
        _sweep(0.03, "thorough"),
        "n = 100, m = 40, 1 − S = 0.03: the same in a network of the paper's sweep.",
    ),
)
