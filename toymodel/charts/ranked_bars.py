"""Signed bars of features or of neurons, in the order in which they are given."""

from __future__ import annotations

import json
from typing import Literal

import pandas as pd

from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme
from toymodel.charts.vega import click, layer, ordinal, quantitative, tip, where

SELECTION = "bar"
"""The chart's selection parameter: a click on a bar selects its feature or neuron."""

_MAX_PIXELS = 60
_MAX_LEVEL_NAMES = 8  # the names of more bars stand upright
_MAX_LEVEL_NAMES_AND_SIDES = 6


def ranked_bars(
    table: pd.DataFrame,
    *,
    of: Literal["feature", "neuron"],
    value: str,
    title: str,
    theme: Theme,
    height: int,
    mark: int | None = None,
) -> Chart:
    """A bar a row, from left to right; below the axis where its value is negative.

    Args:
        table: one row a bar; tooltips have all of its columns. The column `side` ("positive" or
            "negative"), where it is there, is written to the names.
        of: what a bar stands for: the column of its number.
        value: the column of the heights.
        title: of the vertical axis.
        theme: the colours.
        height: in pixels.
        mark: the number of a bar to frame.
    """
    names = [f"{of[0]}{number}" for number in table[of]]
    if "side" in table:
        ends = {"positive": " (+)", "negative": " (−)"}
        names = [name + ends[side] for name, side in zip(names, table["side"], strict=True)]
    bars = table.assign(name=names, rank=range(len(names)))
    turned = len(table) > (_MAX_LEVEL_NAMES_AND_SIDES if "side" in table else _MAX_LEVEL_NAMES)
    x = ordinal(
        "name",
        # With the order in which names come, a browser that gets new data in a chart that it has
        # drawn keeps the places of the names that it knows.
        sort={"field": "rank", "op": "min"},
        title=None,
        axis={
            "labelAngle": -90 if turned else 0,
            "labelOverlap": not turned,
            "labelFontSize": 10 if turned else 12,
            "grid": False,
        },
    )
    axis = {
        "tickCount": 5,
        "format": "+~g",
        "labelExpr": "datum.value == 0 ? '0' : datum.label",
    }
    below = f"datum[{json.dumps(value)}] < 0"
    told = {"x": x, "tooltip": _told(table, value)}
    spec = {
        "layer": [
            # The smallest bars are too low to hit, so a bar's whole column takes the click.
            layer("bars", {"type": "rect", "opacity": 0, "cursor": "pointer"}, told, name="bars"),
            layer(
                "bars",
                {
                    "type": "bar",
                    "cursor": "pointer",
                    "width": {"expr": f"min(0.85 * bandwidth('x'), {_MAX_PIXELS})"},
                },
                {
                    **told,
                    "y": quantitative(value, title=title, axis=axis),
                    "color": where(below, {"value": theme.negative}, {"value": theme.positive}),
                },
            ),
            layer(
                "axis",
                {"type": "rule", "color": theme.ink, "strokeWidth": 2},
                {"y": quantitative("zero", title=title)},
            ),
            # Around the whole column: around the bar alone it would look like part of the bar.
            layer(
                "marked",
                {"type": "rect", "filled": False, "stroke": theme.mark, "strokeWidth": 2},
                {"x": x},
            ),
        ],
        "params": [click(SELECTION, "bars", of)],
        "height": height,
        "description": f"{title}: a bar a {of}, positive above the axis.",
    }
    tables = {
        "bars": bars,
        "axis": pd.DataFrame({"zero": [0]}),
        "marked": bars.loc[bars[of] == mark],
    }
    return Chart(spec, tables)


def _told(table: pd.DataFrame, value: str) -> list[Spec]:
    formats = {name: ".3g" for name, kind in table.dtypes.items() if kind.kind == "f"}
    formats[value] = "+.3f"
    return [
        tip(str(name), str(name).replace("_", " "), formats.get(name)) for name in table.columns
    ]
