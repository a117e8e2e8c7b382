"""One number over two settings, a cell for each pair of their values."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.look import Theme

SELECTION = "setting"
"""The name of the chart's selection parameter: a click on a cell selects its x and y."""

_NAMED = "isNumber(datum.value) ? format(datum.value, '~g') : datum.value"
_BLACK, _WHITE = "#000000", "#ffffff"
_TITLE, _WORDS, _DOMAIN, _COLUMNS, _ROWS = "<title>", "<words>", "<domain>", "<columns>", "<rows>"
_ACROSS, _UP = "<across>", "<up>"
_LABEL = 36  # pixels of the longest name of a column
_MOST_NAMED = 24  # columns that all have their name


def setting_map(
    frame: pd.DataFrame,
    *,
    title: str,
    form: str,
    limits: tuple[float, float],
    theme: Theme,
    across: str = "density 1 − S (sparser to the right)",
    up: str = "importance decay",
    falling: bool = True,
    selected: tuple[Any, Any] | None = None,
    diverging: bool = False,
    numbers: bool = True,
    height: int = 220,
) -> Drawing:
    """A cell a setting: x, y, value (NaN: not known), written in it and as its colour.

    title: what the values are. form: how they are written, as in an f-string. limits: the values
    with the strongest colours; with diverging, those below 0 have a colour of their own. across,
    up: what x and y are. falling: the largest x is on the left. selected: the x and the y whose
    cell is framed. numbers: whether they are written.
    """
    low, high = limits
    stops = [low, 0.0, high] if diverging else [low, high]
    colours = _colours(theme, diverging)
    known = frame["value"].notna()
    cells = frame.loc[known]
    cells = cells.assign(
        ink=[_ink(np.interp(value, stops, range(len(stops))), colours) for value in cells["value"]],
        text=[f"{value:{form}}".replace("-", "−") for value in cells["value"]],
    )
    # What may be NaN is in words by now.
    unknown = frame.loc[~known, ["x", "y"]].assign(text="–", ink=theme.ink)
    settings = pd.concat([cells[["x", "y", "text", "ink"]], unknown], ignore_index=True)
    chosen = [selected == pair for pair in zip(settings["x"], settings["y"], strict=True)]
    columns = sorted(set(frame["x"]), reverse=falling)
    template = filled(
        _template(len(columns), theme, height, diverging=diverging),
        {
            _TITLE: title,
            _WORDS: f"{title}, written in a cell for each pair of: {across}; {up}.",
            _ACROSS: across,
            _UP: up,
            _DOMAIN: stops,
            _COLUMNS: columns,
            _ROWS: sorted(set(frame["y"]), reverse=True),
        },
    )
    if not numbers:
        settings = settings.assign(ink="transparent")
    data = {
        "cells": cells,
        "unknown": unknown,
        "settings": settings,
        "selected": settings.loc[chosen],
    }
    return Drawing(template, data)


def _colours(theme: Theme, diverging: bool) -> list[str]:
    ends = [theme.background, theme.negative]
    return [theme.negative, theme.background, theme.positive] if diverging else ends


def _ink(place: float, colours: list[str]) -> str:
    # On the colour `place` of the way through the colours.
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours]) / 255
    below = min(int(place), len(colours) - 2)
    colour = stops[below] + (place - below) * (stops[below + 1] - stops[below])
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    # As far from black as from white in contrast.
    return _BLACK if (luminance + 0.05) ** 2 > 0.05 * 1.05 else _WHITE


@lru_cache(maxsize=64)
def _template(count: int, theme: Theme, height: int, *, diverging: bool) -> dict[str, Any]:
    narrow = f"width < {count * _LABEL}"
    x = alt.X(
        "x:O",
        title=_ACROSS,
        scale=alt.Scale(domain=[_COLUMNS], padding=0),
        axis=alt.Axis(
            labelAngle=alt.ExprRef(f"{narrow} ? -90 : 0"),
            labelAlign=alt.ExprRef(f"{narrow} ? 'right' : 'center'"),
            labelBaseline=alt.ExprRef(f"{narrow} ? 'middle' : 'top'"),
            labelExpr=_NAMED,
            labelOverlap=count > _MOST_NAMED,
            ticks=False,
            domain=False,
            grid=False,
        ),
    )
    y = alt.Y(
        "y:O",
        title=_UP,
        scale=alt.Scale(domain=[_ROWS], padding=0),
        axis=alt.Axis(labelExpr=_NAMED, ticks=False, domain=False, grid=False),
    )

    def layer(data: str) -> alt.Chart:
        return alt.Chart(alt.NamedData(data)).encode(x=x, y=y)

    colour = alt.Scale(
        domain=[_DOMAIN], range=_colours(theme, diverging), interpolate="rgb", clamp=True
    )
    gap: dict[str, Any] = {"stroke": theme.gap, "strokeWidth": 1}
    cells = (
        layer("cells")
        .mark_rect(**gap)
        .encode(color=alt.Color("value:Q", scale=colour, legend=None))
    )
    unknown = layer("unknown").mark_rect(**gap, color=theme.faint, fillOpacity=0.5)
    size = alt.ExprRef("max(8, min(12, 0.34 * bandwidth('x')))")
    numbers = (
        layer("settings")
        .mark_text(fontSize=size, baseline="middle")
        .encode(text="text:N", color=alt.Color("ink:N", scale=None))
    )
    selected = layer("selected").mark_rect(filled=False, stroke=theme.mark, strokeWidth=3)
    hit = (
        layer("settings")
        .mark_rect(opacity=0, cursor="pointer")
        .encode(
            tooltip=[
                alt.Tooltip("x:N", title=_ACROSS),
                alt.Tooltip("y:N", title=_UP),
                alt.Tooltip("text:N", title=_TITLE),
            ]
        )
        .add_params(alt.selection_point(SELECTION, fields=["x", "y"], toggle=False))
    )
    return (
        alt.LayerChart(
            layer=[cells, unknown, numbers, selected, hit],
            height=height,
            title=alt.Title(_TITLE, anchor="start", fontSize=13, fontWeight="normal"),
            description=_WORDS,
        )
        .resolve_scale(color="independent")
        .to_dict()
    )
