"""A few named curves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing
from toymodel.charts.look import Theme

_LETTER = 6.3
_SYMBOL = 30
_NARROW = 200
"""Pixels for the legend of a chart in a third of a page."""


def lines(
    frame: pd.DataFrame,
    *,
    across: str,
    up: str,
    series: Sequence[str],
    colours: Sequence[str],
    dashes: Sequence[Sequence[int]],
    theme: Theme,
    height: int = 240,
) -> Drawing:
    """A curve a name in `series`, each with its colour and its dashes; frame: series, x, y."""
    looks = tuple(map(tuple, dashes))
    template = _template(across, up, tuple(series), tuple(colours), looks, theme, height)
    return Drawing(template, {"lines": frame.loc[frame["y"].notna()]})


@lru_cache(maxsize=64)
def _template(
    across: str,
    up: str,
    series: tuple[str, ...],
    colours: tuple[str, ...],
    dashes: tuple[tuple[int, ...], ...],
    theme: Theme,
    height: int,
) -> dict[str, Any]:
    longest = max(map(len, series), default=1)
    legend = alt.Legend(
        orient="top",
        title=None,
        symbolType="stroke",
        symbolStrokeWidth=2.5,
        symbolSize=300,
        labelLimit=400,
        columns=max(1, int(_NARROW / (_LETTER * longest + _SYMBOL))),
    )
    # A legend without entries has no size, and no chart can be drawn around it.
    shown = legend if series else None
    curves = alt.Chart(alt.NamedData("lines")).encode(
        x=alt.X("x:Q", title=across, axis=alt.Axis(tickCount=8)),
        y=alt.Y("y:Q", title=up, axis=alt.Axis(tickCount=6)),
        color=alt.Color("series:N", scale=alt.Scale(domain=series, range=colours), legend=shown),
    )
    drawn = curves.mark_line(strokeWidth=2).encode(
        strokeDash=alt.StrokeDash(
            "series:N",
            scale=alt.Scale(domain=series, range=list(map(list, dashes))),
            legend=shown,
        )
    )
    # The pointer finds a line's points, not the line.
    hit = curves.mark_circle(opacity=0, size=60).encode(
        tooltip=[
            alt.Tooltip("series:N", title="curve"),
            alt.Tooltip("x:Q", format=".3g", title=across),
            alt.Tooltip("y:Q", format=".3g", title=up),
        ],
    )
    return alt.LayerChart(
        layer=[drawn, hit],
        height=height,
        description=f"{up} against {across}: {', '.join(series)}.",
    ).to_dict()
