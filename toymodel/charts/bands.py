"""Curves of several networks at each place: every network's, their median, and their range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme
from toymodel.charts.scales import SHORT, log_range, log_ticks
from toymodel.charts.vega import layer, nominal, quantitative, tip

_DASHES = ((1, 0), (6, 3), (2, 2))


def bands(
    table: pd.DataFrame,
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
) -> Chart:
    """For each name in `series`: thin curves of the networks, their range, and their median.

    Args:
        table: at least one row, a row a point of a network's curve. Columns: series, x (above 0),
            y (rows with NaN are left out), run (which network).
        across: the title of the horizontal axis, which is logarithmic.
        up: the title of the vertical axis.
        series: the curves' colours by their names, in the order of the legend.
        theme: the colours.
        falling: whether the largest x is on the left.
        log: whether the vertical axis is logarithmic. It leaves out values that are not above 0.
        share: whether y is a share, 0 to 1.
        marks: values from elsewhere, each drawn as a cross. Columns: series, x, y, text (of the
            tooltip).
        height: in pixels.
    """
    table = table.loc[table["y"].notna() & ((table["y"] > 0) | (not log))]
    x = _across(table["x"].to_numpy(float), across, falling=falling)
    colour, dash = _by_series(series)

    def y(field: str) -> Spec:
        return _up(field, up, table["y"].to_numpy(), log=log, share=share)

    number = ".1%" if share else ".3g"
    middle = {"x": x, "y": y("y"), "color": colour}
    layers = [
        layer(
            "middle",
            {"type": "area", "opacity": 0.18},
            {"x": x, "y": y("low"), "y2": {"field": "high"}, "color": colour},
        ),
        layer(
            "runs",
            {"type": "line", "strokeWidth": 0.8, "opacity": 0.55},
            middle | {"detail": [nominal("series"), nominal("run")]},
        ),
        layer("middle", {"type": "line", "strokeWidth": 2.5}, middle | {"strokeDash": dash}),
        layer(
            "middle",
            {"type": "circle", "size": 50, "opacity": 1},
            middle
            | {
                "tooltip": [
                    tip("series", "curve"),
                    tip("x", across, ".3~g"),
                    tip("y", "median", number),
                    tip("low", "lowest", number),
                    tip("high", "highest", number),
                    tip("runs", "networks"),
                ]
            },
        ),
    ]
    tables = {"runs": table, "middle": _medians(table)}
    if marks is not None:
        cross = {"shape": "cross", "angle": 45, "size": 120, "filled": True}
        style = {"type": "point", "stroke": theme.background, "opacity": 1}
        layers.append(layer("marks", style | cross, middle | {"tooltip": [tip("text")]}))
        tables["marks"] = marks
    spec = {
        "layer": layers,
        "height": height,
        "description": f"{up} against {across}, of several networks each: {', '.join(series)}.",
    }
    return Chart(spec, tables)


def _medians(table: pd.DataFrame) -> pd.DataFrame:
    rows = [
        {
            "series": each["series"].iloc[0],
            "x": each["x"].iloc[0],
            "low": own.min(),
            "y": np.median(own),
            "high": own.max(),
            "runs": len(own),
        }
        for _, each in table.groupby(["series", "x"])
        for own in [each["y"].to_numpy()]
    ]
    return pd.DataFrame(rows, columns=["series", "x", "low", "y", "high", "runs"])


def _across(places: np.ndarray, title: str, *, falling: bool) -> Spec:
    low, high = float(places.min()), float(places.max())
    if low == high:  # an axis needs two ends
        low, high = low / 2, 2 * high
    return quantitative(
        "x",
        title=title,
        scale={"type": "log", "domain": [high, low] if falling else [low, high], "nice": False},
        axis={"values": log_ticks(low, high), "labelExpr": SHORT, "grid": False},
    )


def _up(field: str, title: str, values: np.ndarray, *, log: bool, share: bool) -> Spec:
    scale: dict[str, Any] = {"zero": False}
    axis: dict[str, Any] = {"tickCount": 6}
    if share:
        scale = {"domain": [0, 1], "nice": False}
        axis = {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]}
    if log:
        ends = log_range(float(values.min()), float(values.max()))
        scale = {"type": "log", "domain": list(ends), "nice": False}
        axis = {"values": log_ticks(*ends), "labelExpr": SHORT}
    return quantitative(field, title=title, scale=scale, axis=axis)


def _by_series(series: Mapping[str, str]) -> tuple[Spec, Spec]:
    legend = {
        "orient": "top",
        "title": None,
        "symbolType": "stroke",
        "symbolStrokeWidth": 2.5,
        "symbolOpacity": 1,
        "labelLimit": 400,
        "columns": 1,  # names side by side are cut off where the page is narrow
    }
    dashes = [list(_DASHES[k % len(_DASHES)]) for k in range(len(series))]
    colour, dash = (
        nominal(
            "series",
            scale={"domain": list(series), "range": values},
            legend=legend if len(series) > 1 else None,
        )
        for values in (list(series.values()), dashes)
    )
    return colour, dash
