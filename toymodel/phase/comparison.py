"""The trained phase diagram beside the exact one, cell by cell."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from toymodel.phase.candidates import CANDIDATES, Theory
from toymodel.phase.diagram import FIRST, PHASES, SECOND, SHARED, Diagram


def trained_cells(diagram: Diagram, theory: Theory, second_weight: float) -> pd.DataFrame:
    """What the best trained network of each cell serves, and whether the theory agrees.

    Args:
        diagram: the trained networks.
        theory: the exact losses at the same densities and ratios.
        second_weight: a neuron is shared from this ratio of its smaller to its larger input weight
            on, in (0, 1].

    Returns:
        One row a cell. Columns: row, column, density, ratio, phase (of the best network), best (the
        phase of the best candidate), weight (the smaller input weight over the larger, of the
        neuron that shares most), loss (of the best network), lowest (of the best candidate),
        disagrees.
    """
    phases, best = diagram.phases(second_weight), theory.best(second_weight)
    rows, columns = np.indices(phases.shape)
    return pd.DataFrame(
        {
            "row": rows.ravel(),
            "column": columns.ravel(),
            "density": np.array(diagram.densities)[rows.ravel()],
            "ratio": np.array(diagram.ratios)[columns.ravel()],
            "phase": np.array(PHASES)[phases.ravel()],
            "best": np.array(PHASES)[best.ravel()],
            "weight": diagram.sharing().ravel(),
            "loss": np.nanmin(diagram.losses, axis=-1).ravel(),
            "lowest": theory.lowest.ravel(),
            "disagrees": ((phases != best) & ~_as_good(phases, theory, second_weight)).ravel(),
        }
    )


def exact_cells(diagram: Diagram, theory: Theory, second_weight: float) -> pd.DataFrame:
    """The columns of `trained_cells` with the best candidate's phase, weight and loss."""
    cells = trained_cells(diagram, theory, second_weight)
    return cells.assign(
        phase=cells["best"], weight=shared_weight(theory).ravel(), loss=cells["lowest"]
    )


def shared_weight(theory: Theory) -> Float[np.ndarray, "density ratio"]:
    """The smaller input weight over the larger in the best shared solution, 0 to 1."""
    return np.tan(np.minimum(theory.angle, np.pi / 2 - theory.angle))


def candidate_losses(theory: Theory, row: int, column: int) -> pd.DataFrame:
    """The candidates at one cell, the lowest loss first.

    Args:
        theory: the exact losses.
        row: the place of the cell's density.
        column: the place of its ratio.

    Returns:
        Columns: name, solution (in words), loss, above (loss over the lowest loss, minus 1).
    """
    table = pd.DataFrame(
        [
            {"name": name, "solution": words, "loss": float(theory.losses[name][row, column])}
            for name, words in CANDIDATES.items()
        ]
    )
    table["above"] = table["loss"] / theory.lowest[row, column] - 1
    return table.sort_values("loss", kind="stable", ignore_index=True)


def _as_good(
    phases: Int[np.ndarray, "density ratio"], theory: Theory, second_weight: float
) -> Bool[np.ndarray, "density ratio"]:
    # Where both features matter as much, what serves one is as good as what serves the other.
    tied = np.isclose(theory.losses["first"], theory.losses["second"], rtol=1e-6)
    return tied & (theory.best(second_weight) != SHARED) & np.isin(phases, (FIRST, SECOND))
