"""One neuron's weights: all of them as a table, and the largest as bars."""

from __future__ import annotations

import numpy as np
import pandas as pd

from toymodel.analysis.polysemanticity import path_gain, superposition
from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme
from toymodel.charts.ranked_bars import ranked_bars
from toymodel.config import Config
from toymodel.model import Weights

MAX_BARS = 16
"""Weights that are drawn of a neuron."""


def neuron_weights(config: Config, weights: Weights, neuron: int) -> pd.DataFrame:
    """One neuron's weights, one row a feature, largest input weight first.

    Columns: feature, importance, w_in, w_out, path_gain, superposition (NaN if the feature is not
    represented).
    """
    table = pd.DataFrame(
        {
            "feature": np.arange(config.n_features),
            "importance": config.importance,
            "w_in": weights.W1[neuron],
            "w_out": weights.W2[:, neuron],
            "path_gain": path_gain(weights.W1, weights.W2)[neuron],
            "superposition": superposition(weights.W1),
        }
    )
    return table.sort_values("w_in", key=np.abs, ascending=False, ignore_index=True)


def largest_weights(
    table: pd.DataFrame, value: str, *, title: str, theme: Theme, height: int
) -> Chart:
    """The 16 largest of a neuron's weights by size, those of 0 left out: a bar a feature.

    Args:
        table: as `neuron_weights` gives it.
        value: the column that is drawn.
        title: of the vertical axis.
        theme: the colours.
        height: in pixels.
    """
    order = table.sort_values(value, key=np.abs, ascending=False, kind="stable")
    largest = order.loc[order[value] != 0].head(MAX_BARS)
    return ranked_bars(largest, of="feature", value=value, title=title, theme=theme, height=height)
