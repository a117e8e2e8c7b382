"""What to notice about the change from monosemantic to polysemantic, and instructive settings."""

from __future__ import annotations

from pages.phase.state import PhaseState
from pages.shared import head
from pages.shared.head import Example
from toymodel.phase.diagram import DENSITIES, RATIOS


def draw_notes() -> None:
    """Draw what the paper says and what to look for."""
    head.draw_notes(
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


EXAMPLES = (
    Example(
        "Two equally important, rare features",
        PhaseState(density=DENSITIES[-1], ratio=RATIOS[15], tab="two").link,
        "The cell where sharing gains most.",
    ),
    Example(
        "The onset of sharing",
        PhaseState(density=DENSITIES[-1], ratio=RATIOS[9], colour="weights", tab="two").link,
        "The second weight is above 0 but small.",
    ),
    Example(
        "The sparsest setting, trained for longer",
        PhaseState(tab="training").link,
        "Whether its neurons stay polysemantic.",
    ),
)
"""Instructive settings."""
