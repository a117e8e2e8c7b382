"""A neuron's activation over the values of two things at once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.look import Theme

_ACROSS, _UP, _VALUE, _WORDS = "<across>", "<up>", "<value>", "<words>"


def response_map(
    frame: pd.DataFrame, *, across: str, up: str, value: str, theme: Theme, height: int = 260
) -> Drawing:
    """Coloured cells: x, y, x2, y2 (their edges) and `activation`.

    across, up, value: what the axes and the colours are.
    """
    cells = frame.assign(
        middle_x=(frame["x"] + frame["x2"]) / 2, middle_y=(frame["y"] + frame["y2"]) / 2
    )
    words = f"{value}, as a colour, over {across} (across) and {up} (up)."
    names = {_ACROSS: across, _UP: up, _VALUE: value, _WORDS: words}
    return Drawing(filled(_template(theme, height), names), {"cells": cells})


@lru_cache(maxsize=64)
def _template(theme: Theme, height: int) -> dict[str, Any]:
    def axis(channel: Any, field: str, title: str) -> Any:
        scale = alt.Scale(nice=False, zero=False)
        return channel(
            field, title=title, scale=scale, axis=alt.Axis(tickCount=5, grid=False, labelFlush=True)
        )

    legend = alt.Legend(
        type="gradient", orient="bottom", gradientLength=140, titleLimit=200, tickCount=4
    )
    scale = alt.Scale(scheme="viridis")
    cells = (
        alt.Chart(alt.NamedData("cells"))
        # Cells overlap a little, because the background shines through between them otherwise.
        .mark_rect(x2Offset=1, y2Offset=-1)
        .encode(
            x=axis(alt.X, "x:Q", _ACROSS),
            x2="x2:Q",
            y=axis(alt.Y, "y:Q", _UP),
            y2="y2:Q",
            color=alt.Color("activation:Q", scale=scale, title=_VALUE, legend=legend),
            tooltip=[
                alt.Tooltip("middle_x:Q", format=".2f", title=_ACROSS),
                alt.Tooltip("middle_y:Q", format=".2f", title=_UP),
                alt.Tooltip("activation:Q", format=".3f", title=_VALUE),
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
