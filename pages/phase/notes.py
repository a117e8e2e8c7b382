"""What to notice about the change from monosemantic to polysemantic, and instructive settings."""

from __future__ import annotations

import streamlit as st

from pages.phase.state import PhaseState
from pages.shared.navigation import PHASE, SWEEP, link_to
from pages.sweep.state import SweepState
from toymodel.phase.diagram import DENSITIES, RATIOS


def draw_notes() -> None:
    """Draw what to notice, and links to instructive settings."""
    st.header("What to notice")
    st.markdown(
        "- **The paper** observes a phase change of neurons that mirrors that of features, and "
        "says that it is not clear how to formalise it. This page separates four questions: what "
        "separate networks hold at each density, what one neuron does, whether the way back is the "
        "same, and what is best in a system small enough to write down all solutions.\n"
        "- **A gap is no jump**: separate networks can have few neurons in between because each "
        "was trained at one density only. The followed neurons show how many jump.\n"
        "- **Importance**: the paper notes that the neurons on the left, which hold the most "
        "important features, are the more monosemantic ones. The map of ranks shows how long they "
        "stay so.\n"
        "- **Two neurons share unevenly**, and a threshold on one output keeps the other feature "
        "out. It is the better solution there, not an accident of training. It is not asymmetric "
        "superposition: that motif takes another neuron, which inhibits."
    )
    st.subheader("Try")
    for label, page, link, expect in (
        (
            "Both features equally important, and rare",
            PHASE,
            PhaseState(density=DENSITIES[-1], ratio=RATIOS[15]).link,
            "The cell where sharing gains most.",
        ),
        (
            "The onset of sharing",
            PHASE,
            PhaseState(density=DENSITIES[-1], ratio=RATIOS[9], colour="weights").link,
            "The second weight is above 0 but small.",
        ),
        (
            "The sweep from dense to sparse",
            SWEEP,
            SweepState().link,
            "Stack plots of the same network at seven densities.",
        ),
    ):
        link_to(page, label, link)
        st.caption(expect)
