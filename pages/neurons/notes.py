"""What to notice about neurons, and links to instructive ones."""

from __future__ import annotations

from pages.shared import head
from pages.shared.explorer.state import DEFAULT, ExplorerState
from pages.shared.head import Example
from pages.shared.model_choice import Choice
from toymodel.recipe import RECIPES
from toymodel.sweeps.shipped import SMALL


def draw_notes() -> None:
    """Draw what the paper says and what to look for."""
    head.draw_notes(
        "- **The claim**: of a neuron with a primary and secondary features the largest "
        "activations are all, or nearly all, the primary's, and the smaller ones come from many. "
        "Where the secondary ones are clearly smaller, it leads nearly always above three quarters "
        "of the range, and hardly ever below a tenth. The neurons of real language models look the "
        "same: clear at the top of their activations, mixed below.\n"
        "- **A secondary feature cannot reach the top**: alone it reaches its relative weight, the "
        "height of its block in the stack plot. What is above takes the primary feature, or "
        "several features at once, which is rare where features are sparse.\n"
        "- **How much of the top is clean** follows from the largest secondary weight, not from "
        "the density: compare the first neuron that this page shows, where it is a third of the "
        "primary one, with one where it is as large. A monosemantic neuron is clean above a "
        "tenth of its range; below, other features can lead, because their weights are small but "
        "not 0.\n"
        "- **A threshold buys purity with silence**: move it up, and see how many of the primary "
        "feature's own activations are lost."
    )


def _paper(density: float, preset: str = "standard") -> Choice:
    config = DEFAULT.config.replace(feature_probability=density)
    return Choice.of(config, RECIPES[preset])


_SETTINGS = (
    (
        "Sparse",
        DEFAULT,
        None,
        "1 − S = 0.01: a primary feature, and secondary ones below.",
    ),
    (
        "Two equal weights",
        DEFAULT,
        39,
        "The same network: the second weight is as large as the first, and the top is mixed.",
    ),
    (
        "Dense",
        _paper(1.0),
        None,
        "1 − S = 1: every neuron is monosemantic, and one feature leads at every magnitude.",
    ),
    (
        "The sparsest",
        _paper(0.001),
        None,
        "1 − S = 0.001: many secondary features; inputs with two of them at once are rare.",
    ),
    (
        "Trained for longer",
        _paper(0.001, "thorough"),
        None,
        "1 − S = 0.001 again: more neurons stay monosemantic.",
    ),
    (
        "Trained briefly",
        _paper(0.001, "quick"),
        None,
        "1 − S = 0.001 again: every neuron is polysemantic, as in the paper's figure.",
    ),
    (
        "The motif's model",
        Choice.of(SMALL.configs[0], SMALL.recipe),
        None,
        "6 features in 10 neurons: few enough to follow every weight.",
    ),
)

EXAMPLES = tuple(
    Example(name, ExplorerState(choice=choice, neuron=neuron).link, expect)
    for name, choice, neuron, expect in _SETTINGS
)
"""Instructive neurons."""
