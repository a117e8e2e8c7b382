"""A small model as a graph: features above, neurons between, outputs below, signed edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme, feature_colour
from toymodel.charts.network.weight_bars import by_feature
from toymodel.charts.vega import click, layer, nominal, quantitative, tip
from toymodel.model import Weights

SELECTION = "neuron"
"""The chart's selection parameter: a click on a hidden neuron selects it."""

_MIN_WEIGHT = 0.03  # of the layer's largest
_MAIN, _MIN_MAIN = 0.3, 0.005  # of the feature's and of the layer's largest: a feature's main ones
_MAX_NUMBERS = 24
_SIGNS = ["positive", "negative"]
_NODE = 230

# A part's numbers: where they may stand on their edges, from the neuron on, best first; and the
# pixels that they take, in a chart as narrow as it can be.
_PLACES = np.array([1 / 3, 0.4, 0.27, 0.47, 0.54, 0.61, 0.68])
_LONG, _HIGH, _NARROW = 36, 15, 420
_PILL = "M-0.74,-0.26L0.74,-0.26A0.26,0.26,0,0,1,0.74,0.26L-0.74,0.26A0.26,0.26,0,0,1,-0.74,-0.26Z"
_PILL_WIDTH = 68
_PLATE = "M-0.9,-0.38H0.9V0.38H-0.9Z"

_TOLD = [tip("layer"), tip("feature"), tip("neuron"), tip("weight", format="+.3f")]


def edges(
    weights: Weights,
    features: Sequence[int] | None = None,
    neurons: Sequence[int] | None = None,
) -> pd.DataFrame:
    """The edges of a network; those below 3 % of their layer's largest are left out.

    The main ones of a feature stay down to 0.5 %: neurons have scales of their own, so that an
    output may be computed by weights that are all small beside those that inhibit another one.

    Args:
        weights: the network.
        features: those that are drawn, from left to right; all unless given.
        neurons: those that are drawn, from left to right; unless given all, by feature.

    Returns:
        One row an edge. Columns: layer ("W1" or "W2"), feature, neuron, weight, x, y, x2, y2:
        features at heights 2 (input) and 0 (output), neurons at 1; horizontal places 0 to 1.
    """
    across = list(range(weights.W1.shape[1]) if features is None else features)
    between = list(by_feature(weights) if neurons is None else neurons)
    rows: list[dict[str, Any]] = []
    for name, W in (("W1", weights.W1), ("W2", weights.W2.T)):
        part = W[np.ix_(between, across)]
        size = np.abs(part)
        largest = size.max(initial=0)
        main = size >= np.maximum(_MAIN * size.max(axis=0, initial=0), _MIN_MAIN * largest)
        shown = ((size >= _MIN_WEIGHT * largest) | main) & (part != 0)
        for place, k in np.argwhere(shown).tolist():
            at, neuron = (k + 0.5) / len(across), (place + 0.5) / len(between)
            ends = (at, 2.0, neuron, 1.0) if name == "W1" else (neuron, 1.0, at, 0.0)
            rows.append(
                {
                    "layer": name,
                    "feature": across[k],
                    "neuron": between[place],
                    "weight": float(part[place, k]),
                }
                | dict(zip(("x", "y", "x2", "y2"), ends, strict=True))
            )
    columns = ["layer", "feature", "neuron", "weight", "x", "y", "x2", "y2"]
    return pd.DataFrame(rows, columns=columns)


def network_graph(
    weights: Weights,
    *,
    theme: Theme,
    height: int = 260,
    features: Sequence[int] | None = None,
    neurons: Sequence[int] | None = None,
) -> Chart:
    """The network as a graph: an edge's colour and dashes are its sign.

    Its width is the square root of its size, so that beside a large weight others can be seen.

    Weights are written on the edges while they are few; in a whole network, few a neuron.

    Args:
        weights: the network.
        theme: the colours.
        height: in pixels.
        features: those that are drawn, from left to right; all unless given.
        neurons: those that are drawn, with their names, from left to right; unless given all, by
            feature and without names.
    """
    m, n = weights.W1.shape
    part = features is not None or neurons is not None
    drawn = edges(weights, features, neurons)
    numbers = len(drawn) <= (_MAX_NUMBERS if part else min(_MAX_NUMBERS, 2 * m))
    share = _staggered(drawn, height) if part and numbers else 0.5
    # Of the way from the neuron, which is where the edges of the second layer start.
    share = np.where(drawn["layer"] == "W1", 1 - share, share)
    drawn = drawn.assign(
        sign=np.where(drawn["weight"] > 0, *_SIGNS),
        size=drawn["weight"].abs(),
        middle_x=drawn["x"] + share * (drawn["x2"] - drawn["x"]),
        middle_y=drawn["y"] + share * (drawn["y2"] - drawn["y"]),
        # Outside of its edge, where the number does not touch that of the edge beside it.
        outside=[_outside(edge) for edge in drawn.itertuples()],
    )
    across = range(n) if features is None else features
    between = by_feature(weights) if neurons is None else neurons
    places, names = _hidden_layers(theme, None if neurons is None else len(neurons))
    spec = {
        "layer": [
            _edge_layer(theme),
            places,
            layer(
                "nodes",
                {"type": "circle", "size": _NODE, "opacity": 1},
                {
                    **_place("x", "y"),
                    "color": feature_colour(n, features) | {"legend": None},
                    "tooltip": tip("node"),
                },
            ),
            *names,
            *(
                layer(
                    "nodes",
                    {"type": "text", "fontSize": 11, "dy": shift, "color": theme.ink},
                    {**_place("x", "y"), "text": nominal("node")},
                    transform=[{"filter": f"datum.y == {y}"}],
                )
                for y, shift in ((2, -17), (0, 17))
            ),
            *(_number_layers(theme, plates=part) if numbers else []),
        ],
        "params": [click(SELECTION, "hidden", "neuron")],
        "resolve": {"scale": {"color": "independent"}},
        "height": height,
        "description": f"{'A part of the' if part else 'The'} model as a network.",
    }
    tables = {
        "edges": drawn,
        "nodes": pd.DataFrame(
            [
                {"x": (k + 0.5) / len(across), "y": y, "feature": i, "node": f"{name}{i}"}
                for y, name in ((2.0, "x"), (0.0, "y"))
                for k, i in enumerate(across)
            ]
        ),
        "hidden": pd.DataFrame(
            [
                {"x": (k + 0.5) / len(between), "y": 1.0, "neuron": j, "name": f"neuron {j}"}
                for k, j in enumerate(between)
            ]
        ),
    }
    return Chart(spec, tables)


def _place(x: str, y: str) -> Spec:
    return {
        "x": quantitative(x, scale={"domain": [0, 1]}, axis=None),
        "y": quantitative(y, scale={"domain": [-0.25, 2.25]}, axis=None),
    }


def _edge_layer(theme: Theme) -> Spec:
    def by_sign(values: list[Any]) -> Spec:
        return nominal("sign", scale={"domain": _SIGNS, "range": values}, legend=None)

    return layer(
        "edges",
        {"type": "rule", "opacity": 0.9},
        {
            **_place("x", "y"),
            "x2": {"field": "x2"},
            "y2": {"field": "y2"},
            "color": by_sign([theme.positive, theme.negative]),
            "strokeDash": by_sign([[1, 0], [5, 3]]),
            "strokeWidth": quantitative(
                "size", scale={"type": "sqrt", "domainMin": 0, "range": [0, 4]}, legend=None
            ),
            "tooltip": _TOLD,
        },
    )


def _hidden_layers(theme: Theme, named: int | None) -> tuple[Spec, list[Spec]]:
    # The neurons, which take the click, and the names of so many of them.
    encoding = {**_place("x", "y"), "tooltip": tip("neuron")}
    if named is None:
        mark = {"type": "circle", "color": theme.node, "size": _NODE, "opacity": 1}
        return layer("hidden", mark, encoding, name="hidden"), []
    # Smaller where there is no room for them beside each other.
    width = f"min({_PILL_WIDTH}, 0.95 * width / {named})"
    pill = {
        "type": "point",
        "shape": _PILL,
        "size": {"expr": f"pow({width}, 2)"},
        "filled": True,
        "opacity": 1,
        "fill": theme.background,
        "stroke": theme.node,
        "strokeWidth": 1.5,
        "cursor": "pointer",
    }
    name = {
        "type": "text",
        "fontSize": {"expr": f"{width} / {_PILL_WIDTH} * 11"},
        "color": theme.ink,
        "cursor": "pointer",
    }
    names = layer("hidden", name, {**encoding, "text": nominal("name")})
    return layer("hidden", pill, encoding, name="hidden"), [names]


def _number_layers(theme: Theme, *, plates: bool) -> list[Spec]:
    text = {"type": "text", "fontSize": 11, "color": theme.ink}
    encoding = {**_place("middle_x", "middle_y"), "text": quantitative("weight", format="+.2f")}
    if not plates:
        return [
            layer(
                "edges",
                text | {"align": "right" if side == "left" else "left", "dx": shift},
                encoding,
                transform=[{"filter": f"datum.outside == '{side}'"}],
            )
            for side, shift in (("left", -7), ("right", 7))
        ]
    # On a plate, because the number's edge runs through it, and often others too.
    encoding["tooltip"] = _TOLD
    plate = {
        "type": "point",
        "shape": _PLATE,
        "size": _LONG**2,
        "filled": True,
        "color": theme.background,
        "opacity": 0.85,
    }
    return [layer("edges", plate, encoding), layer("edges", text, encoding)]


def _staggered(drawn: pd.DataFrame, height: int) -> np.ndarray:
    """Where on its edge each number stands, from the neuron on, to be clear of the others."""
    chosen = np.zeros(len(drawn), int)
    for name in ("W1", "W2"):
        own = np.flatnonzero(drawn["layer"] == name)
        ends = drawn.iloc[own][["x2", "x"] if name == "W1" else ["x", "x2"]].to_numpy()
        across = _NARROW * (ends[:, :1] + np.diff(ends) * _PLACES)  # (edge, place)
        up = height / 2.5 * _PLACES
        # An edge that runs through a number is bad, and a number on a number is worse.
        apart = np.abs(across[:, None] - across) * 2 / _LONG
        apart[np.arange(len(own)), np.arange(len(own))] = 1
        alone = np.maximum(0, 1 - apart).sum(axis=1) + 0.2 * np.arange(len(_PLACES))
        place = np.zeros(len(own), int)
        for edge in [*range(len(own))] * 3:
            others = np.arange(len(own)) != edge
            beside = np.abs(across[edge][:, None] - across[others, place[others]]) < _LONG
            level = np.abs(up[:, None] - up[place[others]]) < _HIGH
            place[edge] = np.argmin(alone[edge] + 10 * (beside & level).sum(axis=1))
        chosen[own] = place
    return _PLACES[chosen]


def _outside(edge: Any) -> Literal["left", "right"]:
    feature, neuron = (edge.x, edge.x2) if edge.layer == "W1" else (edge.x2, edge.x)
    return "left" if neuron <= feature else "right"
