"""How much of their ReLU networks use, as a table.

Paper: "Limitations of the ReLU Hidden Layer Toy Model Simulating Identity".
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from toymodel.analysis.linearity import loss_without_relu, simulated_bias
from toymodel.analysis.loss import superposition_gain
from toymodel.model import Model


def linearity_table(models: Sequence[Model]) -> pd.DataFrame:
    """How much of their ReLU some networks use, one row a model, of means over its neurons.

    Columns: task, hidden_bias, features, neurons, density, loss, gain, without_relu (the loss
    without the hidden ReLU), factor (that over the loss), bias_low, bias_high (the smallest and the
    largest hidden bias), mean and spread (of what the features other than the primary one add),
    simulated (mean over spread, 0 where nothing adds).
    """
    return pd.DataFrame([_row(model) for model in models])


def _row(model: Model) -> dict[str, object]:
    config, found = model.config, simulated_bias(model.config, model.weights)
    without = loss_without_relu(config, model.weights)
    mean, spread = float(found.mean.mean()), float(found.spread.mean())
    return {
        "task": config.task,
        "hidden_bias": config.hidden_bias,
        "features": config.n_features,
        "neurons": config.n_neurons,
        "density": config.feature_probability,
        "loss": model.loss,
        "gain": superposition_gain(config, model.loss),
        "without_relu": without,
        "factor": without / model.loss if model.loss else float("inf"),
        "bias_low": float(model.b_hidden.min()),
        "bias_high": float(model.b_hidden.max()),
        "mean": mean,
        "spread": spread,
        "simulated": mean / spread if spread else 0.0,
    }
