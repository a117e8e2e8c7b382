"""What two things do together: a neuron's activation, or an output's error."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.look import Theme

_ACROSS, _UP, _VALUE, _WORDS = "<across>", "<up>", "<value>", "<words>"
_LOW, _HIGH, _ENDS, _LABELS = "<low>", "<high>", "<ends>", "<labels>"


def response_map(
    frame: pd.DataFrame,
    *,
    across: str,
    up: str,
    value: str,
    theme: Theme,
    height: int = 260,
    reach: float | None = None,
) -> Drawing:
    """Coloured cells: x, y, x2, y2 (their edges) and `value`.

    across, up, value: what the axes and the colours are. reach: where values have either sign,
    the size from which on colours stay the same, so that charts can be compared.
    """
    cells = frame.assign(
        middle_x=(frame["x"] + frame["x2"]) / 2, middle_y=(frame["y"] + frame["y2"]) / 2
    )
    words = f"{value}, as a colour, over {across} (across) and {up} (up)."
    names: dict[str, Any] = {_ACROSS: across, _UP: up, _VALUE: value, _WORDS: words}
    if reach is not None:
        names |= {_LOW: -reach, _HIGH: reach, _ENDS: [-reach, 0, reach]}
        names |= {_LABELS: _labels(frame["value"].to_numpy(), reach)}
        names[_WORDS] += " Blue: negative, red: positive."
    template = _template(theme, height, signed=reach is not None)
    return Drawing(filled(template, names), {"cells": cells})


def _labels(values: np.ndarray, reach: float) -> str:
    # What a colour stands for where it stays the same is said, and only where there is such.
    low = f"−{reach:g}" + (" or less" if (values < -reach).any() else "")
    high = f"{reach:g}" + (" or more" if (values > reach).any() else "")
    return f"datum.value < 0 ? '{low}' : datum.value > 0 ? '{high}' : '0'"


@lru_cache(maxsize=64)
def _template(theme: Theme, height: int, *, signed: bool) -> dict[str, Any]:
    def axis(channel: Any, field: str, title: str) -> Any:
        scale = alt.Scale(nice=False, zero=False)
        return channel(
            field, title=title, scale=scale, axis=alt.Axis(tickCount=5, grid=False, labelFlush=True)
        )

    looks: dict[str, Any] = {"type": "gradient", "orient": "bottom", "titleLimit": 200}
    if signed:
        scale = alt.Scale(
            domain=[_LOW, 0, _HIGH],
            range=[theme.negative, theme.background, theme.positive],
            interpolate="rgb",
            clamp=True,
        )
        legend = alt.Legend(
            **looks,
            gradientLength=180,
            gradientStrokeColor=theme.node,
            gradientStrokeWidth=0.5,
            values=[_ENDS],
            labelExpr=_LABELS,
        )
    else:
        scale = alt.Scale(scheme="viridis")
        legend = alt.Legend(**looks, gradientLength=140, tickCount=4)
    cells = (
        alt.Chart(alt.NamedData("cells"))
        # Cells overlap a little, because the background shines through between them otherwise.
        .mark_rect(x2Offset=1, y2Offset=-1)
        .encode(
            x=axis(alt.X, "x:Q", _ACROSS),
            x2="x2:Q",
            y=axis(alt.Y, "y:Q", _UP),
            y2="y2:Q",
            color=alt.Color("value:Q", scale=scale, title=_VALUE, legend=legend),
            tooltip=[
                alt.Tooltip("middle_x:Q", format=".2f", title=_ACROSS),
                alt.Tooltip("middle_y:Q", format=".2f", title=_UP),
                alt.Tooltip("value:Q", format=".3f", title=_VALUE),
            ],
        )
    )
    return alt.LayerChart(
        layer=[cells],
        height=height,
        padding={"left": 5, "right": 16, "top": 5, "bottom": 5},
        view=alt.ViewConfig(stroke=theme.faint),
        description=_WORDS,
    ).to_dict()
