"""A few named curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from toymodel.charts.chart import Chart, Spec
from toymodel.charts.scales import SHORT, log_range, log_ticks
from toymodel.charts.vega import layer, nominal, ordinal, quantitative, tip


def lines(
    table: pd.DataFrame,
    *,
    across: str,
    up: str,
    series: Sequence[str],
    colours: Sequence[str],
    dashes: Sequence[Sequence[int]],
    height: int,
    log: bool = False,
    at: float | None = None,
    mark: str | None = None,
    steps: Literal["ascending", "descending"] | None = None,
) -> Chart:
    """One curve for each name in `series`.

    Args:
        table: one row a point, with the columns series, x and y.
        across: the title of the horizontal axis.
        up: the title of the vertical axis.
        series: the curves' names, in the order of the legend.
        colours: one a curve.
        dashes: one a curve: lengths of dashes and gaps in pixels.
        height: in pixels.
        log: whether the vertical axis is logarithmic. It leaves out values that are not above 0.
        at: where on the horizontal axis a line stands; every curve with a row there has a point.
        mark: the colour of that line.
        steps: for few values of x: they stand side by side in this order, with a point at each.
    """
    if log:
        table = table.loc[np.isfinite(table["y"]) & (table["y"] > 0)]
    x = quantitative("x", title=across, axis={"tickCount": 8})
    if steps:
        x = ordinal("x", title=across, sort=steps, axis={"labelAngle": 0})
    legend = {
        "orient": "top",
        "title": None,
        "symbolType": "stroke",
        "symbolStrokeWidth": 2.5,
        "symbolSize": 300,
        "labelLimit": 400,
        "columns": 1,
    }

    def by_series(values: Sequence[object]) -> Spec:
        scale = {"domain": list(series), "range": list(values)}
        return nominal("series", scale=scale, legend=legend)

    place = {"x": x, "y": _heights(table, up, log=log), "color": by_series(colours)}
    curves = layer(
        "lines",
        {"type": "line", "strokeWidth": 2},
        {**place, "strokeDash": by_series([list(dash) for dash in dashes])},
    )
    # The pointer finds a curve's points, not the line between them.
    hit = layer(
        "lines",
        {"type": "circle", "opacity": 1 if steps else 0, "size": 60},
        {
            **place,
            "tooltip": [tip("series", "curve"), tip("x", across, ".3g"), tip("y", up, ".3g")],
        },
    )
    layers, tables = [curves, hit], {"lines": table}
    if at is not None:
        tables |= {"at": pd.DataFrame({"x": [at]}), "here": table.loc[np.isclose(table["x"], at)]}
    if at is not None and mark:
        rule = layer(
            "at", {"type": "rule", "color": mark, "strokeWidth": 1.5}, {"x": quantitative("x")}
        )
        points = layer("here", {"type": "circle", "size": 80, "opacity": 1}, place)
        layers = [rule, curves, points, hit]
    spec = {
        "layer": layers,
        "height": height,
        "description": f"{up} against {across}: {', '.join(series)}.",
    }
    return Chart(spec, tables)


def _heights(table: pd.DataFrame, title: str, *, log: bool) -> Spec:
    if not log:
        return quantitative("y", title=title, axis={"tickCount": 6})
    y = table["y"].to_numpy()
    low, high = log_range(*((float(y.min()), float(y.max())) if len(y) else (0.1, 1.0)))
    return quantitative(
        "y",
        title=title,
        scale={"type": "log", "domain": [low, high], "nice": False},
        axis={"values": log_ticks(low, high), "labelExpr": SHORT},
    )
