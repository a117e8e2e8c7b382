"""How far the trained phase diagram and the exact one agree, and what the exact one says."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.metrics import metric
from toymodel.phase.candidates import CANDIDATES, Candidate, Theory
from toymodel.phase.comparison import shared_weight
from toymodel.phase.diagram import Diagram
from toymodel.text import number

_CLEARLY = 0.01  # a loss is clearly above the exact one by this share


class Agreement(NamedTuple):
    """The trained diagram against the exact one; losses relative to the lowest exact loss.

    Attributes:
        disagreeing: cells whose best network serves something else.
        cells: how many there are.
        median: how far the best networks are above, 0 for equal.
        largest: how far the worst of the best networks is above.
        below: how far the best one is below; 0 where none is.
        clearly_above: the share of all networks more than 1 % above.
        networks: how many there are.
    """

    disagreeing: int
    cells: int
    median: float
    largest: float
    below: float
    clearly_above: float
    networks: int


def agreement(cells: pd.DataFrame, theory: Theory, diagram: Diagram) -> Agreement:
    """Compare the two diagrams.

    Args:
        cells: what `trained_cells` gives.
        theory: the exact losses.
        diagram: the trained networks.
    """
    above = (cells["loss"] / cells["lowest"] - 1).to_numpy()
    every = diagram.losses / theory.lowest[..., None] - 1
    sound = every[np.isfinite(every)]
    return Agreement(
        disagreeing=int(np.count_nonzero(cells["disagrees"])),
        cells=len(cells),
        median=float(np.median(above)),
        largest=float(above.max()),
        below=max(0.0, float(-above.min())),
        clearly_above=float(np.mean(sound > _CLEARLY)),
        networks=int(sound.size),
    )


def draw_agreement(cells: pd.DataFrame, theory: Theory, diagram: Diagram) -> None:
    """Draw how far the diagrams agree."""
    found = agreement(cells, theory, diagram)
    with st.container(horizontal=True):
        metric(
            "Cells that disagree",
            f"{found.disagreeing} of {found.cells}",
            "A point marks each of them: the best trained network serves something else than the "
            "best solution.",
        )
        metric(
            "Best networks above, median",
            _percent(found.median),
            "How far the loss of a cell's best network is above the lowest exact loss.",
        )
        metric(
            "Best networks above, largest",
            _percent(found.largest),
            "The same, in the cell where it is largest.",
        )
        metric(
            "Best networks below, largest",
            _percent(found.below),
            "How far the loss of a network is below the lowest exact loss. More than rounding "
            "would mean that a network found a solution that is not among the candidates.",
        )
        metric(
            "Single networks clearly above",
            f"{found.clearly_above:.0%} of {found.networks:,}",
            "Networks that end more than 1 % above the lowest exact loss, in another solution.",
        )


def draw_changes(theory: Theory, diagram: Diagram, second_weight: float) -> None:
    """Draw the two kinds of change in the exact diagram, and how weights are shared."""
    sparsest = shared_weight(theory)[-1]
    shared = sparsest[sparsest >= second_weight]
    st.markdown(
        "**Two kinds of change.** Along importance, sharing begins with a small weight and grows: "
        "a drift. Where both features are equally important, the feature with the larger weight "
        "changes at once, at every density: a jump. Even there the best ratio of the weights is "
        "not 1: the neurons are shared unevenly.\n\n"
        "**Uneven sharing with a threshold.** In the exact solution the feature with the larger "
        "input weights has the larger output weights, too. Its output bias is below 0, a threshold "
        "under which what the other feature adds stays. The motif of *asymmetric superposition* is "
        "another solution: there the larger input weight goes with the *smaller* output weight, "
        "and a third weight inhibits the interference."
    )
    cells = diagram.shared_cells(second_weight)
    with st.container(horizontal=True):
        metric(
            "Larger weights together",
            f"{np.count_nonzero(cells['together'])} of {len(cells)}",
            "Trained cells that serve both features, in which the larger input weight of each "
            "neuron goes with its larger output weight. In asymmetric superposition it would go "
            "with the smaller one.",
        )
        metric(
            "Cells with a threshold",
            f"{np.count_nonzero(cells['bias'] < 0)} of {len(cells)}",
            "Trained cells that serve both features, in which the output whose feature has the "
            "larger input weights has a bias below 0.",
        )
        metric(
            "Smaller weight, at the onset",
            f"{shared.min():.2f}" if shared.size else "–",
            "The smaller input weight over the larger in the first cells that share, at the "
            "sparsest density.",
        )
        metric(
            "Smaller weight, largest",
            f"{shared.max():.2f}" if shared.size else "–",
            "The same in the cell that shares most evenly.",
        )
        for name, loss in equal_losses(theory, diagram).items():
            metric(
                f"Loss, {CANDIDATES[name]}",
                f"{loss:.3f}",
                "Exact, where both features are equally important, at 1 − S = "
                f"{number(diagram.densities[-1])}.",
            )


def equal_losses(theory: Theory, diagram: Diagram) -> dict[Candidate, float]:
    """The exact losses of three solutions for equally important features, at the sparsest density.

    Args:
        theory: the exact losses.
        diagram: says where the ratio is 1.
    """
    middle = int(np.abs(np.log(diagram.ratios)).argmin())
    names: tuple[Candidate, ...] = ("equal", "shared", "first")
    return {name: float(theory.losses[name][-1, middle]) for name in names}


def _percent(value: float) -> str:
    return f"{100 * value:.2g} %"
