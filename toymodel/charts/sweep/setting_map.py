"""One number over two settings, a cell for each pair of their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme
from toymodel.charts.scales import DENSITY
from toymodel.charts.vega import click, layer, nominal, ordinal, quantitative, tip

SELECTION = "setting"
"""The chart's selection parameter: a click on a cell selects its x and y."""

_NAMED = "isNumber(datum.value) ? format(datum.value, '~g') : datum.value"
_BLACK, _WHITE = "#000000", "#ffffff"
_LABEL_PIXELS = 36  # of the longest name of a column
_MAX_NAMED = 24  # columns that all have their name


def setting_map(
    values: pd.DataFrame,
    *,
    title: str,
    form: str,
    limits: tuple[float, float],
    theme: Theme,
    across: str = DENSITY,
    up: str = "importance decay",
    falling: bool = True,
    selected: tuple[Any, Any] | None = None,
    middle: float | None = None,
    log: bool = False,
    numbers: bool = True,
    height: int = 220,
) -> Chart:
    """A cell a setting, with its value as a number and as a colour.

    Args:
        values: one row a setting. Columns: x, y, value (NaN: not known).
        title: what the values are.
        form: how they are written, as in an f-string.
        limits: the values with the strongest colours.
        theme: the colours.
        across: what x is.
        up: what y is.
        falling: whether the largest x is on the left.
        selected: the x and the y of the cell that is framed.
        middle: the value with the background's colour, where values on either side of it have
            colours of their own.
        log: whether colours follow the logarithms of the values.
        numbers: whether the numbers are written.
        height: in pixels.
    """
    low, high = limits
    stops = [low, high] if middle is None else [low, middle, high]
    colours = _colours(theme, diverging=middle is not None)
    known = values["value"].notna()
    cells = values.loc[known]
    cells = cells.assign(
        ink=[_ink(place, colours) for place in _places(cells["value"], stops, log)],
        text=[f"{value:{form}}".replace("-", "−") for value in cells["value"]],
    )
    # A table with NaN cannot be sent to a browser; the text stands for it.
    unknown = values.loc[~known, ["x", "y"]].assign(text="–", ink=theme.ink)
    settings = pd.concat([cells[["x", "y", "text", "ink"]], unknown], ignore_index=True)
    if not numbers:
        settings = settings.assign(ink="transparent")
    chosen = [selected == pair for pair in zip(settings["x"], settings["y"], strict=True)]
    place = {
        "x": _columns(sorted(set(values["x"]), reverse=falling), across),
        "y": ordinal(
            "y",
            title=up,
            scale={"domain": sorted(set(values["y"]), reverse=True), "padding": 0},
            axis={"labelExpr": _NAMED, "ticks": False, "domain": False, "grid": False},
        ),
    }
    scale = {"domain": stops, "range": colours, "interpolate": "rgb", "clamp": True}
    if log:
        scale["type"] = "log"
    bar = {
        "title": None,
        "values": stops,
        "format": _legend_format(form),
        "gradientLength": {"expr": "max(40, height - 16)"},
        "gradientStrokeColor": theme.node,
        "gradientStrokeWidth": 0.5,
    }
    gap = {"type": "rect", "stroke": theme.gap, "strokeWidth": 1}
    size = {"expr": "max(8, min(12, 0.34 * bandwidth('x')))"}
    spec = {
        "layer": [
            layer("cells", gap, place | {"color": quantitative("value", scale=scale, legend=bar)}),
            layer("unknown", gap | {"color": theme.faint, "fillOpacity": 0.5}, place),
            layer(
                "settings",
                {"type": "text", "fontSize": size, "baseline": "middle"},
                place | {"text": nominal("text"), "color": nominal("ink", scale=None)},
            ),
            layer(
                "selected",
                {"type": "rect", "filled": False, "stroke": theme.mark, "strokeWidth": 3},
                place,
            ),
            layer(
                "settings",
                {"type": "rect", "opacity": 0, "cursor": "pointer"},
                place | {"tooltip": [tip("x", across), tip("y", up), tip("text", title)]},
                name="settings",
            ),
        ],
        "params": [click(SELECTION, "settings", "x", "y")],
        "height": height,
        "title": {"text": title, "anchor": "start", "fontSize": 13, "fontWeight": "normal"},
        "description": f"{title}, written in a cell for each pair of: {across}; {up}.",
        "resolve": {"scale": {"color": "independent"}},
    }
    tables = {
        "cells": cells,
        "unknown": unknown,
        "settings": settings,
        "selected": settings.loc[chosen],
    }
    return Chart(spec, tables)


def _columns(domain: list[Any], title: str) -> Spec:
    narrow = f"width < {len(domain) * _LABEL_PIXELS}"
    return ordinal(
        "x",
        title=title,
        scale={"domain": domain, "padding": 0},
        axis={
            "labelAngle": {"expr": f"{narrow} ? -90 : 0"},
            "labelAlign": {"expr": f"{narrow} ? 'right' : 'center'"},
            "labelBaseline": {"expr": f"{narrow} ? 'middle' : 'top'"},
            "labelExpr": _NAMED,
            "labelOverlap": len(domain) > _MAX_NAMED,
            "ticks": False,
            "domain": False,
            "grid": False,
        },
    )


def _places(values: Any, stops: Sequence[float], log: bool) -> list[float]:
    # Where each value is among the stops: 0 for the first, 1 for the next.
    scaled = np.log if log else np.asarray
    return np.interp(scaled(values), scaled(stops), range(len(stops))).tolist()


def _legend_format(form: str) -> str:
    return form if form.endswith("%") else ".2~g"


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
