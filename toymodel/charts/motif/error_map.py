"""The error of an instance's receiving output over the values of its two features."""

from __future__ import annotations

import numpy as np
import pandas as pd

from toymodel.analysis.motifs import Motif
from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme
from toymodel.charts.response_map import response_map
from toymodel.config import Config
from toymodel.model import Weights

_CELLS = 40  # along either feature
_MAX_ERROR = 1.0  # colours end here, so that maps of several networks can be compared


def error_cells(config: Config, weights: Weights, motif: Motif) -> pd.DataFrame:
    """The error of the receiving output for two features; the others are 0.

    Returns:
        One row a cell. Columns: x, x2, y, y2 (its edges: values of the interfering and of the
        receiving feature), value (output less target, in the cell's middle).
    """
    task = config.definition
    edges = np.linspace(task.low, task.high, _CELLS + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    x = np.zeros((config.n_features, _CELLS * _CELLS), np.float32)
    x[motif.interfering_feature] = np.tile(middle, _CELLS)
    x[motif.receiving_feature] = np.repeat(middle, _CELLS)
    error = (weights.output(x) - task.target(x))[motif.receiving_feature]
    return pd.DataFrame(
        {
            "x": np.tile(edges[:-1], _CELLS),
            "x2": np.tile(edges[1:], _CELLS),
            "y": np.repeat(edges[:-1], _CELLS),
            "y2": np.repeat(edges[1:], _CELLS),
            "value": error.astype(np.float64),
        }
    )


def error_map(
    config: Config, weights: Weights, motif: Motif, *, theme: Theme, height: int
) -> Chart:
    """A map of `error_cells`; red: the output is too large, blue: too small."""
    a, c = motif.interfering_feature, motif.receiving_feature
    return response_map(
        error_cells(config, weights, motif),
        across=f"value of f{a}",
        up=f"value of f{c}",
        value=f"error of output {c}",
        theme=theme,
        reach=_MAX_ERROR,
        height=height,
    )
