"""Input weights as a matrix: a row a neuron, a column a feature."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.look import Theme

SELECTION = "neuron"
"""The name of the chart's selection parameter: a click on a cell selects its neuron."""

_LOW, _HIGH = "<low>", "<high>"


def weight_matrix(cells: pd.DataFrame, *, theme: Theme, height: int = 130) -> Drawing:
    """Cells of the frame that `linearity_frames.matrix_cells` gives; colours end at the largest."""
    rows = int(cells["row"].to_numpy().max()) + 1
    columns = int(cells["feature"].to_numpy().max()) + 1
    reach = float(cells["weight"].abs().to_numpy().max()) or 1.0
    drawn = cells.assign(
        x=cells["feature"], x2=cells["feature"] + 1, y=cells["row"], y2=cells["row"] + 1
    )
    template = _template(rows, columns, theme, height)
    return Drawing(filled(template, {_LOW: -reach, _HIGH: reach}), {"cells": drawn})


@lru_cache(maxsize=64)
def _template(rows: int, columns: int, theme: Theme, height: int) -> dict[str, Any]:
    cells = (
        alt.Chart(alt.NamedData("cells"))
        .mark_rect(cursor="pointer", stroke=theme.gap, strokeWidth=1 if columns <= 20 else 0)
        .encode(
            x=alt.X(
                "x:Q",
                scale=alt.Scale(domain=[0, columns], nice=False),
                axis=alt.Axis(
                    values=[place + 0.5 for place in range(0, columns, -(-columns // 10))],
                    labelExpr="floor(datum.value)",
                    grid=False,
                    ticks=False,
                ),
                title="feature",
            ),
            x2="x2:Q",
            y=alt.Y(
                "y:Q",
                scale=alt.Scale(domain=[rows, 0], nice=False),
                axis=None,
            ),
            y2="y2:Q",
            color=alt.Color(
                "weight:Q",
                scale=alt.Scale(
                    domain=[_LOW, 0, _HIGH],
                    range=[theme.negative, theme.background, theme.positive],
                    interpolate="rgb",
                    clamp=True,
                ),
                legend=None,
            ),
            tooltip=["neuron:Q", "feature:Q", alt.Tooltip("weight:Q", format="+.3f")],
        )
        .add_params(alt.selection_point(SELECTION, fields=["neuron"], toggle=False))
    )
    return alt.LayerChart(
        layer=[cells],
        height=height,
        view=alt.ViewConfig(stroke=theme.faint),
        description=(
            "Input weights as a matrix: a row a neuron, a column a feature; red: positive, blue: "
            "negative."
        ),
    ).to_dict()
