"""A phase diagram: density across, relative importance up, and what is best in each cell."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.look import Theme
from toymodel.charts.phase.share_map import density_edges
from toymodel.charts.scales import SHORT

SELECTION = "cell"
"""The name of the chart's selection parameter: a click selects the row and column of a cell."""

_WORDS, _X, _Y, _NAMES, _TITLE = "<words>", "<x>", "<y>", "<names>", "<title>"
_OVER_WEIGHTS = "#ffffff"  # where lines are the weights are small, and their colour dark
_TICKS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10]


def phase_map(
    frame: pd.DataFrame,
    *,
    names: tuple[str, ...],
    title: str,
    theme: Theme,
    borders: pd.DataFrame,
    labels: pd.DataFrame,
    selected: tuple[int, int] | None = None,
    shaded: bool = False,
    height: int = 460,
) -> Drawing:
    """A cell a row: row, column (its numbers), density, ratio, phase, weight, disagrees, loss.

    names: the phases that there are. shaded: the colour is `weight` (0 to 1), not the phase.
    borders: x, y, x2, y2: pieces of lines. labels: density, ratio, text: words on the picture.
    Cells that disagree have a point. selected: row and column of the cell that is framed.
    """
    across = density_edges(frame["density"].tolist())
    up = density_edges(frame["ratio"].tolist())
    x, x2 = zip(*(across[p] for p in frame["density"].tolist()), strict=True)
    y, y2 = zip(*(up[r] for r in frame["ratio"].tolist()), strict=True)
    cells = frame.assign(
        x=x,
        x2=x2,
        y=y,
        y2=y2,
        agreement=np.where(frame["disagrees"], "no", "yes"),
    )
    at = (cells["row"] == (selected or (-1,))[0]) & (cells["column"] == (selected or (0, -1))[1])
    values = {
        _TITLE: title,
        _WORDS: f"{title}: density across, relative importance of the second feature up.",
        _X: [max(x), min(x2)],
        _Y: [min(y2), max(y)],
        _NAMES: list(names),
    }
    return Drawing(
        filled(_template(len(names), theme, height, shaded=shaded), values),
        {
            "cells": cells,
            "odd": cells.loc[cells["disagrees"]],
            "borders": borders,
            "labels": labels,
            "selected": cells.loc[at],
        },
    )


def borders_between(
    classes: np.ndarray, densities: tuple[float, ...], ratios: tuple[float, ...]
) -> pd.DataFrame:
    """The lines between cells of different classes, (density, ratio). Columns: x, y, x2, y2.

    densities: falling; ratios: rising.
    """
    across, up = list(density_edges(densities).values()), list(density_edges(ratios).values())
    up = up[::-1]  # they come from the largest on
    pieces = []
    for i, j in np.argwhere(classes[1:] != classes[:-1]):
        pieces.append((across[i][1], up[j][0], across[i][1], up[j][1]))
    for i, j in np.argwhere(classes[:, 1:] != classes[:, :-1]):
        pieces.append((across[i][0], up[j][0], across[i][1], up[j][0]))
    return pd.DataFrame(pieces, columns=["x", "y", "x2", "y2"])


@lru_cache(maxsize=64)
def _template(count: int, theme: Theme, height: int, *, shaded: bool) -> dict[str, Any]:
    x = alt.X(
        "x:Q",
        title="density 1 − S (sparser to the right)",
        scale=alt.Scale(type="log", domain=[_X], nice=False),
        axis=alt.Axis(values=_TICKS, labelExpr=SHORT, grid=False),
    )
    y = alt.Y(
        "y:Q",
        title="importance, second over first",
        scale=alt.Scale(type="log", domain=[_Y], nice=False),
        axis=alt.Axis(values=_TICKS, labelExpr=SHORT, grid=False),
    )
    legend: dict[str, Any] = {"orient": "top", "titleLimit": 400}
    if shaded:
        colour = alt.Color(
            "weight:Q",
            title="smaller input weight over the larger",
            scale=alt.Scale(scheme="viridis", domain=[0, 1]),
            legend=alt.Legend(**legend, gradientLength=160, values=[0, 0.5, 1]),
        )
    else:
        colour = alt.Color(
            "phase:N",
            title="the neurons serve",
            scale=alt.Scale(domain=[_NAMES], range=list(theme.phases[:count])),
            legend=alt.Legend(**legend),
        )
    ink = _OVER_WEIGHTS if shaded else theme.ink
    cells = (
        alt.Chart(alt.NamedData("cells"))
        .mark_rect(cursor="pointer")
        .encode(
            x=x,
            x2="x2:Q",
            y=y,
            y2="y2:Q",
            color=colour,
            tooltip=[
                alt.Tooltip("density:Q", format="~g", title="density 1 − S"),
                alt.Tooltip("ratio:Q", format=".3~g", title="relative importance"),
                alt.Tooltip("phase:N", title="the neurons serve"),
                alt.Tooltip("weight:Q", format=".2f", title="smaller weight over the larger"),
                alt.Tooltip("loss:Q", format=".4f", title="loss"),
                alt.Tooltip("agreement:N", title="theory and training agree"),
            ],
        )
        .add_params(alt.selection_point(SELECTION, fields=["row", "column"], toggle=False))
    )

    def over(data: str, x: str, y: str) -> alt.Chart:
        return alt.Chart(alt.NamedData(data)).encode(x=alt.X(x), y=alt.Y(y))

    borders = over("borders", "x:Q", "y:Q").encode(x2="x2:Q", y2="y2:Q")
    frame = over("selected", "x:Q", "y:Q").encode(x2="x2:Q", y2="y2:Q")
    odd = over("odd", "density:Q", "ratio:Q").mark_circle(
        color=ink, size=22, opacity=1, tooltip=None
    )
    words = over("labels", "density:Q", "ratio:Q").encode(text="text:N")
    return alt.LayerChart(
        layer=[
            cells,
            borders.mark_rule(color=ink, strokeWidth=2),
            odd,
            words.mark_text(fontSize=14, fontWeight="bold", color=ink, tooltip=None),
            frame.mark_rect(filled=False, stroke=theme.mark, strokeWidth=3),
        ],
        height=height,
        title=alt.Title(_TITLE, anchor="start", fontSize=13, fontWeight="normal"),
        description=_WORDS,
    ).to_dict()
