"""What to notice about the motif, and networks worth a look."""

from __future__ import annotations

import streamlit as st

from pages.motif.state import MotifState
from pages.shared.model_choice import Choice
from pages.shared.navigation import MOTIFS, link_to
from toymodel.config import RECIPES
from toymodel.sweeps.paper import PAPER_CONFIG
from toymodel.sweeps.shipped import MOTIF, MOTIF_GRID


def draw_notes() -> None:
    """What the paper says, what to look for, and where."""
    st.header("What to notice")
    st.markdown(
        "- **Why uneven**: with equal weights two features disturb each other alike. With weights "
        "in of 2 and ½ and weights out of ½ and 2 both path gains are still 1, but nearly all of "
        "the interference goes one way, and that can be inhibited.\n"
        "- **Positive interference becomes negative**: the inhibitors take all of the interference "
        "or a little more. The output's ReLU cuts off what is below 0, so that it costs only "
        "when both features are there at once, which is rare where features are sparse.\n"
        "- **The inhibitor has a price**: whatever else drives it inhibits the same output too. "
        "The paper says so of its blue feature; the sentence at every instance has the numbers.\n"
        "- **The definition is narrower than the roles**: an instance has both path gains near 1. "
        "Sparse networks share with lower gains, too: set the lower limit in the sidebar to 0.3 to "
        "count those.\n"
        "- **How common**: dense networks have none. At the edge where it starts, better networks "
        "have clearly more of it, unless all features matter equally. Further on nearly all have "
        "it, and better ones have as many or fewer instances: the best networks share in more "
        "entangled ways that the definition does not count."
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
        "Where it starts",
        _cell(0.1, 0.65),
        "1 − S = 0.1, d = 0.65: the networks with the motif are those with low losses.",
    ),
    (
        "Features that matter equally",
        _cell(0.2, 1.0),
        "1 − S = 0.2, d = 1: three instances and more in most networks.",
    ),
    (
        "A large network",
        _sweep(0.03, "thorough"),
        "n = 100, m = 40, 1 − S = 0.03: instances in a few of its neurons.",
    ),
)
