"""Every weight of a network as a table, for a file."""

from __future__ import annotations

import numpy as np
import pandas as pd

from toymodel.model import Weights


def weight_table(weights: Weights) -> pd.DataFrame:
    """Every weight, one row a pair of neuron and feature, ordered by neuron, then feature.

    Columns: neuron, feature, w_in, w_out.
    """
    m, n = weights.W1.shape
    return pd.DataFrame(
        {
            "neuron": np.repeat(np.arange(m), n),
            "feature": np.tile(np.arange(n), m),
            "w_in": weights.W1.ravel(),
            "w_out": weights.W2.T.ravel(),
        }
    )
