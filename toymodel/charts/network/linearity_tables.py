"""Tidy frames of how much of their ReLU networks use.

Paper: "Limitations of the ReLU Hidden Layer Toy Model Simulating Identity".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from toymodel.analysis.linearity import Linearity, linearity
from toymodel.analysis.loss import superposition_gain
from toymodel.config import Config
from toymodel.model import Model, Weights


def linear_table(models: Sequence[Model]) -> pd.DataFrame:
    """One row a model, of means over its neurons.

    Columns: task, hidden_bias, features, neurons, density, loss, gain, linear, driven (shares of
    pre-activations above 0, of all and of those that one of the neuron's features drives),
    bias_low, bias_high (the smallest and the largest hidden bias), mean and spread (of what the
    features other than the primary one add), simulated (mean over spread, 0 where nothing adds).
    """
    return pd.DataFrame([_row(model, linearity(model.config, model.weights)) for model in models])


def _row(model: Model, found: Linearity) -> dict[str, object]:
    config = model.config
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


def matrix_cells(weights: Weights, neurons: Sequence[int]) -> pd.DataFrame:
    """The input weights as a matrix, a row a neuron in this order, a column a feature.

    Columns: row, neuron, feature, weight.
    """
    chosen = np.asarray(neurons, int)
    m, n = len(chosen), weights.W1.shape[1]
    return pd.DataFrame(
        {
            "row": np.repeat(np.arange(m), n),
            "neuron": np.repeat(chosen, n),
            "feature": np.tile(np.arange(n), m),
            "weight": weights.W1[chosen].ravel().astype(np.float64),
        }
    )


def bias_points(models: Mapping[Config, Model]) -> pd.DataFrame:
    """Every hidden bias of every model. Columns: density, neuron, bias."""
    return pd.DataFrame(
        [
            {"density": config.feature_probability, "neuron": j, "bias": float(bias)}
            for config, model in models.items()
            for j, bias in enumerate(model.b_hidden)
        ],
        columns=["density", "neuron", "bias"],
    )
