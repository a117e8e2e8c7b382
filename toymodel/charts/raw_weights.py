"""Raw weights as bars above and below the axis, a column a neuron, for small models."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing
from toymodel.charts.look import Theme, feature_colour

SELECTION = "neuron"
"""The name of the chart's selection parameter: a click on a bar selects its neuron."""

_NO_PLUS_ZERO = "datum.value == 0 ? '0' : datum.label"


def raw_weights(
    bars: pd.DataFrame,
    *,
    n_features: int,
    title: str,
    theme: Theme,
    height: int = 150,
    reach: float | None = None,
    legend: bool = False,
) -> Drawing:
    """Bars of the frame that `frames.signed_bars` gives, one colour a feature.

    reach: how far the height axis goes to either side, where charts are compared.
    legend: whether to name the features' colours.
    """
    count = int(bars["column"].to_numpy().max()) + 1
    reach = reach or float(bars[["low", "high"]].abs().to_numpy().max()) * 1.1
    template = _template(count, reach, n_features, title, theme, height, legend)
    bars = bars.assign(start=bars["column"] + 0.05, end=bars["column"] + 0.95)
    return Drawing(template, {"bars": bars, "axis": pd.DataFrame({"y": [0]})})


@lru_cache(maxsize=64)
def _template(
    count: int,
    reach: float,
    n_features: int,
    title: str,
    theme: Theme,
    height: int,
    legend: bool,
) -> dict[str, Any]:
    x_scale = alt.Scale(domain=[0, count], nice=False)
    ticks = alt.Axis(
        values=[-1, 0, 1] if reach < 2 else alt.Undefined,
        tickCount=5,
        format="+~g",
        labelExpr=_NO_PLUS_ZERO,
    )
    weights = (
        alt.Chart(alt.NamedData("bars"))
        .mark_rect(stroke=theme.gap, strokeWidth=0.5)
        .encode(
            x=alt.X("start:Q", scale=x_scale, axis=None),
            x2="end:Q",
            y=alt.Y("low:Q", title=None, scale=alt.Scale(domain=[-reach, reach]), axis=ticks),
            y2="high:Q",
            color=feature_colour(n_features).legend(alt.Legend() if legend else None),
            tooltip=["neuron:Q", "feature:Q", alt.Tooltip("weight:Q", format="+.3f")],
        )
        .add_params(alt.selection_point(SELECTION, fields=["neuron"], toggle=False))
    )
    axis = alt.Chart(alt.NamedData("axis")).mark_rule(color=theme.ink, strokeWidth=2)
    return alt.LayerChart(
        layer=[weights, axis.encode(y="y:Q")],
        height=height,
        title=alt.Title(title, anchor="start", fontSize=13, fontWeight="normal"),
        description=f"{title}: bars of each neuron's weights, positive above the axis.",
    ).to_dict()
