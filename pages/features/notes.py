"""What to notice about features, and links to instructive ones."""

from __future__ import annotations

from pages.shared import head
from pages.shared.explorer.state import DEFAULT, ExplorerState
from pages.shared.head import Example
from pages.shared.model_choice import Choice
from toymodel.sweeps.shipped import SMALL


def draw_notes() -> None:
    """Draw what the paper says and what to look for."""
    head.draw_notes(
        "- **Features correspond to sets of neurons.** Where there is room a feature has one "
        "neuron for either side of |x|; the set grows where features share, and a neuron that "
        "carries one side of many features is polysemantic.\n"
        "- **Served on one side**: some features of little importance have a neuron for their "
        "positive or their negative values alone, and the other half is given up.\n"
        "- **Interference is made negative.** Where features are sparse, most of it pushes the "
        "other's output *down*, where its ReLU cuts it off, and the sparser the features, the less "
        "pushes it up. Pushing down costs only when both features are there at once. Switch to "
        "effects by importance to see what is left of it in the loss.\n"
        "- **Not represented**: most of these outputs give a constant near p/2, the best that can "
        "be said without looking. Where features are sparse, 0 costs hardly more: some give that."
    )


def _paper(density: float, feature: int) -> ExplorerState:
    choice = DEFAULT.changed(p=density)
    return ExplorerState(choice=choice).changed(feature=feature)


_SETTINGS = (
    ("The most important", _paper(0.01, 0), "1 − S = 0.01: two monosemantic neurons."),
    ("One that shares", _paper(0.01, 23), "Seven neurons; nearly all interference is negative."),
    ("The sparsest", _paper(0.001, 2), "1 − S = 0.001: even f2 shares its neurons with others."),
    ("Dense", _paper(1.0, 30), "1 − S = 1: there is no room for f30."),
    (
        "The motif's model",
        ExplorerState(choice=Choice.of(SMALL.configs[0], SMALL.recipe)).changed(feature=5),
        "6 features in 10 neurons: the least important one is interfered with, and inhibited.",
    ),
)

EXAMPLES = tuple(Example(name, state.link, expect) for name, state, expect in _SETTINGS)
"""Instructive features."""
