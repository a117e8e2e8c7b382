"""Curves of several networks a place: each by itself, their middle, and the band that they span."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.look import Theme
from toymodel.charts.scales import SHORT, log_range, log_ticks

_ACROSS, _UP, _WORDS, _SERIES = "<across>", "<up>", "<words>", "<series>"
_X, _XTICKS, _Y, _YTICKS = "<x>", "<xticks>", "<y>", "<yticks>"
_DASHES = ((1, 0), (6, 3), (2, 2))


def bands(
    frame: pd.DataFrame,
    *,
    across: str,
    up: str,
    series: Mapping[str, str],
    theme: Theme,
    falling: bool = False,
    log: bool = False,
    share: bool = False,
    marks: pd.DataFrame | None = None,
    height: int = 260,
) -> Drawing:
    """For each name in `series`, with its colour: thin curves, their band, and their medians.

    frame: at least one of series, x (above 0), y, run (what a thin curve is of). falling: the
    largest x is on the left. log: heights are; share: they are shares, from 0 to 1. marks: series,
    x, y, text: what others found there.
    """
    frame = frame.loc[frame["y"].notna() & ((frame["y"] > 0) | (not log))]
    middle = pd.DataFrame(
        [
            {
                "series": each["series"].iloc[0],
                "x": each["x"].iloc[0],
                "low": own.min(),
                "y": np.median(own),
                "high": own.max(),
                "runs": len(own),
            }
            for _, each in frame.groupby(["series", "x"])
            for own in [each["y"].to_numpy()]
        ],
        columns=["series", "x", "low", "y", "high", "runs"],
    )
    places = frame["x"].to_numpy(float)
    low, high = float(places.min(initial=np.inf)), float(places.max(initial=0))
    if low == high:  # an axis needs two ends
        low, high = low / 2, 2 * high
    names: dict[str, Any] = {
        _ACROSS: across,
        _UP: up,
        _SERIES: list(series),
        _WORDS: f"{up} against {across}, of several networks each: {', '.join(series)}.",
        _X: [high, low] if falling else [low, high],
        _XTICKS: log_ticks(low, high),
    }
    if log:
        heights = frame["y"].to_numpy()
        ends = log_range(float(heights.min()), float(heights.max()))
        names |= {_Y: list(ends), _YTICKS: log_ticks(*ends)}
    template = _template(
        tuple(series.values()), theme, height, log=log, share=share, marked=marks is not None
    )
    data = {"runs": frame, "middle": middle}
    return Drawing(filled(template, names), data if marks is None else data | {"marks": marks})


@lru_cache(maxsize=64)
def _template(
    colours: Sequence[str], theme: Theme, height: int, *, log: bool, share: bool, marked: bool
) -> dict[str, Any]:
    legend = alt.Legend(
        orient="top",
        title=None,
        symbolType="stroke",
        symbolStrokeWidth=2.5,
        symbolOpacity=1,
        labelLimit=400,
        columns=1,  # side by side they are cut where it is narrow
    )
    x = alt.X(
        "x:Q",
        title=_ACROSS,
        scale=alt.Scale(type="log", domain=[_X], nice=False),
        axis=alt.Axis(values=[_XTICKS], labelExpr=SHORT, grid=False),
    )

    def up(field: str, **more: Any) -> alt.Y:
        scale, axis = alt.Scale(zero=False), alt.Axis(tickCount=6)
        if share:
            scale = alt.Scale(domain=[0, 1], nice=False)
            axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1])
        if log:
            scale = alt.Scale(type="log", domain=[_Y], nice=False)
            axis = alt.Axis(values=[_YTICKS], labelExpr=SHORT)
        return alt.Y(field, title=_UP, scale=scale, axis=axis, **more)

    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=[_SERIES], range=list(colours)),
        legend=legend if len(colours) > 1 else None,
    )
    dash = alt.StrokeDash(
        "series:N",
        scale=alt.Scale(
            domain=[_SERIES], range=[list(_DASHES[k % 3]) for k in range(len(colours))]
        ),
        legend=legend if len(colours) > 1 else None,
    )
    runs, middle = alt.Chart(alt.NamedData("runs")), alt.Chart(alt.NamedData("middle"))
    spread = middle.mark_area(opacity=0.18).encode(x=x, y=up("low:Q"), y2="high:Q", color=colour)
    each = runs.mark_line(strokeWidth=0.8, opacity=0.55).encode(
        x=x, y=up("y:Q"), color=colour, detail=["series:N", "run:N"]
    )
    through = middle.mark_line(strokeWidth=2.5).encode(
        x=x, y=up("y:Q"), color=colour, strokeDash=dash
    )
    number = ".1%" if share else ".3g"
    hit = middle.mark_circle(size=50, opacity=1).encode(
        x=x,
        y=up("y:Q"),
        color=colour,
        tooltip=[
            alt.Tooltip("series:N", title="curve"),
            alt.Tooltip("x:Q", format=".3~g", title=_ACROSS),
            alt.Tooltip("y:Q", format=number, title="median"),
            alt.Tooltip("low:Q", format=number, title="lowest"),
            alt.Tooltip("high:Q", format=number, title="highest"),
            alt.Tooltip("runs:Q", title="networks"),
        ],
    )
    layers = [spread, each, through, hit]
    if marked:
        marks = alt.Chart(alt.NamedData("marks"))
        layers.append(
            marks.mark_point(
                shape="cross", angle=45, size=120, filled=True, stroke=theme.background, opacity=1
            ).encode(x=x, y=up("y:Q"), color=colour, tooltip=["text:N"])
        )
    return alt.LayerChart(layer=layers, height=height, description=_WORDS).to_dict()
