"""How often a neuron is how active, and which feature contributes most when it is."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd

from toymodel.analysis.activations import EDGES, STEP, Activity
from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme, feature_colour
from toymodel.charts.network.stack_plot import OTHERS
from toymodel.charts.vega import layer, nominal, quantitative, tip

MAX_BARS = 75
"""Bars of a histogram, however far activations go beyond what one feature reaches."""

_ACROSS = ["activation, as a share of", "what the primary feature alone reaches"]
_LETTER, _SYMBOL = 6.3, 30  # pixels of the legend
_LEGEND_WIDTH = 270  # pixels for the named features in a chart 350 wide, beside "others"
_MAX_LEGEND_COLUMNS = 4


def activation_bars(activity: Activity, *, log: bool = False) -> pd.DataFrame:
    """The activation histogram from `EDGES[0]` of the range on.

    Args:
        activity: of the neuron.
        log: whether heights are for a log scale. There the height of a bar is its count, and its
            blocks divide that height as the feature's share divides the count.

    Returns:
        One row a block of a bar. Columns: start, end (of the interval, shares of the range),
        feature (OTHERS for those not told apart), name, per_million (inputs of a million), share
        (of the bar, 0 to 1), low, high (where it is drawn).
    """
    first = round(EDGES[0] / STEP)
    counts = activity.weight[first:] * (1e6 / activity.examples)
    width = max(2, math.ceil(len(counts) / MAX_BARS))
    bars = np.add.reduceat(counts, np.arange(0, len(counts), width))
    bar, group = np.nonzero(bars)
    total = bars.sum(axis=1)
    above = np.cumsum(bars, axis=1)
    features = np.array([*activity.features, OTHERS])
    names = [f"f{i}" + (", primary" if not k else "") for k, i in enumerate(activity.features)]
    table = pd.DataFrame(
        {
            "start": EDGES[0] + bar * width * STEP,
            "end": EDGES[0] + (bar + 1) * width * STEP,
            "feature": features[group],
            "name": np.array([*names, "others"], dtype=object)[group],
            "per_million": bars[bar, group],
            "share": bars[bar, group] / total[bar],
            "high": above[bar, group],
        }
    )
    table["low"] = table["high"] - table["per_million"]
    if log:
        # What is rarer than a tenth of one input would stretch the scale over nothing to see.
        floor = max(float(total[total > 0].min(initial=1)) / 2, 1e5 / activity.examples)
        table = table.loc[total[bar] > floor].reset_index(drop=True)
        whole = total[bar][total[bar] > floor]
        for edge in ("low", "high"):
            table[edge] = floor * (whole / floor) ** (table[edge] / whole)
    return table


def activation_histogram(
    activity: Activity,
    *,
    n_features: int,
    log: bool,
    theme: Theme,
    height: int,
    threshold: float | None = None,
) -> Chart:
    """A bar an interval of activation, and in it a block a feature that contributes most.

    Args:
        activity: of the neuron.
        n_features: of the network.
        log: whether the vertical axis is logarithmic.
        theme: the colours.
        height: in pixels.
        threshold: an activation to mark, as a share of the range.
    """
    bars = activation_bars(activity, log=log)
    bars["activation"] = [
        f"{start:.3g}–{end:.3g}" for start, end in zip(bars["start"], bars["end"], strict=True)
    ]
    drawn = dict(zip(bars["feature"], bars["name"], strict=True))
    fires = bool(activity.weight.sum())
    names = {i: drawn.get(i, f"f{i}") for i in activity.features if fires}
    others = bars["feature"] == OTHERS
    box = {
        "x": quantitative("start", title=_ACROSS, axis={"tickCount": 6, "grid": False}),
        "x2": {"field": "end"},
        "y": _heights(bars, log=log),
        "y2": {"field": "high"},
        "tooltip": [
            tip("activation"),
            tip("name", "contributes most"),
            tip("per_million", "inputs of a million", ",.3~g"),
            tip("share", "share of the bar", ".1%"),
        ],
    }
    block = {"type": "rect", "stroke": theme.gap, "strokeWidth": 0.5}
    colour = feature_colour(n_features, list(names)) | {"legend": _legend(names)}
    # Grey has a scale of its own, so that the features keep the colours they have everywhere.
    grey = nominal(
        "name",
        scale={"range": [theme.faint]},
        legend={"orient": "bottom", "title": None} if others.to_numpy().any() else None,
    )
    middle = float(bars["end"].to_numpy().max()) / 2 if len(bars) else math.inf
    left = threshold is not None and threshold > middle
    text = {
        "type": "text",
        "align": "right" if left else "left",
        "baseline": "bottom",
        "dy": -3,
        "fontSize": 12,
        "color": theme.mark,
    }
    rule = {"type": "rule", "color": theme.mark, "strokeDash": [5, 4], "strokeWidth": 1.5}
    at = {"x": quantitative("threshold", title=_ACROSS)}
    spec = {
        "layer": [
            layer("named", block, {**box, "color": colour}),
            layer("others", block, {**box, "fill": grey}),
            layer("threshold", rule, at),
            layer("threshold", text, {**at, "y": {"value": 0}, "text": {"value": "threshold"}}),
        ],
        "height": height,
        "description": (
            "How many inputs of a million activate the neuron how much, "
            "and which feature contributes most to it; dashed: the threshold."
        ),
    }
    tables = {
        "named": bars.loc[~others],
        "others": bars.loc[others],
        "threshold": pd.DataFrame({"threshold": [] if threshold is None else [threshold]}),
    }
    return Chart(spec, tables)


def _heights(bars: pd.DataFrame, *, log: bool) -> Spec:
    axis: Spec = {
        "tickCount": 5,
        "labelExpr": "format(datum.value, datum.value < 1000 ? '~g' : '~s')",
    }
    scale: Spec = {"zero": True}
    if log:
        low, high = 1.0, 1e6
        if len(bars):
            low, high = float(bars["low"].to_numpy().min()), float(bars["high"].to_numpy().max())
        scale = {"type": "log", "domain": [low, high], "nice": False}
        powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
        axis["values"] = [10.0**power for power in powers]
    return quantitative("low", title="inputs of a million", scale=scale, axis=axis)


def _legend(names: dict[int, str]) -> Spec | None:
    # A legend without entries has no size, and no chart can be drawn around it.
    if not names:
        return None
    width = _LETTER * max(map(len, names.values())) + _SYMBOL
    return {
        "type": "symbol",
        "orient": "bottom",
        "title": None,
        "values": list(names),
        "columns": min(_MAX_LEGEND_COLUMNS, max(1, int(_LEGEND_WIDTH / width))),
        "labelExpr": f"{json.dumps(names)}[datum.value]",
        "labelLimit": 200,
    }
