"""What the models of a grid came to, as tidy frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from toymodel.analysis.loss import superposition_gain
from toymodel.analysis.motifs import MotifThresholds, find_motifs
from toymodel.analysis.polysemanticity import CLASSES, Thresholds, neurons
from toymodel.config import Config
from toymodel.model import Model

MEASURES = {
    "loss": "normalised loss",
    "gain": "superposition gain",
    **{name: f"share of neurons {name}" for name in CLASSES},
    "effective": "effective features of a neuron, mean",
    "motifs": "instances of the motif",
}
"""What there is a number of for every model, and what it is called."""

FIELDS = {
    "task": "task",
    "n_features": "features n",
    "n_neurons": "neurons m",
    "feature_probability": "density 1 − S",
    "importance_decay": "importance decay d",
    "seed": "seed",
    "hidden_bias": "hidden bias",
}
"""What the fields of a config are called."""

_MOST_LOOKED_FOR = 500  # features or neurons: larger networks are not searched for motifs


def measure(
    model: Model,
    thresholds: Thresholds | None = None,
    motifs: MotifThresholds | None = None,
) -> dict[str, Any]:
    """The fields of a model's config and its MEASURES; NaN where one does not apply."""
    config, found = model.config, neurons(model.W1, thresholds)
    m = config.n_neurons
    small = max(config.n_features, m) <= _MOST_LOOKED_FOR
    searched = config.task == "abs" and small
    return {
        **config.model_dump(),
        "loss": model.loss,
        "gain": superposition_gain(config, model.loss),
        **{name: found.counts[name] / m for name in CLASSES},
        "effective": float(found.effective_features.mean()),
        "motifs": len(find_motifs(model.W1, model.W2, motifs)) if searched else float("nan"),
    }


def over(table: pd.DataFrame, x: str, y: str, measure: str) -> pd.DataFrame:
    """The mean of a measure for each pair of two fields' values, over all else that differs.

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


def those_at(configs: Sequence[Config], fields: dict[str, object]) -> list[Config]:
    """The configs that have these values."""
    return [c for c in configs if all(getattr(c, name) == value for name, value in fields.items())]
