"""How many models of each group have how many instances of the motif."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.look import Theme, instances_colour, instances_names

_ACROSS, _GROUPS, _WORDS = "<across>", "<groups>", "<words>"
_LABEL = 100  # pixels of a group's name, about


def count_bars(
    frame: pd.DataFrame, *, across: str, order: Sequence[str], theme: Theme, height: int = 220
) -> Drawing:
    """A bar a group, a block a number of instances; the same colours as the ensemble's strip.

    frame: group, instances, models (how many). across: what the groups are. order: the groups
    from left to right.
    """
    called = frame.assign(place=frame["instances"], instances=instances_names(frame["instances"]))
    blocks = called.groupby(["group", "instances"], as_index=False, sort=False).agg(
        {"models": "sum", "place": "min"}
    )
    blocks = blocks.loc[blocks["models"] > 0].sort_values("place", kind="stable")
    by_group = blocks.groupby("group")["models"]
    blocks["share"] = blocks["models"] / by_group.transform("sum")
    blocks["high"] = by_group.cumsum() / by_group.transform("sum")
    blocks["low"] = blocks["high"] - blocks["share"]
    words = f"Share of models with 0, 1, 2, and 3 or more instances of the motif, {across}."
    names = {_ACROSS: across, _GROUPS: list(order), _WORDS: words}
    return Drawing(filled(_template(len(order), theme, height), names), {"blocks": blocks})


@lru_cache(maxsize=64)
def _template(count: int, theme: Theme, height: int) -> dict[str, Any]:
    blocks = (
        alt.Chart(alt.NamedData("blocks"))
        .mark_bar(stroke=theme.gap, strokeWidth=1)
        .encode(
            x=alt.X(
                "group:N",
                title=_ACROSS,
                scale=alt.Scale(domain=[_GROUPS]),
                axis=alt.Axis(
                    labelAngle=0,
                    labelExpr=f"width < {count * _LABEL} ? split(datum.label, ' ') : datum.label",
                    grid=False,
                ),
            ),
            y=alt.Y(
                "low:Q",
                title="share of models",
                scale=alt.Scale(domain=[0, 1], nice=False),
                axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
            ),
            y2="high:Q",
            color=instances_colour(theme).legend(alt.Legend(orient="top")),
            tooltip=[
                alt.Tooltip("group:N", title=_ACROSS),
                alt.Tooltip("instances:N"),
                alt.Tooltip("models:Q"),
                alt.Tooltip("share:Q", format=".0%"),
            ],
        )
    )
    return alt.LayerChart(layer=[blocks], height=height, description=_WORDS).to_dict()
