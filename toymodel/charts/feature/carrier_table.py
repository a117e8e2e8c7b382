"""The neurons that carry a feature, as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from toymodel.analysis.features import carriers
from toymodel.analysis.polysemanticity import Thresholds, neurons, path_gain
from toymodel.model import Weights


def carrier_table(
    weights: Weights, feature: int, thresholds: Thresholds | None = None
) -> pd.DataFrame:
    """The neurons that carry a feature, the largest path gain first.

    Columns: neuron, side ("positive" or "negative": the sign of x that drives it), path_gain,
    w_in, w_out, class, primary (feature of the neuron).
    """
    order = carriers(weights, feature)
    found = neurons(weights.W1, thresholds)
    w_in = weights.W1[order, feature]
    return pd.DataFrame(
        {
            "neuron": order,
            "side": np.where(w_in > 0, "positive", "negative"),
            "path_gain": path_gain(weights.W1, weights.W2)[order, feature],
            "w_in": w_in,
            "w_out": weights.W2[feature, order],
            "class": np.array(found.classes, dtype=object)[order],
            "primary": found.primary[order],
        }
    )
