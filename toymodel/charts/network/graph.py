"""A small model as a graph: features above, neurons between, outputs below, signed edges."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from toymodel.charts.drawing import Drawing
from toymodel.charts.look import Theme, feature_colour

SELECTION = "neuron"
"""The name of the chart's selection parameter: a click on a hidden neuron selects it."""

_MOST_NUMBERS = 24
_SIGNS = ["positive", "negative"]
_NODE = 230

# A part's numbers: where they may stand on their edges, from the neuron on, best first; and the
# pixels that they take, in a chart as narrow as it can be.
_PLACES = np.array([1 / 3, 0.4, 0.27, 0.47, 0.54, 0.61, 0.68])
_LONG, _HIGH, _NARROW = 36, 15, 420
_PILL = "M-0.74,-0.26L0.74,-0.26A0.26,0.26,0,0,1,0.74,0.26L-0.74,0.26A0.26,0.26,0,0,1,-0.74,-0.26Z"
_PILL_WIDTH = 68
_PLATE = "M-0.9,-0.38H0.9V0.38H-0.9Z"


def network(
    edges: pd.DataFrame,
    *,
    n_features: int,
    n_neurons: int,
    theme: Theme,
    height: int = 260,
    features: Sequence[int] | None = None,
    neurons: Sequence[int] | None = None,
) -> Drawing:
    """The graph of `frames.edges`: width is size, colour and dashes are the sign.

    features, neurons: where only some of the model's are drawn, which, from left to right; such
    neurons are named. Weights are written on the edges while they are few, and few a neuron
    unless a part is drawn.
    """
    across = range(n_features) if features is None else features
    count = n_neurons if neurons is None else len(neurons)
    part = features is not None or neurons is not None
    numbers = len(edges) <= (_MOST_NUMBERS if part else min(_MOST_NUMBERS, 2 * n_neurons))
    share = _staggered(edges, height) if part and numbers else 0.5
    # Of the way from the neuron, which is where the edges of the second layer start.
    share = np.where(edges["layer"] == "W1", 1 - share, share)
    edges = edges.assign(
        sign=np.where(edges["weight"] > 0, *_SIGNS),
        size=edges["weight"].abs(),
        middle_x=edges["x"] + share * (edges["x2"] - edges["x"]),
        middle_y=edges["y"] + share * (edges["y2"] - edges["y"]),
        # Outside of its edge, where the number does not touch that of the edge beside it.
        outside=[_outside(edge) for edge in edges.itertuples()],
    )
    nodes = pd.DataFrame(
        [
            {"x": (k + 0.5) / len(across), "y": height_, "feature": i, "node": f"{name}{i}"}
            for height_, name in ((2.0, "x"), (0.0, "y"))
            for k, i in enumerate(across)
        ]
    )
    hidden = pd.DataFrame({"x": [(j + 0.5) / count for j in range(count)], "y": 1.0})
    if neurons is None:
        ends = edges.assign(x=edges["x"].where(edges["layer"] == "W2", edges["x2"]))
        at = dict(zip(ends["x"], ends["neuron"], strict=True))
        hidden["neuron"] = [at.get(x) for x in hidden["x"]]
    else:
        hidden = hidden.assign(neuron=list(neurons), name=[f"neuron {j}" for j in neurons])
    template = _template(
        n_features,
        None if features is None else tuple(features),
        None if neurons is None else count,
        theme,
        height,
        numbers=numbers,
        part=part,
    )
    return Drawing(template, {"edges": edges, "nodes": nodes, "hidden": hidden})


@lru_cache(maxsize=64)
def _template(
    n_features: int,
    chosen: tuple[int, ...] | None,
    named: int | None,
    theme: Theme,
    height: int,
    *,
    numbers: bool,
    part: bool,
) -> dict[str, Any]:
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 1]), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[-0.25, 2.25]), axis=None)
    edges = alt.Chart(alt.NamedData("edges"))
    nodes = alt.Chart(alt.NamedData("nodes"))
    hidden = alt.Chart(alt.NamedData("hidden")).encode(x=x, y=y, tooltip="neuron:Q")
    told = ["layer:N", "feature:Q", "neuron:Q", alt.Tooltip("weight:Q", format="+.3f")]
    lines = edges.mark_rule(opacity=0.9).encode(
        x=x,
        y=y,
        x2="x2:Q",
        y2="y2:Q",
        color=alt.Color(
            "sign:N",
            scale=alt.Scale(domain=_SIGNS, range=[theme.positive, theme.negative]),
            legend=None,
        ),
        strokeDash=alt.StrokeDash(
            "sign:N", scale=alt.Scale(domain=_SIGNS, range=[[1, 0], [5, 3]]), legend=None
        ),
        strokeWidth=alt.StrokeWidth(
            "size:Q", scale=alt.Scale(domainMin=0, range=[0, 4]), legend=None
        ),
        tooltip=told,
    )
    if named is None:
        places = [hidden.mark_circle(color=theme.node, size=_NODE, opacity=1)]
    else:
        # Smaller where there is no room for them beside each other.
        width = f"min({_PILL_WIDTH}, 0.95 * width / {named})"
        places = [
            hidden.mark_point(
                shape=_PILL,
                size=alt.ExprRef(f"pow({width}, 2)"),
                filled=True,
                opacity=1,
                fill=theme.background,
                stroke=theme.node,
                strokeWidth=1.5,
                cursor="pointer",
            ),
            hidden.mark_text(
                fontSize=alt.ExprRef(f"{width} / {_PILL_WIDTH} * 11"),
                color=theme.ink,
                cursor="pointer",
            ).encode(text="name:N"),
        ]
    layers: list[alt.Chart] = [
        lines,
        *places[:1],
        nodes.mark_circle(size=_NODE, opacity=1).encode(
            x=x, y=y, color=feature_colour(n_features, chosen).legend(None), tooltip="node:N"
        ),
        *places[1:],
    ]
    layers[1] = layers[1].add_params(
        alt.selection_point(SELECTION, fields=["neuron"], toggle=False)
    )
    for height_, shift in ((2.0, -17), (0.0, 17)):
        layers.append(
            nodes.transform_filter(alt.datum.y == height_)
            .mark_text(fontSize=11, dy=shift, color=theme.ink)
            .encode(x=x, y=y, text="node:N")
        )
    if numbers:
        written = edges.encode(
            x=alt.X("middle_x:Q", scale=alt.Scale(domain=[0, 1]), axis=None),
            y=alt.Y("middle_y:Q", scale=alt.Scale(domain=[-0.25, 2.25]), axis=None),
            text=alt.Text("weight:Q", format="+.2f"),
        )
        if part:
            # On a plate, because the number's edge runs through it, and often others too.
            written = written.encode(tooltip=told)
            plate = written.mark_point(
                shape=_PLATE, size=_LONG**2, filled=True, color=theme.background, opacity=0.85
            )
            layers += [plate, written.mark_text(fontSize=11, color=theme.ink)]
        else:
            layers += _beside(written, theme)
    words = f"{'A part of the' if part else 'The'} model as a network."
    return (
        alt.LayerChart(layer=layers, height=height, description=words)
        .resolve_scale(color="independent")
        .to_dict()
    )


def _beside(written: alt.Chart, theme: Theme) -> list[alt.Chart]:
    return [
        written.transform_filter(alt.datum.outside == side).mark_text(
            fontSize=11, align="right" if side == "left" else "left", dx=shift, color=theme.ink
        )
        for side, shift in (("left", -7), ("right", 7))
    ]


def _staggered(edges: pd.DataFrame, height: int) -> np.ndarray:
    """Where on its edge each number stands, from the neuron on, to be clear of the others."""
    chosen = np.zeros(len(edges), int)
    for layer in ("W1", "W2"):
        own = np.flatnonzero(edges["layer"] == layer)
        ends = edges.iloc[own][["x2", "x"] if layer == "W1" else ["x", "x2"]].to_numpy()
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
