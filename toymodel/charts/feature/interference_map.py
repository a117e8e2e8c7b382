"""What each feature does to the outputs of the others, a cell a pair."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.look import Theme

SELECTION = "cell"
"""The name of the chart's selection parameter: a click on a cell selects its receiving feature."""

_MOST_WITH_SIGNS = 20
_LEAST_REACH = 0.05  # what hardly matters looks like it
_LOW, _HIGH, _ENDS = "<low>", "<high>", "<ends>"
_TICKS = 10


def interference_map(
    frame: pd.DataFrame,
    *,
    size: int,
    title: str,
    theme: Theme,
    selected: int | None = None,
    height: int = 420,
) -> Drawing:
    """Cells of a square: receiving, interfering (features, whose numbers are their places), value.

    size: features along either side. title: what the values are. selected: the feature whose row
    and column are framed. Signs are written into the cells while they are large.
    """
    reach = max(_LEAST_REACH, float(frame["value"].abs().to_numpy().max(initial=0)))
    cells = frame.assign(
        x=frame["interfering"],
        x2=frame["interfering"] + 1,
        y=frame["receiving"],
        y2=frame["receiving"] + 1,
        middle_x=frame["interfering"] + 0.5,
        middle_y=frame["receiving"] + 0.5,
        sign=["−" if value < 0 else "+" for value in frame["value"]],
        strong=frame["value"].abs() > reach / 2,
    )
    at = [] if selected is None or selected >= size else [selected]
    frames = pd.DataFrame(
        [edges for k in at for edges in ((0, size, k, k + 1), (k, k + 1, 0, size))],
        columns=["x", "x2", "y", "y2"],
    )
    ends = {_LOW: -reach, _HIGH: reach, _ENDS: [-reach, 0, reach]}
    template = filled(_template(size, title, theme, height), ends)
    return Drawing(template, {"cells": cells, "selected": frames})


@lru_cache(maxsize=64)
def _template(size: int, title: str, theme: Theme, height: int) -> dict[str, Any]:
    axis = alt.Axis(
        values=[place + 0.5 for place in range(0, size, -(-size // _TICKS))],
        labelExpr="floor(datum.value)",
        grid=False,
        ticks=False,
    )

    def across(field: str) -> alt.X:
        scale = alt.Scale(domain=[0, size], nice=False)
        return alt.X(field, title="interfering feature (present)", scale=scale, axis=axis)

    def down(field: str) -> alt.Y:
        scale = alt.Scale(domain=[size, 0], nice=False)
        return alt.Y(field, title="receiving feature (its output)", scale=scale, axis=axis)

    data = alt.Chart(alt.NamedData("cells"))
    tooltip = [
        alt.Tooltip("receiving:Q"),
        alt.Tooltip("interfering:Q"),
        alt.Tooltip("value:Q", format="+.3f", title=title),
    ]
    cells = (
        data.mark_rect(cursor="pointer")
        .encode(
            x=across("x:Q"),
            x2="x2:Q",
            y=down("y:Q"),
            y2="y2:Q",
            color=alt.Color(
                "value:Q",
                title=title,
                scale=alt.Scale(
                    domain=[_LOW, 0, _HIGH],
                    range=[theme.negative, theme.background, theme.positive],
                    interpolate="rgb",
                    clamp=True,
                ),
                legend=alt.Legend(
                    orient="bottom",
                    gradientLength=240,
                    gradientStrokeColor=theme.node,
                    gradientStrokeWidth=0.5,
                    titleLimit=340,
                    values=[_ENDS],
                    format="+.2~g",
                    labelExpr="datum.value == 0 ? '0' : datum.label",
                ),
            ),
            tooltip=tooltip,
        )
        .add_params(alt.selection_point(SELECTION, fields=["receiving"], toggle=False))
    )
    signs = data.mark_text(cursor="pointer", fontSize=12, baseline="middle").encode(
        x=across("middle_x:Q"),
        y=down("middle_y:Q"),
        text="sign:N",
        color=alt.condition("datum.strong", alt.value(theme.background), alt.value(theme.ink)),
        tooltip=tooltip,
    )
    selected = (
        alt.Chart(alt.NamedData("selected"))
        .mark_rect(filled=False, stroke=theme.mark, strokeWidth=2)
        .encode(x=across("x:Q"), x2="x2:Q", y=down("y:Q"), y2="y2:Q")
    )
    return alt.LayerChart(
        layer=[cells, *([signs] if size <= _MOST_WITH_SIGNS else []), selected],
        height=height,
        description=(
            f"{title}: a row a feature whose output is disturbed, a column a feature that does it; "
            "blue: negative, red: positive."
        ),
    ).to_dict()
