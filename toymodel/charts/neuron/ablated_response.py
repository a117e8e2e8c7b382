"""A feature's output with a neuron on and off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from toymodel.charts.chart import Chart
from toymodel.charts.lines import lines
from toymodel.charts.look import Theme
from toymodel.charts.network.output_response import responses
from toymodel.config import Config
from toymodel.model import Weights


def ablated_response(
    config: Config, weights: Weights, neuron: int, feature: int, *, theme: Theme, height: int
) -> Chart:
    """The output of a feature present alone, with the neuron on and off, and the target.

    Args:
        config: of the network.
        weights: the network.
        neuron: the one that is switched off.
        feature: whose output is drawn.
        theme: the colours.
        height: in pixels.
    """
    kept = np.arange(config.n_neurons) != neuron
    without = replace(weights, W2=np.where(kept, weights.W2, np.float32(0)))
    on, off = (responses(config, each, [feature]) for each in (weights, without))
    curves = {
        f"with neuron {neuron}": on["output"],
        "without it": off["output"],
        f"target {config.definition.symbol}": on["target"],
    }
    table = pd.concat(
        [pd.DataFrame({"series": name, "x": on["x"], "y": y}) for name, y in curves.items()],
        ignore_index=True,
    )
    return lines(
        table,
        across=f"value of f{feature}, alone",
        up=f"output {feature}",
        series=list(curves),
        colours=(theme.negative, theme.positive, theme.ink),
        dashes=((1, 0), (6, 3), (2, 3)),
        height=height,
    )
