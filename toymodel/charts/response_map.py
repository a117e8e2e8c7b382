"""What two things do together: a neuron's activation, or an output's error."""

from __future__ import annotations

import numpy as np
import pandas as pd

from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme, signed_scale
from toymodel.charts.vega import layer, quantitative, tip


def response_map(
    table: pd.DataFrame,
    *,
    across: str,
    up: str,
    value: str,
    theme: Theme,
    height: int,
    reach: float | None = None,
) -> Chart:
    """Coloured cells over the values of two features.

    Args:
        table: one row a cell. Columns: x, y, x2, y2 (its edges), value.
        across: what the horizontal axis is.
        up: what the vertical axis is.
        value: what the colours are.
        theme: the colours.
        height: in pixels.
        reach: where values have either sign, the size from which on colours stay the same, so
            that charts can be compared.
    """
    cells = table.assign(
        middle_x=(table["x"] + table["x2"]) / 2, middle_y=(table["y"] + table["y2"]) / 2
    )
    description = f"{value}, as a colour, over {across} (across) and {up} (up)."
    if reach is None:
        scale: Spec = {"scheme": "viridis"}
        legend: Spec = {"gradientLength": 140, "tickCount": 4}
    else:
        scale = signed_scale(reach, theme)
        legend = {
            "gradientLength": 180,
            "gradientStrokeColor": theme.node,
            "gradientStrokeWidth": 0.5,
            "values": [-reach, 0, reach],
            "labelExpr": _labels(table["value"].to_numpy(), reach),
        }
        description += " Blue: negative, red: positive."
    legend = {"type": "gradient", "orient": "bottom", "titleLimit": 200, **legend}
    encoding = {
        "x": _axis("x", across),
        "x2": {"field": "x2"},
        "y": _axis("y", up),
        "y2": {"field": "y2"},
        "color": quantitative("value", scale=scale, title=value, legend=legend),
        "tooltip": [
            tip("middle_x", across, ".2f"),
            tip("middle_y", up, ".2f"),
            tip("value", value, ".3f"),
        ],
    }
    spec = {
        # Cells overlap a little, because the background shines through between them otherwise.
        "layer": [layer("cells", {"type": "rect", "x2Offset": 1, "y2Offset": -1}, encoding)],
        "height": height,
        "padding": {"left": 5, "right": 16, "top": 5, "bottom": 5},
        "view": {"stroke": theme.faint},
        "description": description,
    }
    return Chart(spec, {"cells": cells})


def _axis(field: str, title: str) -> Spec:
    return quantitative(
        field,
        title=title,
        scale={"nice": False, "zero": False},
        axis={"tickCount": 5, "grid": False, "labelFlush": True},
    )


def _labels(values: np.ndarray, reach: float) -> str:
    # What a colour stands for where it stays the same is said, and only where there is such.
    low = f"−{reach:g}" + (" or less" if (values < -reach).any() else "")
    high = f"{reach:g}" + (" or more" if (values > reach).any() else "")
    return f"datum.value < 0 ? '{low}' : datum.value > 0 ? '{high}' : '0'"
