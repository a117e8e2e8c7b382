"""The phase diagram: density across, relative importance up, and what serves best in each cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int

from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme
from toymodel.charts.phase.density_map import density_edges
from toymodel.charts.scales import DENSITY, SHORT
from toymodel.charts.vega import click, layer, nominal, quantitative, tip

SELECTION = "cell"
"""The chart's selection parameter: a click selects the row and the column of a cell."""

_OVER_WEIGHTS = "#ffffff"  # lines are where weights are small, and their colour dark
_TICKS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10)
_MIN_NAMED = 20  # cells of a phase that has its name on the picture


def phase_diagram(
    cells: pd.DataFrame,
    *,
    names: tuple[str, ...],
    title: str,
    theme: Theme,
    borders: pd.DataFrame,
    by_weight: bool = False,
    selected: tuple[int, int] | None = None,
    height: int = 460,
) -> Chart:
    """The phase diagram of two neurons and two features. Cells that disagree have a point.

    Args:
        cells: what `trained_cells` and `exact_cells` of `toymodel.phase.comparison` give.
        names: the phases that have a colour.
        title: above the picture.
        theme: the colours.
        borders: the lines on the picture, as `borders_between` gives them.
        by_weight: whether the colour is `weight` (0 to 1); else it is the phase, whose name is
            written where its cells are.
        selected: the row and the column of the cell that is framed.
        height: in pixels.
    """
    across = density_edges(cells["density"].tolist())
    up = density_edges(cells["ratio"].tolist())
    x, x2 = zip(*(across[p] for p in cells["density"].tolist()), strict=True)
    y, y2 = zip(*(up[r] for r in cells["ratio"].tolist()), strict=True)
    agreement = np.where(cells["disagrees"], "no", "yes")
    placed = cells.assign(x=x, x2=x2, y=y, y2=y2, agreement=agreement)
    at = (placed["row"] == (selected or (-1,))[0]) & (placed["column"] == (selected or (0, -1))[1])
    box: dict[str, Any] = {
        "x": quantitative("x"),
        "x2": {"field": "x2"},
        "y": quantitative("y"),
        "y2": {"field": "y2"},
    }
    middle = {"x": quantitative("density"), "y": quantitative("ratio")}
    ink = _OVER_WEIGHTS if by_weight else theme.ink
    dots = {"type": "circle", "color": ink, "size": 22, "opacity": 1, "tooltip": None}
    words = {"type": "text", "fontSize": 14, "fontWeight": "bold", "color": ink, "tooltip": None}
    frame = {"type": "rect", "filled": False, "stroke": theme.mark, "strokeWidth": 3}
    spec = {
        "layer": [
            layer(
                "cells",
                {"type": "rect", "cursor": "pointer"},
                {
                    **box,
                    "x": quantitative("x", **_axis(DENSITY, max(x), min(x2))),
                    "y": quantitative(
                        "y", **_axis("importance, second over first", min(y2), max(y))
                    ),
                    "color": _weight_colour() if by_weight else _phase_colour(names, theme),
                    "tooltip": [
                        tip("density", "density 1 − S", "~g"),
                        tip("ratio", "relative importance", ".3~g"),
                        tip("phase", "the neurons serve"),
                        tip("weight", "smaller weight over the larger", ".2f"),
                        tip("loss", "loss", ".4f"),
                        tip("agreement", "theory and training agree"),
                    ],
                },
                name="cells",
            ),
            layer("borders", {"type": "rule", "color": ink, "strokeWidth": 2}, box),
            layer("odd", dots, middle),
            layer("labels", words, {**middle, "text": nominal("text")}),
            layer("selected", frame, box),
        ],
        "params": [click(SELECTION, "cells", "row", "column")],
        "height": height,
        "title": {"text": title, "anchor": "start", "fontSize": 13, "fontWeight": "normal"},
        "description": f"{title}: density across, relative importance of the second feature up.",
    }
    tables = {
        "cells": placed,
        "odd": placed.loc[placed["disagrees"]],
        "borders": borders,
        "labels": _labels(cells.head(0) if by_weight else cells),
        "selected": placed.loc[at],
    }
    return Chart(spec, tables)


def borders_between(
    classes: Int[np.ndarray, "density ratio"],
    densities: tuple[float, ...],
    ratios: tuple[float, ...],
) -> pd.DataFrame:
    """The lines between cells of different classes. Columns: x, y, x2, y2.

    Args:
        classes: one a cell.
        densities: falling.
        ratios: rising.
    """
    across, up = list(density_edges(densities).values()), list(density_edges(ratios).values())
    up = up[::-1]  # they come from the largest on
    pieces = []
    for i, j in np.argwhere(classes[1:] != classes[:-1]):
        pieces.append((across[i][1], up[j][0], across[i][1], up[j][1]))
    for i, j in np.argwhere(classes[:, 1:] != classes[:, :-1]):
        pieces.append((across[i][0], up[j][0], across[i][1], up[j][0]))
    return pd.DataFrame(pieces, columns=["x", "y", "x2", "y2"])


def _labels(cells: pd.DataFrame) -> pd.DataFrame:
    # A phase's name stands on the cell next to the middle of its cells.
    rows = []
    for phase, own in cells.groupby("phase"):
        if len(own) < _MIN_NAMED:
            continue
        log = np.log(own[["density", "ratio"]])
        far = ((log - log.mean()) ** 2).sum(axis=1)
        middle = own.iloc[int(far.to_numpy().argmin())]
        rows.append({"density": middle["density"], "ratio": middle["ratio"], "text": phase})
    return pd.DataFrame(rows, columns=["density", "ratio", "text"])


def _axis(title: str, start: float, end: float) -> Spec:
    return {
        "title": title,
        "scale": {"type": "log", "domain": [start, end], "nice": False},
        "axis": {"values": list(_TICKS), "labelExpr": SHORT, "grid": False},
    }


def _weight_colour() -> Spec:
    return quantitative(
        "weight",
        title="smaller input weight over the larger",
        scale={"scheme": "viridis", "domain": [0, 1]},
        legend={"orient": "top", "titleLimit": 400, "gradientLength": 160, "values": [0, 0.5, 1]},
    )


def _phase_colour(names: tuple[str, ...], theme: Theme) -> Spec:
    return nominal(
        "phase",
        title="the neurons serve",
        scale={"domain": list(names), "range": list(theme.phases[: len(names)])},
        legend={"orient": "top", "titleLimit": 400},
    )
