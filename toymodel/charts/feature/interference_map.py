"""What each feature does to the outputs of the others, a cell a pair."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd

from toymodel.analysis.features import Interference
from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme, signed_scale
from toymodel.charts.scales import rounded_up
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
_LARGE = 1.0  # a target is 1 at most
_LINEAR = 0.03  # the scale is about linear below, and logarithmic above
_MAX_LABELS = 12


def interference_cells(
    config: Config,
    found: Interference,
    *,
    weighted: bool = False,
    features: Sequence[int] | None = None,
) -> pd.DataFrame:
    """The worst that features do to each other's outputs.

    Args:
        config: of the network.
        found: its interference.
        weighted: whether effects are multiplied by the square root of the receiving feature's
            importance, so that their squares count as the loss does.
        features: which ones; up to 100 of the most important unless given.

    Returns:
        One row a cell of 1 % of the largest, or of 1, or more. Columns: receiving, interfering,
        value.
    """
    most = range(min(config.n_features, MAX_FEATURES))
    chosen = np.array(most if features is None else features, np.int64)
    worst = found.worst[np.ix_(chosen, chosen)]
    if weighted:
        worst = worst * np.sqrt(config.importance[chosen, None])
    largest = np.abs(worst).max(initial=0)
    row, column = np.nonzero((np.abs(worst) >= MIN_CELL * min(largest, _LARGE)) & (worst != 0))
    return pd.DataFrame(
        {
            "receiving": chosen[row],
            "interfering": chosen[column],
            "value": worst[row, column],
        }
    )


def represented(found: Interference) -> list[int]:
    """The features that are represented at least in part: up to 100, the most important ones.

    Up to 20 features are all there, because none of them has to make room.
    """
    if len(found.sides) <= _MAX_SIZE_WITH_SIGNS:
        return list(range(len(found.sides)))
    there = [i for i, sides in enumerate(found.sides) if sides != "not represented"]
    return there[:MAX_FEATURES]


def interference_map(
    cells: pd.DataFrame,
    *,
    features: Sequence[int],
    title: str,
    theme: Theme,
    height: int,
    selected: int | None = None,
) -> Chart:
    """A square of cells; signs are written into them while they are large.

    The colours' scale is symmetric and logarithmic, because effects differ by orders of magnitude.

    Args:
        cells: what `interference_cells` gives of these features.
        features: those along either side, in their order.
        title: what the values are.
        theme: the colours.
        height: in pixels.
        selected: the feature whose row and column are framed.
    """
    reach = rounded_up(max(_MIN_REACH, float(cells["value"].abs().to_numpy().max(initial=0))))
    size = len(features)
    place = {feature: at for at, feature in enumerate(features)}
    x, y = (
        np.array([place[feature] for feature in cells[side]], np.int64)
        for side in ("interfering", "receiving")
    )
    drawn = cells.assign(
        x=x,
        x2=x + 1,
        y=y,
        y2=y + 1,
        middle_x=x + 0.5,
        middle_y=y + 0.5,
        sign=["−" if value < 0 else "+" for value in cells["value"]],
        strong=np.log1p(cells["value"].abs() / _LINEAR) > np.log1p(reach / _LINEAR) / 2,
    )
    at = [place[selected]] if selected in place else []
    frames = pd.DataFrame(
        [edges for k in at for edges in ((0, size, k, k + 1), (k, k + 1, 0, size))],
        columns=["x", "x2", "y", "y2"],
    )
    box = {**_place(features, "x", "y"), "x2": {"field": "x2"}, "y2": {"field": "y2"}}
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
                    **_place(features, "middle_x", "middle_y"),
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


def _place(features: Sequence[int], x: str, y: str) -> Spec:
    size = len(features)
    axis = {
        "values": [place + 0.5 for place in range(0, size, max(1, -(-size // _MAX_LABELS)))],
        "labelExpr": f"{json.dumps([f'f{i}' for i in features])}[floor(datum.value)]",
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
        "gradientLength": 360,
        "gradientStrokeColor": theme.node,
        "gradientStrokeWidth": 0.5,
        "titleLimit": 340,
        "values": _ticks(reach),
        "format": "+~g",
        "labelExpr": "datum.value == 0 ? '0' : datum.label",
        "labelOverlap": True,
    }
    scale = signed_scale(reach, theme) | {"type": "symlog", "constant": _LINEAR}
    return quantitative("value", title=title, scale=scale, legend=legend)


def _ticks(reach: float) -> list[float]:
    # The ends, and powers of ten that are not too near to them.
    powers = [power for power in (0.1, 1.0, 10.0, 100.0, 1e3, 1e4) if 2 * power < reach]
    sizes = [*powers, reach]
    return [*(-size for size in reversed(sizes)), 0.0, *sizes]
