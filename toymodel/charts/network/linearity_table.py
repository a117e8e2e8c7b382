"""How much of their ReLU networks use, as a table.

Paper: "Limitations of the ReLU Hidden Layer Toy Model Simulating Identity".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from toymodel.analysis.linearity import linearity
from toymodel.analysis.loss import superposition_gain
from toymodel.model import Model


def linearity_table(models: Sequence[Model]) -> pd.DataFrame:
    """How much of their ReLU some networks use, one row a model, of means over its neurons.

    Columns: task, hidden_bias, features, neurons, density, loss, gain, linear, driven (shares of
    pre-activations above 0, of all and of those that one of the neuron's features drives),
    bias_low, bias_high (the smallest and the largest hidden bias), mean and spread (of what the
    features other than the primary one add), simulated (mean over spread, 0 where nothing adds).
    """
    return pd.DataFrame([_row(model) for model in models])


def _row(model: Model) -> dict[str, object]:
    config, found = model.config, linearity(model.config, model.weights)
    mean, spread = float(found.mean.mean()), float(found.spread.mean())
    driven = found.driven[np.isfinite(found.driven)]
    return {
        "task": config.task,
        "hidden_bias": config.hidden_bias,
        "features": config.n_features,
        "neurons": config.n_neurons,
        "density": config.feature_probability,
        "loss": model.loss,
        "gain": superposition_gain(config, model.loss),
        "linear": float(found.linear.mean()),
        "driven": float(driven.mean()) if driven.size else float("nan"),
        "bias_low": float(found.bias.min()),
        "bias_high": float(found.bias.max()),
        "mean": mean,
        "spread": spread,
        "simulated": mean / spread if spread else 0.0,
    }
