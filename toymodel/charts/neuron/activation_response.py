"""A neuron's activation when one feature alone is present, or two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme
from toymodel.charts.network.output_response import POINTS, response_lines
from toymodel.charts.response_map import response_map
from toymodel.config import Config
from toymodel.model import Weights

_CELLS = 40  # along either side of a map


def activation_response(
    config: Config,
    weights: Weights,
    neuron: int,
    features: Sequence[int],
    *,
    theme: Theme,
    height: int,
) -> Chart:
    """The neuron's activation against the value of one feature alone, a line a feature.

    Args:
        config: of the network.
        weights: the network.
        neuron: whose activation it is.
        features: those whose lines are drawn.
        theme: the colours.
        height: in pixels.
    """
    task = config.definition
    x = np.linspace(task.low, task.high, POINTS, dtype=np.float32)
    w = weights.W1[neuron, list(features)]
    table = pd.DataFrame(
        {
            "feature": np.repeat(np.array(features, int), POINTS),
            "x": np.tile(x, len(features)),
            "output": weights.activate(np.outer(w, x) + weights.b_hidden[neuron]).ravel(),
        }
    )
    return response_lines(table, config.n_features, up="activation", theme=theme, height=height)


def activation_map(
    config: Config,
    weights: Weights,
    neuron: int,
    one: int,
    other: int,
    *,
    theme: Theme,
    height: int,
) -> Chart:
    """The neuron's activation for the values of two features, the rest absent.

    Args:
        config: of the network.
        weights: the network.
        neuron: whose activation it is.
        one: the feature on the horizontal axis.
        other: the feature on the vertical axis.
        theme: the colours.
        height: in pixels.
    """
    task = config.definition
    edges = np.linspace(task.low, task.high, _CELLS + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    w = weights.W1[neuron]
    drive = w[one] * middle[None] + w[other] * middle[:, None] + weights.b_hidden[neuron]
    cells = pd.DataFrame(
        {
            "x": np.tile(edges[:-1], _CELLS),
            "x2": np.tile(edges[1:], _CELLS),
            "y": np.repeat(edges[:-1], _CELLS),
            "y2": np.repeat(edges[1:], _CELLS),
            "value": weights.activate(drive).ravel(),
        }
    )
    return response_map(
        cells,
        across=f"value of f{one}",
        up=f"value of f{other}",
        value="activation",
        theme=theme,
        height=height,
    )
