"""A small model as a graph: features above, neurons between, outputs below, signed edges."""

from __future__ import annotations

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


def network(
    edges: pd.DataFrame, *, n_features: int, n_neurons: int, theme: Theme, height: int = 260
) -> Drawing:
    """The graph of `frames.edges`: width is size, colour and dashes are the sign.

    Weights are written on the edges while they are few, and few a neuron.
    """
    edges = edges.assign(
        sign=np.where(edges["weight"] > 0, *_SIGNS),
        size=edges["weight"].abs(),
        middle_x=(edges["x"] + edges["x2"]) / 2,
        middle_y=(edges["y"] + edges["y2"]) / 2,
        # Outside of its edge, where the number does not touch that of the edge beside it.
        outside=[_outside(edge) for edge in edges.itertuples()],
    )
    nodes = pd.DataFrame(
        [
            {"x": (i + 0.5) / n_features, "y": height_, "feature": i, "node": f"{name}{i}"}
            for height_, name in ((2.0, "x"), (0.0, "y"))
            for i in range(n_features)
        ]
    )
    hidden = pd.DataFrame({"x": [(j + 0.5) / n_neurons for j in range(n_neurons)], "y": 1.0})
    ends = edges.assign(x=edges["x"].where(edges["layer"] == "W2", edges["x2"]))
    at = dict(zip(ends["x"], ends["neuron"], strict=True))
    hidden["neuron"] = [at.get(x) for x in hidden["x"]]
    template = _template(
        n_features, theme, height, numbers=len(edges) <= min(_MOST_NUMBERS, 2 * n_neurons)
    )
    return Drawing(template, {"edges": edges, "nodes": nodes, "hidden": hidden})


@lru_cache(maxsize=64)
def _template(n_features: int, theme: Theme, height: int, *, numbers: bool) -> dict[str, Any]:
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 1]), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[-0.25, 2.25]), axis=None)
    edges = alt.Chart(alt.NamedData("edges"))
    nodes = alt.Chart(alt.NamedData("nodes"))
    hidden = alt.Chart(alt.NamedData("hidden"))
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
        tooltip=["layer:N", "feature:Q", "neuron:Q", alt.Tooltip("weight:Q", format="+.3f")],
    )
    layers: list[alt.Chart] = [
        lines,
        hidden.mark_circle(color=theme.node, size=_NODE, opacity=1)
        .encode(x=x, y=y, tooltip="neuron:Q")
        .add_params(alt.selection_point(SELECTION, fields=["neuron"], toggle=False)),
        nodes.mark_circle(size=_NODE, opacity=1).encode(
            x=x, y=y, color=feature_colour(n_features).legend(None), tooltip="node:N"
        ),
    ]
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
        for side, shift in (("left", -7), ("right", 7)):
            align = "right" if side == "left" else "left"
            layers.append(
                written.transform_filter(alt.datum.outside == side).mark_text(
                    fontSize=11, align=align, dx=shift, color=theme.ink
                )
            )
    return (
        alt.LayerChart(layer=layers, height=height, description="The model as a network.")
        .resolve_scale(color="independent")
        .to_dict()
    )


def _outside(edge: Any) -> Literal["left", "right"]:
    feature, neuron = (edge.x, edge.x2) if edge.layer == "W1" else (edge.x2, edge.x)
    return "left" if neuron <= feature else "right"
