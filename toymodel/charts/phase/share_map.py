"""A share for every density across and every place up, as the strength of a colour."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.look import Theme
from toymodel.charts.scales import SHORT

_UP, _TITLE, _WORDS, _X, _Y, _TICKS = "<up>", "<title>", "<words>", "<x>", "<y>", "<ticks>"
_DENSITIES = [1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001]


def share_map(
    frame: pd.DataFrame,
    *,
    up: str,
    title: str,
    theme: Theme,
    points: pd.DataFrame | None = None,
    log: bool = False,
    height: int = 300,
) -> Drawing:
    """A cell a row: density, low, high (where it stands), share (0 to 1), name (for the pointer).

    up: what stands there. title: what the shares are of. points: density, y: what is marked.
    """
    edges = density_edges(frame["density"].tolist())
    x, x2 = zip(*(edges[p] for p in frame["density"].tolist()), strict=True)
    cells = frame.assign(x=x, x2=x2)
    ends = [max(x), min(x2)]
    names: dict[str, Any] = {
        _UP: up,
        _TITLE: title,
        _WORDS: f"{title}: a column a density, {up} from below; stronger where there are more.",
        _X: ends,
        _Y: [min(frame["low"].tolist()), max(frame["high"].tolist())],
        _TICKS: [p for p in _DENSITIES if ends[1] <= p <= ends[0]],
    }
    data = {"cells": cells}
    if points is not None:
        data["points"] = points
    template = _template(theme, height, marked=points is not None, log=log)
    return Drawing(filled(template, names), data)


def density_edges(places: Iterable[float]) -> dict[float, tuple[float, float]]:
    """Where the column of each density begins and ends, the larger one first, on a log axis."""
    every = sorted(set(places), reverse=True)
    logs = np.log(every)
    middle = (logs[1:] + logs[:-1]) / 2
    first, last = (logs[0] - middle[0], middle[-1] - logs[-1]) if len(middle) else (0.1, 0.1)
    ends = np.exp([logs[0] + first, *middle, logs[-1] - last])
    return dict(zip(every, pairwise(ends.tolist()), strict=True))


@lru_cache(maxsize=64)
def _template(theme: Theme, height: int, *, marked: bool, log: bool) -> dict[str, Any]:
    x = alt.X(
        "x:Q",
        title="density 1 − S (sparser to the right)",
        scale=alt.Scale(type="log", domain=[_X], nice=False),
        axis=alt.Axis(values=[_TICKS], labelExpr=SHORT, grid=False),
    )

    def y(field: str) -> alt.Y:
        scale = alt.Scale(type="log" if log else "linear", domain=[_Y], nice=False)
        axis = alt.Axis(tickCount=6, grid=False)
        if log:
            axis = alt.Axis(values=[1, 2, 3, 5, 10, 20], grid=False)
        return alt.Y(field, title=_UP, scale=scale, axis=axis)

    cells = (
        alt.Chart(alt.NamedData("cells"))
        .mark_rect()
        .encode(
            x=x,
            x2="x2:Q",
            y=y("low:Q"),
            y2="high:Q",
            color=alt.Color(
                "share:Q",
                title=_TITLE,
                scale=alt.Scale(
                    type="sqrt",  # so that a few are seen
                    domain=[0, 1],
                    range=[theme.background, theme.negative],
                    interpolate="rgb",
                ),
                legend=alt.Legend(
                    orient="top",
                    format=".0%",
                    values=[0, 0.1, 0.4, 1],
                    gradientLength=160,
                    gradientStrokeColor=theme.node,
                    gradientStrokeWidth=0.5,
                    titleLimit=400,
                ),
            ),
            tooltip=[
                alt.Tooltip("density:Q", format="~g", title="density 1 − S"),
                alt.Tooltip("name:N", title=_UP),
                alt.Tooltip("share:Q", format=".0%", title=_TITLE),
            ],
        )
    )
    layers = [cells]
    if marked:
        over = alt.Chart(alt.NamedData("points")).encode(x=alt.X("density:Q"), y=y("y:Q"))
        layers.append(over.mark_circle(color=theme.mark, size=28, opacity=1, tooltip=None))
    return alt.LayerChart(layer=layers, height=height, description=_WORDS).to_dict()
