"""A small histogram of every neuron of a layer, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from toymodel.analysis.activations import BINS
from toymodel.analysis.polysemanticity import UNUSED, Neurons
from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme
from toymodel.charts.vega import click, layer, nominal, quantitative, tip

SELECTION = "neuron"
"""The chart's selection parameter: a click on a histogram selects its neuron."""

_ROW = 76  # pixels
_MARGIN = 0.04  # of a cell
_BASE, _TALL = 0.94, 0.66  # the axis of a histogram and its height, in rows
_MILLION = 1e6


def neuron_grid(
    counts: Float[np.ndarray, "neuron bin leads"],
    found: Neurons,
    order: Sequence[int],
    *,
    per_row: int,
    theme: Theme,
    selected: int | None = None,
) -> Chart:
    """The histograms of some neurons' activations, in rows.

    Heights are logarithms of the number of inputs of a million, from 1 to the largest. What the
    primary feature leads is coloured, and its part of a bar is its share of the inputs.

    Args:
        counts: what `histograms_of_all` gives.
        found: what the neurons hold.
        order: the neurons that are drawn, from left to right and from top to bottom.
        per_row: how many stand side by side.
        theme: the colours.
        selected: a neuron to mark.
    """
    place = np.arange(len(order))
    row, column = np.divmod(place, per_row)
    classes = [found.classes[j] for j in order]
    cells = pd.DataFrame(
        {
            "neuron": list(order),
            "name": [_name(found, j) for j in order],
            "class": classes,
            "effective": found.effective_features[list(order)],
            "background": [theme.class_background[name] for name in classes],
            "ink": [theme.class_ink[name] for name in classes],
            "x": column + _MARGIN / 2,
            "x2": column + 1 - _MARGIN / 2,
            "y": row + _MARGIN,
            "y2": row + 1,
            "name_x": column + 2 * _MARGIN,
            "name_y": row + 4 * _MARGIN,
        }
    )
    rows = math.ceil(len(order) / per_row)
    scales = {
        "x": {"domain": [0, per_row], "nice": False},
        "y": {"domain": [rows, 0], "nice": False},
    }

    def at(x: str, y: str) -> Spec:
        return {
            "x": quantitative(x, scale=scales["x"], axis=None),
            "y": quantitative(y, scale=scales["y"], axis=None),
        }

    box = {**at("x", "y"), "x2": {"field": "x2"}, "y2": {"field": "y2"}}
    told = [
        tip("name", "neuron"),
        tip("class"),
        tip("effective", "effective features", ".2f"),
    ]
    # One path a neuron: a mark a bar would be thousands.
    steps = {"type": "area", "interpolate": "step-after", "opacity": 1}
    bars = {"detail": [nominal("neuron")], "y2": {"field": "base"}}
    spec = {
        "layer": [
            layer("cells", "rect", {**box, "fill": nominal("background", scale=None)}),
            layer("bars", steps | {"color": theme.node}, {**at("x", "all"), **bars}),
            layer("bars", steps | {"color": theme.negative}, {**at("x", "leads"), **bars}),
            layer(
                "cells",
                {"type": "text", "align": "left", "baseline": "middle", "fontSize": 11},
                {
                    **at("name_x", "name_y"),
                    "text": nominal("name"),
                    "color": nominal("ink", scale=None),
                },
            ),
            layer(
                "selected",
                {"type": "rect", "filled": False, "stroke": theme.mark, "strokeWidth": 2},
                box,
            ),
            # On top, so that the whole of a cell takes the click and the pointer.
            layer(
                "cells",
                {"type": "rect", "opacity": 0, "cursor": "pointer"},
                {**box, "tooltip": told},
                name="cells",
            ),
        ],
        "params": [click(SELECTION, "cells", "neuron")],
        "height": rows * _ROW,
        "description": (
            "A small histogram of every neuron's activations on a log scale; coloured: what its "
            "primary feature leads. The background is its class."
        ),
    }
    tables = {
        "cells": cells,
        "bars": _bars(counts, order, row, column),
        "selected": cells.loc[cells["neuron"] == selected],
    }
    return Chart(spec, tables)


def _name(found: Neurons, j: int) -> str:
    return f"n{j}" if found.classes[j] == UNUSED else f"n{j} · f{found.primary[j]}"


def _bars(
    counts: np.ndarray, order: Sequence[int], row: np.ndarray, column: np.ndarray
) -> pd.DataFrame:
    # One row an edge of a bin; the last one closes the path.
    shown = counts[list(order)]
    total = shown.sum(axis=2)
    levels = np.log10(np.maximum(total * _MILLION, 1))
    levels /= levels.max(initial=1)
    share = np.divide(shown[:, :, 0], total, out=np.zeros_like(total), where=total > 0)
    edges, base = np.array(BINS), np.repeat((row + _BASE)[:, None], len(BINS), axis=1)
    # Room on either side of the cell.
    x = column[:, None] + 2 * _MARGIN + (1 - 4 * _MARGIN) * edges / edges[-1]

    def tops(heights: np.ndarray) -> np.ndarray:
        closed = np.concatenate([heights, heights[:, -1:]], axis=1)
        return base - _TALL * closed

    table = pd.DataFrame(
        {
            "neuron": np.repeat(list(order), len(BINS)),
            "x": x.ravel(),
            "base": base.ravel(),
            "all": tops(levels).ravel(),
            "leads": tops(levels * share).ravel(),
        }
    )
    return table.round(4)
