"""A few named curves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing, filled

_ACROSS, _UP, _SERIES, _WORDS = "<across>", "<up>", "<series>", "<words>"


def lines(
    frame: pd.DataFrame,
    *,
    across: str,
    up: str,
    series: Sequence[str],
    colours: Sequence[str],
    dashes: Sequence[Sequence[int]],
    height: int = 240,
) -> Drawing:
    """A curve a name in `series`, each with its colour and its dashes; frame: series, x, y."""
    template = filled(
        _template(tuple(colours), tuple(map(tuple, dashes)), height),
        {
            _ACROSS: across,
            _UP: up,
            _SERIES: list(series),
            _WORDS: f"{up} against {across}: {', '.join(series)}.",
        },
    )
    return Drawing(template, {"lines": frame})


@lru_cache(maxsize=64)
def _template(
    colours: tuple[str, ...], dashes: tuple[tuple[int, ...], ...], height: int
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
    curves = alt.Chart(alt.NamedData("lines")).encode(
        x=alt.X("x:Q", title=_ACROSS, axis=alt.Axis(tickCount=8)),
        y=alt.Y("y:Q", title=_UP, axis=alt.Axis(tickCount=6)),
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
    hit = curves.mark_circle(opacity=0, size=60).encode(
        tooltip=[
            alt.Tooltip("series:N", title="curve"),
            alt.Tooltip("x:Q", format=".3g", title=_ACROSS),
            alt.Tooltip("y:Q", format=".3g", title=_UP),
        ],
    )
    return alt.LayerChart(layer=[drawn, hit], height=height, description=_WORDS).to_dict()
