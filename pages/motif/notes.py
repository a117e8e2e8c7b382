"""What to notice about the motif, and instructive networks."""

from __future__ import annotations

from pages.motif.state import MotifState
from pages.shared import head
from pages.shared.head import Example
from pages.shared.model_choice import Choice
from toymodel.recipe import RECIPES
from toymodel.sweeps.paper import PAPER_CONFIG
from toymodel.sweeps.shipped import MOTIF, MOTIF_GRID


def draw_notes() -> None:
    """Draw what the paper says and what to look for."""
    head.draw_notes(
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


def _cell(density: float, decay: float) -> MotifState:
    config = MOTIF_GRID.configs[0].replace(feature_probability=density, importance_decay=decay)
    return MotifState.of_network(Choice.of(config, MOTIF_GRID.recipe))


def _sweep(density: float, preset: str) -> MotifState:
    config = PAPER_CONFIG.replace(feature_probability=density)
    return MotifState.of_network(Choice.of(config, RECIPES[preset]))


EXAMPLES = (
    Example("The paper's setting", MotifState().link, f"The best of {len(MOTIF.configs)} seeds."),
    Example(
        "Importance falls steeply",
        _cell(0.3, 0.5).changed(tab="common").link,
        "1 − S = 0.3, d = 0.5: are the networks with low losses the ones with the motif?",
    ),
    Example(
        "Equally important features",
        _cell(0.2, 1.0).link,
        "1 − S = 0.2, d = 1: no feature can be left out at a small cost.",
    ),
    Example(
        "Mutual inhibition",
        MotifState(member=36).link,
        "Seed 36: f3 drives both, and each inhibits the output that the other one disturbs.",
    ),
    Example(
        "A large network",
        _sweep(0.03, "thorough").link,
        "n = 100, m = 40, 1 − S = 0.03: the same in a network of the paper's sweep.",
    ),
)
"""Instructive networks."""
