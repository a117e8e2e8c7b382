"""A few named curves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.scales import SHORT, log_range, log_ticks

_ACROSS, _UP, _SERIES, _WORDS = "<across>", "<up>", "<series>", "<words>"
_LOW, _HIGH, _TICKS = "<low>", "<high>", "<ticks>"


def lines(
    frame: pd.DataFrame,
    *,
    across: str,
    up: str,
    series: Sequence[str],
    colours: Sequence[str],
    dashes: Sequence[Sequence[int]],
    height: int = 240,
    log: bool = False,
    at: float | None = None,
    mark: str | None = None,
    steps: Literal["ascending", "descending"] | None = None,
) -> Drawing:
    """A curve a name in `series`, each with its colour and its dashes; frame: series, x, y.

    log: whether heights are; what such an axis cannot show is left out. at, mark: a place across
    and its colour, where a line stands, with a point on each curve that has a row there. steps:
    the places across are few, and stand side by side in this order, with a point at each.
    """
    names: dict[str, Any] = {
        _ACROSS: across,
        _UP: up,
        _SERIES: list(series),
        _WORDS: f"{up} against {across}: {', '.join(series)}.",
    }
    if log:
        frame = frame.loc[np.isfinite(frame["y"]) & (frame["y"] > 0)]
        heights = frame["y"].to_numpy()
        ends = (float(heights.min()), float(heights.max())) if len(heights) else (0.1, 1.0)
        low, high = log_range(*ends)
        names |= {_LOW: low, _HIGH: high, _TICKS: log_ticks(low, high)}
    data = {"lines": frame}
    if at is not None:
        data |= {"at": pd.DataFrame({"x": [at]}), "here": frame.loc[np.isclose(frame["x"], at)]}
    template = _template(
        tuple(colours),
        tuple(map(tuple, dashes)),
        height,
        log=log,
        mark=None if at is None else mark,
        steps=steps,
    )
    return Drawing(filled(template, names), data)


@lru_cache(maxsize=64)
def _template(
    colours: tuple[str, ...],
    dashes: tuple[tuple[int, ...], ...],
    height: int,
    *,
    log: bool,
    mark: str | None,
    steps: Literal["ascending", "descending"] | None,
) -> dict[str, Any]:
    legend = alt.Legend(
        orient="top",
        title=None,
        symbolType="stroke",
        symbolStrokeWidth=2.5,
        symbolSize=300,
        labelLimit=400,
        columns=1,
    )
    heights = alt.Y("y:Q", title=_UP, axis=alt.Axis(tickCount=6))
    if log:
        heights = alt.Y(
            "y:Q",
            title=_UP,
            scale=alt.Scale(type="log", domain=[_LOW, _HIGH], nice=False),
            axis=alt.Axis(values=[_TICKS], labelExpr=SHORT),
        )
    across = alt.X("x:Q", title=_ACROSS, axis=alt.Axis(tickCount=8))
    if steps:
        across = alt.X("x:O", title=_ACROSS, sort=steps, axis=alt.Axis(labelAngle=0))
    curves = alt.Chart(alt.NamedData("lines")).encode(
        x=across,
        y=heights,
        color=alt.Color(
            "series:N", scale=alt.Scale(domain=[_SERIES], range=list(colours)), legend=legend
        ),
    )
    drawn = curves.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash(
            "series:N",
            scale=alt.Scale(domain=[_SERIES], range=list(map(list, dashes))),
            legend=legend,
        )
    )
    # The pointer finds a line's points, not the line.
    hit = curves.mark_circle(opacity=1 if steps else 0, size=60).encode(
        tooltip=[
            alt.Tooltip("series:N", title="curve"),
            alt.Tooltip("x:Q", format=".3g", title=_ACROSS),
            alt.Tooltip("y:Q", format=".3g", title=_UP),
        ],
    )
    layers = [drawn, hit]
    if mark:
        here = alt.Chart(alt.NamedData("here"))
        rule = alt.Chart(alt.NamedData("at")).mark_rule(color=mark, strokeWidth=1.5)
        points = here.mark_circle(size=80, opacity=1).encode(**curves.encoding.to_dict())
        layers = [rule.encode(x="x:Q"), drawn, points, hit]
    return alt.LayerChart(layer=layers, height=height, description=_WORDS).to_dict()
