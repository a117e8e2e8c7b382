"""Signed bars of features or of neurons, in the order in which they are given."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Literal

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing
from toymodel.charts.look import Theme

SELECTION = "bar"
"""The name of the chart's selection parameter: a click on a bar selects its feature or neuron."""

_MOST_PIXELS = 60
_MOST_LEVEL = 8  # bars; the names of more stand upright
_NO_PLUS_ZERO = "datum.value == 0 ? '0' : datum.label"


def ranked_bars(
    frame: pd.DataFrame,
    *,
    of: Literal["feature", "neuron"],
    value: str,
    title: str,
    theme: Theme,
    height: int = 150,
    mark: int | None = None,
) -> Drawing:
    """A bar a row, from left to right; below the axis where `value` is negative.

    A column `side` ("positive" or "negative") is written to the names. mark: the number of a bar
    to frame. The pointer is told all columns.
    """
    shown = tuple((str(name), kind.kind) for name, kind in frame.dtypes.items())
    turned = len(frame) > _MOST_LEVEL
    template = _template(shown, of, value, title, theme, height, turned)
    names = [f"{of[0]}{number}" for number in frame[of]]
    if "side" in frame:
        ends = {"positive": " (+)", "negative": " (−)"}
        names = [name + ends[side] for name, side in zip(names, frame["side"], strict=True)]
    bars = frame.assign(name=names)
    data = {
        "bars": bars,
        "axis": pd.DataFrame({"zero": [0]}),
        "marked": bars.loc[bars[of] == mark],
    }
    return Drawing(template, data)


@lru_cache(maxsize=64)
def _template(
    columns: tuple[tuple[str, str], ...],
    of: Literal["feature", "neuron"],
    value: str,
    title: str,
    theme: Theme,
    height: int,
    turned: bool,
) -> dict[str, Any]:
    formats = {name: ".3g" for name, kind in columns if kind == "f"} | {value: "+.3f"}
    tooltip = [
        alt.Tooltip(
            field=name,
            type="quantitative" if kind in "iuf" else "nominal",
            title=name.replace("_", " "),
            format=formats.get(name, alt.Undefined),
        )
        for name, kind in columns
    ]
    axis = alt.Axis(tickCount=5, format="+~g", labelExpr=_NO_PLUS_ZERO)
    x = alt.X(
        "name:O",
        sort=None,
        title=None,
        axis=alt.Axis(
            labelAngle=-90 if turned else 0,
            labelOverlap=not turned,
            labelFontSize=10 if turned else 12,
            grid=False,
        ),
    )
    data = alt.Chart(alt.NamedData("bars")).encode(x=x, tooltip=tooltip)
    # The smallest bars are too low to hit, so a bar's whole column takes the click.
    hit = data.mark_rect(opacity=0, cursor="pointer").add_params(
        alt.selection_point(SELECTION, fields=[of], toggle=False)
    )
    bars = data.mark_bar(
        cursor="pointer",
        width=alt.ExprRef(f"min(0.85 * bandwidth('x'), {_MOST_PIXELS})"),
    ).encode(
        y=alt.Y(field=value, type="quantitative", title=title, axis=axis),
        color=alt.condition(
            f"datum[{json.dumps(value)}] < 0",
            alt.value(theme.negative),
            alt.value(theme.positive),
        ),
    )
    # Around the whole column: around the bar alone it would look like part of the bar.
    marked = (
        alt.Chart(alt.NamedData("marked"))
        .mark_rect(filled=False, stroke=theme.mark, strokeWidth=2)
        .encode(x=x)
    )
    zero = alt.Chart(alt.NamedData("axis")).mark_rule(color=theme.ink, strokeWidth=2)
    return alt.LayerChart(
        layer=[hit, bars, zero.encode(y=alt.Y("zero:Q", title=title)), marked],
        height=height,
        description=f"{title}: a bar a {of}, positive above the axis.",
    ).to_dict()
