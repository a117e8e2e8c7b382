"""Input weights as a matrix: a row a neuron, a column a feature."""

from __future__ import annotations

import numpy as np
import pandas as pd

from toymodel.analysis.polysemanticity import paper_order
from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme, signed_scale
from toymodel.charts.vega import click, layer, quantitative, tip
from toymodel.model import Weights

SELECTION = "neuron"
"""The chart's selection parameter: a click on a cell selects its neuron."""

_MAX_COLUMNS_WITH_GAPS = 20
_MAX_LABELS = 10


def weight_matrix(weights: Weights, *, theme: Theme, height: int) -> Chart:
    """The input weights W1, neurons in the paper's order from above; colours end at the largest.

    Args:
        weights: the network.
        theme: the colours.
        height: in pixels.
    """
    m, n = weights.W1.shape
    order = paper_order(weights.W1)
    row, feature = np.repeat(np.arange(m), n), np.tile(np.arange(n), m)
    weight = weights.W1[order].ravel().astype(np.float64)
    cells = pd.DataFrame(
        {
            "neuron": np.repeat(order, n),
            "feature": feature,
            "weight": weight,
            "x": feature,
            "x2": feature + 1,
            "y": row,
            "y2": row + 1,
        }
    )
    reach = float(np.abs(weight).max()) or 1.0
    plain = {"grid": False, "ticks": False, "domain": False, "labelOverlap": False}
    features = plain | {
        "values": [place + 0.5 for place in range(0, n, -(-n // _MAX_LABELS))],
        "labelExpr": "floor(datum.value)",
    }
    # A row's label is its neuron's number, and rows are in another order than numbers.
    neurons = plain | {
        "values": [place + 0.5 for place in range(0, m, -(-m // _MAX_LABELS))],
        "labelExpr": f"{order.tolist()}[floor(datum.value)]",
    }
    bar = {"title": "weight", "gradientLength": height / 2, "gradientThickness": 8}
    spec = {
        "layer": [
            layer(
                "cells",
                {
                    "type": "rect",
                    "cursor": "pointer",
                    "stroke": theme.gap,
                    "strokeWidth": 1 if n <= _MAX_COLUMNS_WITH_GAPS else 0,
                },
                {
                    "x": quantitative(
                        "x", title="feature", scale={"domain": [0, n], "nice": False}, axis=features
                    ),
                    "x2": {"field": "x2"},
                    "y": quantitative(
                        "y", title="neuron", scale={"domain": [m, 0], "nice": False}, axis=neurons
                    ),
                    "y2": {"field": "y2"},
                    "color": quantitative("weight", scale=signed_scale(reach, theme), legend=bar),
                    "tooltip": [tip("neuron"), tip("feature"), tip("weight", format="+.3f")],
                },
                name="cells",
            )
        ],
        "params": [click(SELECTION, "cells", "neuron")],
        "height": height,
        "view": {"stroke": theme.faint},
        "description": (
            "Input weights as a matrix: a row a neuron, a column a feature; red: positive, blue: "
            "negative."
        ),
    }
    return Chart(spec, {"cells": cells})
