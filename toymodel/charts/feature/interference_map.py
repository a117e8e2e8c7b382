"""What each feature does to the outputs of the others, a cell a pair."""

from __future__ import annotations

import numpy as np
import pandas as pd

from toymodel.analysis.features import Interference
from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme, signed_scale
from toymodel.charts.vega import click, layer, nominal, quantitative, tip, where
from toymodel.config import Config

SELECTION = "cell"
"""The chart's selection parameter: a click on a cell selects its receiving feature."""

MAX_FEATURES = 100
"""Features along either side of the map."""

MIN_CELL = 0.01
"""Of the largest, or of 1 where that is larger: smaller effects are not drawn."""

_MAX_SIZE_WITH_SIGNS = 20
_MIN_REACH = 0.05  # what hardly matters looks like it
# A target is 1 at most, so a larger effect is no worse; one that is would hide all others.
_MAX_REACH = 1.0
_MAX_LABELS = 10


def interference_cells(
    config: Config, found: Interference, *, weighted: bool = False, first: int = MAX_FEATURES
) -> pd.DataFrame:
    """The worst that every feature does to every output.

    Args:
        config: of the network.
        found: its interference.
        weighted: whether effects are multiplied by the square root of the receiving feature's
            importance, so that their squares count as the loss does.
        first: how many features, the most important ones.

    Returns:
        One row a cell of 1 % of the largest, or of 1, or more. Columns: receiving, interfering,
        value.
    """
    worst = found.worst[:first, :first]
    if weighted:
        worst = worst * np.sqrt(config.importance[:first, None])
    largest = np.abs(worst).max(initial=0)
    row, column = np.nonzero((np.abs(worst) >= MIN_CELL * min(largest, _MAX_REACH)) & (worst != 0))
    return pd.DataFrame({"receiving": row, "interfering": column, "value": worst[row, column]})


def interference_map(
    cells: pd.DataFrame,
    *,
    size: int,
    title: str,
    theme: Theme,
    height: int,
    selected: int | None = None,
) -> Chart:
    """A square of cells; signs are written into them while they are large.

    Colours end at an effect of 1 or, where it is smaller, at the largest.

    Args:
        cells: what `interference_cells` gives.
        size: features along either side.
        title: what the values are.
        theme: the colours.
        height: in pixels.
        selected: the feature whose row and column are framed.
    """
    largest = float(cells["value"].abs().to_numpy().max(initial=0))
    reach = min(max(_MIN_REACH, largest), _MAX_REACH)
    drawn = cells.assign(
        x=cells["interfering"],
        x2=cells["interfering"] + 1,
        y=cells["receiving"],
        y2=cells["receiving"] + 1,
        middle_x=cells["interfering"] + 0.5,
        middle_y=cells["receiving"] + 0.5,
        sign=["−" if value < 0 else "+" for value in cells["value"]],
        strong=cells["value"].abs() > reach / 2,
    )
    at = [] if selected is None or selected >= size else [selected]
    frames = pd.DataFrame(
        [edges for k in at for edges in ((0, size, k, k + 1), (k, k + 1, 0, size))],
        columns=["x", "x2", "y", "y2"],
    )
    box = {**_place(size, "x", "y"), "x2": {"field": "x2"}, "y2": {"field": "y2"}}
    told = [tip("receiving"), tip("interfering"), tip("value", title, "+.3f")]
    layers = [
        layer(
            "cells",
            {"type": "rect", "cursor": "pointer"},
            {**box, "color": _colour(title, reach, theme), "tooltip": told},
            name="cells",
        )
    ]
    if size <= _MAX_SIZE_WITH_SIGNS:
        ink = where("datum.strong", {"value": theme.background}, {"value": theme.ink})
        layers.append(
            layer(
                "cells",
                {"type": "text", "cursor": "pointer", "fontSize": 12, "baseline": "middle"},
                {
                    **_place(size, "middle_x", "middle_y"),
                    "text": nominal("sign"),
                    "color": ink,
                    "tooltip": told,
                },
            )
        )
    frame = {"type": "rect", "filled": False, "stroke": theme.mark, "strokeWidth": 2}
    layers.append(layer("selected", frame, box))
    spec = {
        "layer": layers,
        "params": [click(SELECTION, "cells", "receiving")],
        "height": height,
        "description": (
            f"{title}: a row a feature whose output is disturbed, a column a feature that does it; "
            "blue: negative, red: positive."
        ),
    }
    return Chart(spec, {"cells": drawn, "selected": frames})


def _place(size: int, x: str, y: str) -> Spec:
    axis = {
        "values": [place + 0.5 for place in range(0, size, -(-size // _MAX_LABELS))],
        "labelExpr": "floor(datum.value)",
        "grid": False,
        "ticks": False,
    }
    across, down = ({"domain": domain, "nice": False} for domain in ([0, size], [size, 0]))
    return {
        "x": quantitative(x, title="interfering feature (present)", scale=across, axis=axis),
        "y": quantitative(y, title="receiving feature (its output)", scale=down, axis=axis),
    }


def _colour(title: str, reach: float, theme: Theme) -> Spec:
    legend = {
        "orient": "bottom",
        "gradientLength": 240,
        "gradientStrokeColor": theme.node,
        "gradientStrokeWidth": 0.5,
        "titleLimit": 340,
        "values": [-reach, 0, reach],
        "format": "+.2~g",
        "labelExpr": "datum.value == 0 ? '0' : datum.label",
    }
    return quantitative("value", title=title, scale=signed_scale(reach, theme), legend=legend)
