"""Tidy frames of how neurons change along density, along training, and in the phase diagram.

Paper: "Superposition in a Privileged Basis", where it looks like a phase change of neurons, and
"Computation in Superposition".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from toymodel.analysis.features import CARRIES
from toymodel.analysis.loss import superposition_gain
from toymodel.analysis.polysemanticity import (
    CLASSES,
    Thresholds,
    neurons,
    paper_order,
    path_gain,
    superposition,
)
from toymodel.model import Model, Weights
from toymodel.phase.candidates import CANDIDATES, Theory
from toymodel.phase.diagram import FIRST, PHASES, SECOND, SHARED, Diagram

SETS = ("none", "1", "2", "3", "4 or more")
"""What numbers of neurons that carry a feature are called."""

ONE, TWO = 1.25, 1.75
"""Effective features: below the first a neuron holds one, from the second on two and more."""

_BINS = (1, ONE, TWO, 2.5, 3.5, 5, 7, 10, 14, 20)


def _each(models: Sequence[Model]) -> Iterator[tuple[Model, int, Weights]]:
    for model in models:
        for restart, weights in enumerate(model.restarts):
            yield model, restart, weights


def network_table(models: Sequence[Model], thresholds: Thresholds | None = None) -> pd.DataFrame:
    """One row a network, every restart one: what share of its neurons has each class, and more.

    Columns: density, steps (of training), sampler, restart, loss, gain, those in CLASSES (shares of
    neurons), represented (features), effective (mean over neurons), one, between, more (shares of
    neurons with less than ONE effective features, less than TWO, and from TWO on).
    """
    rows = []
    for model, restart, weights in _each(models):
        found = neurons(weights.W1, thresholds)
        loss = float(model.losses[restart])
        effective = found.effective_features
        rows.append(
            {
                "density": model.config.feature_probability,
                "steps": model.recipe.total_steps,
                "sampler": model.recipe.sampler,
                "restart": restart,
                "loss": loss,
                "gain": superposition_gain(model.config, loss),
                **{name: count / len(effective) for name, count in found.counts.items()},
                "represented": int(np.isfinite(superposition(weights.W1)).sum()),
                "effective": float(effective.mean()),
                "one": float((effective < ONE).mean()),
                "between": float(((effective >= ONE) & (effective < TWO)).mean()),
                "more": float((effective >= TWO).mean()),
            }
        )
    columns = ["density", "steps", "sampler", "restart", "loss", "gain", *CLASSES]
    return pd.DataFrame(rows, columns=None if rows else columns)


def class_curves(table: pd.DataFrame, across: str) -> pd.DataFrame:
    """The shares of the classes of a `network_table`, as `bands` has them: series, x, y, run."""
    long = table.melt(
        id_vars=[across, "restart"], value_vars=list(CLASSES), var_name="series", value_name="y"
    )
    return long.rename(columns={across: "x", "restart": "run"})


def curve(table: pd.DataFrame, across: str, column: str, name: str) -> pd.DataFrame:
    """One column of a `network_table`, as `bands` has it, with `name` for the series."""
    return pd.DataFrame(
        {"series": name, "x": table[across], "y": table[column], "run": table["restart"]}
    )


def effective_shares(models: Sequence[Model]) -> pd.DataFrame:
    """How neurons are spread over their effective number of features, at every density.

    All networks of a density together. Columns: density, low, high (of the number), share (of the
    neurons, 0 to 1), name. The last interval has those beyond, too.
    """
    rows = []
    for model in models:
        each = [neurons(weights.W1).effective_features for weights in model.restarts]
        effective = np.minimum(np.concatenate(each), _BINS[-1] - 1e-9)
        counts, _ = np.histogram(effective, _BINS)
        for (low, high), count in zip(pairwise(_BINS), counts, strict=True):
            last = high == _BINS[-1]
            rows.append(
                {
                    "density": model.config.feature_probability,
                    "low": float(low),
                    "high": float(high),
                    "share": count / max(1, (effective >= 1).sum()),
                    "name": f"{low:g} and more" if last else f"{low:g} to {high:g}",
                }
            )
    return pd.DataFrame(rows, columns=["density", "low", "high", "share", "name"])


def rank_shares(models: Sequence[Model], thresholds: Thresholds | None = None) -> pd.DataFrame:
    """How often the neuron of each rank is not monosemantic, at every density.

    A neuron's rank is its place in the paper's order: by the importance of its primary feature.
    Columns: density, rank, low, high (of its place in a chart), share (of the networks), name.
    """
    rows = []
    for model in models:
        mixed = [
            np.array(neurons(weights.W1, thresholds).classes)[paper_order(weights.W1)] != CLASSES[0]
            for weights in model.restarts
        ]
        rows += [
            {
                "density": model.config.feature_probability,
                "rank": rank,
                "low": float(rank),
                "high": float(rank + 1),
                "share": float(share),
                "name": str(rank),
            }
            for rank, share in enumerate(np.mean(mixed, axis=0))
        ]
    return pd.DataFrame(rows, columns=["density", "rank", "low", "high", "share", "name"])


def turning(ranks: pd.DataFrame) -> pd.DataFrame:
    """Where the neuron of each rank turns: the first density, from dense to sparse, at which half
    of the networks and more have it not monosemantic. Columns: rank, density (NaN: it never does).
    """
    turned = ranks.loc[ranks["share"] >= 0.5].groupby("rank")["density"].max()
    every = pd.RangeIndex(max(ranks["rank"].tolist()) + 1, name="rank")
    return turned.reindex(every).rename("density").reset_index()


def set_shares(models: Sequence[Model]) -> pd.DataFrame:
    """How many neurons carry a feature, at every density; one row a network and number of neurons.

    A neuron carries a feature where its path gain is CARRIES and more. Columns: density, restart,
    neurons (one of SETS), features (how many).
    """
    rows = []
    for model, restart, weights in _each(models):
        sizes = (path_gain(weights.W1, weights.W2) >= CARRIES).sum(axis=0)
        counts = np.bincount(np.minimum(sizes, len(SETS) - 1), minlength=len(SETS))
        rows += [
            {
                "density": model.config.feature_probability,
                "restart": restart,
                "neurons": name,
                "features": int(count),
            }
            for name, count in zip(SETS, counts, strict=True)
        ]
    return pd.DataFrame(rows, columns=["density", "restart", "neurons", "features"])


def diagram_cells(diagram: Diagram, theory: Theory, least: float) -> pd.DataFrame:
    """One row a cell of the phase diagram, as `phase_map` has it, of the best network.

    Columns: row, column, density, ratio, phase, best (the theory's phase), weight (the smaller
    input weight over the larger, of the neuron that shares most), loss, lowest (the theory's loss),
    disagrees. least: from which weight on a neuron counts as shared.
    """
    phases, best = diagram.phases(least), theory.best(least)
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
            "disagrees": ((phases != best) & ~_as_good(phases, theory, least)).ravel(),
        }
    )


def theory_cells(diagram: Diagram, theory: Theory, least: float) -> pd.DataFrame:
    """The same of the best candidate, with its own phase, weight and loss."""
    cells = diagram_cells(diagram, theory, least)
    weight = np.tan(np.minimum(theory.angle, np.pi / 2 - theory.angle)).ravel()
    return cells.assign(phase=cells["best"], weight=weight, loss=cells["lowest"])


def _as_good(phases: np.ndarray, theory: Theory, least: float) -> np.ndarray:
    # Where both features matter as much, what serves one is as good as what serves the other.
    tied = np.isclose(theory.losses["first"], theory.losses["second"], rtol=1e-6)
    return tied & (theory.best(least) != SHARED) & np.isin(phases, (FIRST, SECOND))


def candidate_table(theory: Theory, row: int, column: int) -> pd.DataFrame:
    """The candidates at one cell, the best one first. Columns: name, solution, loss, above (the
    share by which its loss is above the lowest).
    """
    lowest = theory.lowest[row, column]
    table = pd.DataFrame(
        [
            {"name": name, "solution": words, "loss": float(theory.losses[name][row, column])}
            for name, words in CANDIDATES.items()
        ]
    )
    table["above"] = table["loss"] / lowest - 1
    return table.sort_values("loss", kind="stable", ignore_index=True)
