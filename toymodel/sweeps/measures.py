"""What is measured of the models of a grid, and its means over two settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from toymodel.analysis.loss import superposition_gain
from toymodel.analysis.motifs import asymmetric_neurons, find_motifs
from toymodel.analysis.polysemanticity import CLASSES, Thresholds, neurons
from toymodel.config import Config
from toymodel.model import Model

MEASURES = {
    "loss": "normalised loss",
    "gain": "superposition gain",
    **{name: f"share of neurons {name}" for name in CLASSES},
    "effective": "effective features of a neuron, mean",
    "motifs": "neurons with asymmetric superposition",
}
"""The measures of a model by their names in links and tables, and what they are called."""

FIELDS = {
    name: str(field.title)[0].lower() + str(field.title)[1:]
    for name, field in Config.model_fields.items()
}
"""The titles of the fields of a config, as they stand within a sentence."""

_MAX_SEARCHED = 500  # features or neurons: larger networks are not searched for motifs


def measure(model: Model, thresholds: Thresholds | None = None) -> dict[str, Any]:
    """Measure a model.

    Args:
        model: one of a grid's.
        thresholds: where the classes of neurons end.

    Returns:
        The fields of its config, and MEASURES; NaN where one does not apply.
    """
    config, found = model.config, neurons(model.W1, thresholds)
    m = config.n_neurons
    has_motifs = config.task == "abs" and config.activation == "relu"
    searched = has_motifs and max(config.n_features, m) <= _MAX_SEARCHED
    return {
        **config.model_dump(),
        "loss": model.loss,
        "gain": superposition_gain(config, model.loss),
        **{name: found.counts[name] / m for name in CLASSES},
        "effective": float(found.effective_features.mean()),
        "motifs": _asymmetric(model) if searched else float("nan"),
    }


def _asymmetric(model: Model) -> int:
    return len(asymmetric_neurons(find_motifs(model.W1, model.W2)))


def mean_over(table: pd.DataFrame, x: str, y: str, measure: str) -> pd.DataFrame:
    """The mean of a measure for each pair of two fields' values, over all else that differs.

    Args:
        table: one row a model, as `measure` gives it.
        x: a field of the config.
        y: another, or the same.
        measure: one of MEASURES.

    Returns:
        Columns: x, y, value (NaN where no model has one), models (how many have one).
    """
    rows = [
        {
            "x": own[x].iloc[0],
            "y": own[y].iloc[0],
            "value": float(np.nanmean(values)) if np.isfinite(values).any() else float("nan"),
            "models": int(np.isfinite(values).sum()),
        }
        for _, own in table.groupby([x, y], sort=True)
        for values in [own[measure].to_numpy(dtype=np.float64)]
    ]
    return pd.DataFrame(rows, columns=["x", "y", "value", "models"])
