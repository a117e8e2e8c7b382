"""What to notice about the change from monosemantic to polysemantic, and settings worth a look."""

from __future__ import annotations

import streamlit as st

from pages.phase.state import PhaseState
from pages.shared.navigation import PHASE, SWEEP, link_to
from pages.sweep.state import SweepState
from toymodel.phase.diagram import DENSITIES, RATIOS


def draw_notes() -> None:
    """What the paper says, what to look for, and where."""
    st.header("What to notice")
    st.markdown(
        "- **The paper** sees a phase change of neurons that mirrors that of features, and says "
        "that it is not clear how to formalise it. Here it is taken apart: what one neuron does, "
        "what the layer does, and what is best where all solutions can be written down.\n"
        "- **Most neurons** jump from one feature to several; **a layer** holds both kinds "
        "over two decades of density, because each neuron turns at a density of its own.\n"
        "- **Importance decides when**: a feature that matters keeps neurons to itself longest, "
        "as the paper notes of the neurons on the left.\n"
        "- **Two neurons that share do so unevenly**: asymmetric superposition is there in the "
        "smallest system already, because it is better and not by accident of training."
    )
    st.subheader("Try")
    for label, page, link, expect in (
        (
            "Both matter the same, and are rare",
            PHASE,
            PhaseState(density=DENSITIES[-1], ratio=RATIOS[15]).link,
            "The cell where sharing gains most.",
        ),
        (
            "The onset of sharing",
            PHASE,
            PhaseState(density=DENSITIES[-1], ratio=RATIOS[9], colour="weights").link,
            "The second weight is there, and small.",
        ),
        (
            "The sweep from dense to sparse",
            SWEEP,
            SweepState().link,
            "Stack plots of seven of these densities.",
        ),
    ):
        link_to(page, label, link)
        st.caption(expect)
