"""The paper's sparsity sweep: one config at several densities, and what the figure shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from toymodel.config import Config
from toymodel.settings import Problem, SettingError

MAX_DENSITIES = 12
"""Of a sweep."""

PAPER_DENSITIES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)


class PaperPanel(NamedTuple):
    """One panel of the paper's figure.

    Attributes:
        message: what the panel shows, in a sentence.
        counts: how many neurons are monosemantic, slightly polysemantic and polysemantic, read off
            the picture.
        about: whether one or two neurons are in doubt.
    """

    message: str
    counts: tuple[int, int, int]
    about: bool = False


PAPER_PANELS: dict[float, PaperPanel] = {
    1.0: PaperPanel("Every neuron is dedicated to one feature.", (40, 0, 0)),
    0.3: PaperPanel("Moderate sparsity changes nothing: neurons stay monosemantic.", (40, 0, 0)),
    0.1: PaperPanel(
        "The first slightly polysemantic neurons appear, among the less important features.",
        (32, 8, 0),
    ),
    0.03: PaperPanel(
        "A few highly polysemantic neurons appear; they hold the less important features.",
        (22, 8, 10),
    ),
    0.01: PaperPanel("There are more polysemantic neurons...", (14, 11, 15), about=True),
    0.003: PaperPanel("...and each of them holds more features.", (24, 2, 14)),
    0.001: PaperPanel("In the end every neuron is highly polysemantic.", (0, 0, 40)),
}
"""The panels by density 1 - S; n = 100, m = 40, I_i = 0.8^i."""

PAPER_CONFIG = Config()
"""n = 100, m = 40, I_i = 0.8^i: the setting of the paper's figure."""


def sweep(base: Config, densities: Sequence[float]) -> list[Config]:
    """Copy a config with several feature probabilities.

    Args:
        base: gives all other fields.
        densities: 1 to 12 different feature probabilities, each in (0, 1].

    Raises:
        SettingError: for other densities.
    """
    if not 1 <= len(densities) <= MAX_DENSITIES or len(set(densities)) < len(densities):
        allowed = f"1 to {MAX_DENSITIES} different densities"
        raise SettingError((Problem("densities", tuple(densities), allowed),))
    return [base.replace(feature_probability=p) for p in densities]


def paper_panel(config: Config) -> PaperPanel | None:
    """The panel of the paper's figure with the setting of a config, if there is one."""
    paper = PAPER_CONFIG.replace(feature_probability=config.feature_probability, seed=config.seed)
    return PAPER_PANELS.get(config.feature_probability) if config == paper else None
