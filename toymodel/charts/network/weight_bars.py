"""Raw weights as bars above and below the axis, a column a neuron, for small models."""

from __future__ import annotations

import json
import math
from typing import Any, Literal

import numpy as np
import pandas as pd

from toymodel.analysis.polysemanticity import neurons
from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme, feature_colour, ink_on, named_colours
from toymodel.charts.scales import rounded_up
from toymodel.charts.vega import click, layer, nominal, quantitative, tip, where
from toymodel.model import Weights

Side = Literal["input", "output"]
"""Of the neurons: their input weights W1[j], or their output weights W2[:, j]."""

SELECTION = "neuron"
"""The chart's selection parameter: a click on a bar selects its neuron."""

_MAX_COLUMNS_WITH_GAPS = 40
_MAX_COLUMNS_WITH_LEVEL_NUMBERS = 16  # at the arrows; those of more columns stand upright
_HEAD = 10  # pixels of an arrow's head
_NUMBER_HEIGHT, _NUMBER_LENGTH = 10, 26  # pixels
_UNLIT = 0.5
_NAME_HEIGHT, _NAME_WIDTH = 13, 24  # pixels that a feature's name needs in its block
_LONG = 2.0  # times where it would be clipped: a bar is long
_CLIP = 3.0  # of the lower quartile of the stacks: about as in the paper


def signed_bars(weights: Weights, *, side: Side = "input") -> pd.DataFrame:
    """Raw weights stacked away from the axis, positive ones above and negative ones below.

    Args:
        weights: the network.
        side: which of its weights.

    Returns:
        One row a weight. Columns: column (place in `by_feature`), neuron, feature, weight, low,
        high (the end away from the axis).
    """
    W = weights.W1 if side == "input" else weights.W2.T
    order = by_feature(weights)
    bars = pd.DataFrame(
        [
            {"column": column, "neuron": int(j), "feature": i, "weight": float(W[j, i])}
            for column, j in enumerate(order)
            for i in np.argsort(-np.abs(W[j]), kind="stable").tolist()
        ]
    )
    sign = np.where(bars["weight"] < 0, -1, 1)
    bars["high"] = bars.groupby([bars["column"], sign])["weight"].cumsum()
    bars["low"] = bars["high"] - bars["weight"]
    return bars


def by_feature(weights: Weights) -> list[int]:
    """Neurons by primary feature, so that pairs stand together, positive side first."""
    primary = neurons(weights.W1).primary
    side = -np.sign(weights.W1[np.arange(len(primary)), primary])
    return np.lexsort((side, primary)).tolist()


def clip_of(bars: pd.DataFrame) -> float | None:
    """Where long bars are clipped: at three of a short stack; None where none is twice as long."""
    columns = bars["column"].to_numpy()
    far = np.zeros(1 + columns.max(initial=-1))
    np.maximum.at(far, columns, bars["high"].abs().to_numpy())
    ends = far[np.unique(columns)]
    clip = rounded_up(_CLIP * float(np.quantile(ends, 0.25))) if len(ends) else 0.0
    return clip if clip and ends.max() > _LONG * clip else None


def reach_of(bars: pd.DataFrame) -> float | None:
    """How far the axis goes where nothing is clipped."""
    return rounded_up(1.05 * bars["high"].abs().to_numpy().max(initial=0)) or None


def weight_bars(
    bars: pd.DataFrame,
    *,
    n_features: int,
    title: str,
    theme: Theme,
    height: int = 150,
    reach: float | None = None,
    legend: bool = False,
    chosen: tuple[int, ...] | None = None,
    clip: float | None = None,
    names: bool = False,
    fitted: bool = False,
) -> Chart:
    """A stack of bars a neuron, one colour a feature.

    Args:
        bars: what `signed_bars` gives. Two more columns are used where they are there: bars whose
            `lit` is false are grey, and tooltips have their `role`.
        n_features: of the network.
        title: above the chart.
        theme: the colours.
        height: in pixels.
        reach: how far the vertical axis goes to either side, for charts that are compared.
        legend: whether to name the features' colours.
        chosen: the features that matter of many, which then have colours of their own.
        clip: where bars are cut, with an arrow and the weight at which the stack ends. The axis
            goes no further, but has room for these on both sides; with a `reach`, even where
            nothing is cut.
        names: whether the columns have the numbers of their neurons.
        fitted: whether the vertical axis ends where the bars do, on either side.
    """
    count = int(bars["column"].to_numpy().max()) + 1
    far = reach or float(bars[["low", "high"]].abs().to_numpy().max()) * 1.1
    tables = {"axis": pd.DataFrame({"y": [0]})}
    if clip is not None:
        far = min(far, clip)
        cut = _cut(bars, clip)
        if reach or len(cut):
            tables["cut"] = cut
        bars = bars.loc[bars[["low", "high"]].abs().min(axis=1) < clip]
        bars = bars.assign(**bars[["low", "high"]].clip(-clip, clip))
    low, high = _ends(bars, far) if fitted else (-far, far)
    bars = bars.assign(start=bars["column"] + 0.05, end=bars["column"] + 0.95)
    lit = "lit" in bars
    colour = feature_colour(n_features, chosen) | {"legend": {} if legend else None}
    seen = {"color": colour}
    if lit:
        seen = {
            "color": where("datum.lit", colour, {"value": theme.faint}),
            "fillOpacity": where("datum.lit", {"value": 1}, {"value": _UNLIT}),
        }
    told = [tip("neuron"), tip("feature"), tip("weight", format="+.3f")]
    if "role" in bars:
        told.append(tip("role"))
    gap = 0.5 if count <= _MAX_COLUMNS_WITH_GAPS else 0.1
    layers = [
        layer(
            "bars",
            {"type": "rect", "stroke": theme.gap, "strokeWidth": gap},
            {
                "x": _columns(bars, count, names=names),
                "x2": {"field": "end"},
                "y": _heights((low, high), count, arrows="cut" in tables),
                "y2": {"field": "high"},
                **seen,
                "tooltip": told,
            },
            name="bars",
        ),
        layer(
            "axis",
            {"type": "rule", "color": theme.ink, "strokeWidth": 2},
            {"y": quantitative("y")},
        ),
    ]
    if "cut" in tables:
        ink: Spec = {"value": theme.ink}
        if lit:
            ink = where("datum.lit", ink, {"value": theme.node})
        layers += _arrows(count, seen["color"], ink, told)
    labels = _labels(bars, named_colours(n_features, chosen), height / (high - low) if far else 0)
    if len(labels):
        tables["labels"] = labels
        layers.append(_label_layer(count))
    spec = {
        "layer": layers,
        "params": [click(SELECTION, "bars", "neuron")],
        "height": height,
        "title": {"text": title, "anchor": "start", "fontSize": 13, "fontWeight": "normal"},
        "description": f"{title}: bars of each neuron's weights, positive above the axis.",
    }
    return Chart(spec, {"bars": bars} | tables)


def _labels(bars: pd.DataFrame, colours: dict[int | str, str], pixels: float) -> pd.DataFrame:
    # The names of the blocks that are high enough; grey blocks have none.
    large = (bars["high"] - bars["low"]).abs() * pixels >= _NAME_HEIGHT
    large &= bars["feature"].isin(list(colours))
    if "lit" in bars:
        large &= bars["lit"].astype(bool)
    drawn = bars.loc[large]
    return pd.DataFrame(
        {
            "middle": drawn["column"] + 0.5,
            "at": (drawn["low"] + drawn["high"]) / 2,
            "name": [f"f{feature}" for feature in drawn["feature"]],
            "ink": [ink_on(colours[feature]) for feature in drawn["feature"]],
        }
    )


def _label_layer(count: int) -> Spec:
    return layer(
        "labels",
        {"type": "text", "fontSize": 10, "baseline": "middle"},
        {
            "x": quantitative("middle"),
            "y": quantitative("at"),
            "text": nominal("name"),
            "color": nominal("ink", scale=None),
        },
        transform=[{"filter": f"width > {count * _NAME_WIDTH}"}],
    )


def _columns(bars: pd.DataFrame, count: int, *, names: bool) -> Spec:
    scale = {"domain": [0, count], "nice": False}
    if not names:
        return quantitative("start", scale=scale, axis=None)
    neurons = dict(zip(bars["column"], bars["neuron"], strict=True))
    labels = json.dumps([str(neurons.get(column, "")) for column in range(count)])
    axis = {
        "values": [place + 0.5 for place in range(count)],
        "tickCount": count,  # or only every other one is written in a narrow chart
        "labelExpr": f"{labels}[floor(datum.value)]",
        "labelAngle": 0,
        "grid": False,
        "ticks": False,
        "domain": False,
    }
    return quantitative("start", scale=scale, axis=axis, title="neuron")


def _ends(bars: pd.DataFrame, far: float) -> tuple[float, float]:
    heights = bars["high"].to_numpy()
    low, high = (min(far, rounded_up(1.05 * max(0.0, e))) for e in (-heights.min(), heights.max()))
    return (-low, high) if low or high else (-far, far)


def _heights(ends: tuple[float, float], count: int, *, arrows: bool) -> Spec:
    scale: Spec = {"domain": list(ends)}
    reach = max(map(abs, ends))
    axis: Spec = {
        "tickCount": 5,
        "format": "+.3~r",
        "labelExpr": "datum.value == 0 ? '0' : datum.label",
    }
    if arrows:
        level = count <= _MAX_COLUMNS_WITH_LEVEL_NUMBERS
        room = _HEAD + 4 + (_NUMBER_HEIGHT if level else _NUMBER_LENGTH)
        scale |= {"nice": False, "padding": room}
        axis["values"] = [tick for tick in _ticks(reach) if ends[0] <= tick <= ends[1]]
    elif 1 <= reach < 2:
        axis["values"] = [-1, 0, 1]
    return quantitative("low", title=None, scale=scale, axis=axis)


def _ticks(reach: float) -> list[float]:
    # Five at most, and none where the arrows are.
    power = 10.0 ** math.floor(math.log10(reach))
    step = next(part * power for part in (0.5, 1, 2, 5) if reach / (part * power) < 3)
    most = math.floor(reach / step)
    return [k * step for k in range(-most, most + 1)]


def _cut(bars: pd.DataFrame, clip: float) -> pd.DataFrame:
    # The bar of each stack that goes on beyond, and how far it is to the next such stack.
    beyond = bars.loc[bars["high"].abs() > clip]
    beyond = beyond.assign(side=np.sign(beyond["weight"]), size=beyond["high"].abs())
    beyond = beyond.sort_values(["side", "column", "size"])
    cut = beyond.drop_duplicates(["side", "column"])
    # The number is that of the whole stack, as a small bar may lie where it is cut.
    ends = beyond.drop_duplicates(["side", "column"], keep="last")["high"]
    gaps = cut.groupby("side")["column"].diff()
    before, after = gaps.fillna(math.inf), gaps.groupby(cut["side"]).shift(-1).fillna(math.inf)
    return cut.assign(
        middle=cut["column"] + 0.5,
        end=cut["side"] * clip,
        free=np.minimum(np.minimum(before, after), bars["column"].max() + 1),
        number=[_short(end) for end in ends],
    )


def _short(weight: float) -> str:
    return f"{weight:+.{1 if abs(weight) < 10 else 0}f}".replace("-", "−")


def _arrows(count: int, colour: Spec, ink: Spec, told: list[Spec]) -> list[Spec]:
    level = count <= _MAX_COLUMNS_WITH_LEVEL_NUMBERS
    width = count * (_NUMBER_LENGTH if level else _NUMBER_HEIGHT)
    ends = {"x": quantitative("middle"), "y": quantitative("end"), "tooltip": told}
    layers: list[Spec] = []
    for side, shape in ((1, "triangle-up"), (-1, "triangle-down")):
        head = {"type": "point", "shape": shape, "size": _HEAD**2, "filled": True, "opacity": 1}
        number: dict[str, Any] = {"type": "text", "fontSize": _NUMBER_HEIGHT}
        if level:
            number["baseline"] = "bottom" if side > 0 else "top"
        else:
            number |= {"angle": 270, "align": "left" if side > 0 else "right"}
        here = {"filter": f"datum.side == {side}"}
        layers += [
            layer(
                "cut",
                head | {"yOffset": -side * _HEAD / 2},
                ends | {"color": colour},
                transform=[here],
            ),
            layer(
                "cut",
                number | {"yOffset": -side * (_HEAD + 2)},
                ends | {"text": nominal("number"), "color": ink},
                transform=[here, {"filter": f"datum.free * width > {width}"}],
            ),
        ]
    return layers
