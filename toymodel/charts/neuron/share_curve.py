"""How often the primary feature contributes most, by how active the neuron is."""

from __future__ import annotations

from functools import lru_cache
from itertools import cycle
from typing import Any

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing
from toymodel.charts.look import Theme

_DASHES = [[1, 0], [6, 2], [4, 3], [1, 3]]
_SHAPES = ["circle", "diamond", "square", "triangle-up"]
_WIDTHS = [3, 1.5, 1.5, 2]
_UNKNOWN = "–"
_NARROW = 420
_TWO_LINES = (
    f"width < {_NARROW} ? split(replace(replace(datum.label, '–', '–|'), ' ', '|'), '|')"
    " : datum.label"
)


def share_curve(frame: pd.DataFrame, *, theme: Theme, height: int = 260) -> Drawing:
    """A line a kind: two of the neuron itself, with its errors, then what is usual.

    frame: interval (text), low, high, value, value_low, value_high, effective, kind. Rows without
    a value are not drawn; no error is drawn where none is known.
    """
    intervals = tuple(frame["interval"].unique().tolist())
    kinds = tuple(frame["kind"].unique().tolist())
    points = frame.loc[frame["value"].notna()]
    known = points["value_low"].notna() & points["value_high"].notna()
    points = points.assign(
        error=[
            f"{100 * row.value_low:.1f}–{100 * row.value_high:.1f} %" if is_known else _UNKNOWN
            for row, is_known in zip(points.itertuples(), known, strict=True)
        ],
        inputs=[
            _UNKNOWN if pd.isna(effective) else f"{effective:,.0f}"
            for effective in points["effective"]
        ],
    )
    # What may be NaN is in words by now.
    drawn = points[["interval", "kind", "value", "error", "inputs"]]
    errors = points.loc[known, ["interval", "kind", "value_low", "value_high"]]
    return Drawing(_template(intervals, kinds, theme, height), {"points": drawn, "errors": errors})


@lru_cache(maxsize=64)
def _template(
    intervals: tuple[str, ...], kinds: tuple[str, ...], theme: Theme, height: int
) -> dict[str, Any]:
    x = alt.X(
        "interval:O",
        sort=intervals,
        title=["activation, as a share of", "what the primary feature alone reaches"],
        axis=alt.Axis(labelAngle=0, labelOverlap=True, labelExpr=_TWO_LINES, grid=False),
    )
    share = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1])
    scale = alt.Scale(domain=[0, 1], nice=False)

    def by_kind(channel: Any, values: list[Any], **options: Any) -> Any:
        return channel("kind:N", scale=alt.Scale(domain=kinds, range=values), **options)

    # A legend without entries has no size, and no chart can be drawn around it.
    legend = (
        alt.Legend(orient="bottom", title=None, columns=1, labelLimit=400, symbolSize=110)
        if kinds
        else None
    )
    colours = [theme.negative, theme.positive, theme.ink, theme.node]
    curves = alt.Chart(alt.NamedData("points")).encode(
        x=x,
        y=alt.Y("value:Q", title="share with the primary feature", axis=share, scale=scale),
        color=by_kind(alt.Color, colours, legend=legend),
    )
    # Dashes are no scale: the legend would draw its symbols with them.
    lines = [
        curves.transform_filter(alt.FieldEqualPredicate(field="kind", equal=kind)).mark_line(
            strokeDash=dash, strokeWidth=width
        )
        for kind, dash, width in zip(kinds, cycle(_DASHES), cycle(_WIDTHS), strict=False)
    ]
    points = curves.mark_point(filled=True, size=70, opacity=1).encode(
        shape=by_kind(alt.Shape, _SHAPES, legend=legend),
        tooltip=[
            alt.Tooltip("interval:N", title="activation"),
            alt.Tooltip("kind:N", title="of"),
            alt.Tooltip("value:Q", format=".1%", title="share"),
            alt.Tooltip("error:N", title="interval"),
            alt.Tooltip("inputs:N", title="effective"),
        ],
    )
    errors = (
        alt.Chart(alt.NamedData("errors"))
        .mark_rule(strokeWidth=1.5)
        .encode(
            x=x,
            y=alt.Y("value_low:Q", scale=scale, axis=share),
            y2="value_high:Q",
            color=by_kind(alt.Color, colours, legend=legend),
        )
    )
    return alt.LayerChart(
        layer=[errors, *lines, points],
        height=height,
        description=(
            "How often the primary feature contributes most and how often it is there, against how "
            "active the neuron is; thick: where it contributes most."
        ),
    ).to_dict()
