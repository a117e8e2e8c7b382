"""The paper's neuron weight stack plot: a column a neuron, a block a weight."""

from __future__ import annotations

from typing import Literal

import altair as alt
import pandas as pd

from toymodel.charts.look import Theme, feature_colour, superposition_colour
from toymodel.frames import OTHERS

SELECTION = "neuron"
"""The name of the chart's selection parameter: a click on a column selects its neuron."""

_NAME_PIXELS = 84


def stack_panel(
    blocks: pd.DataFrame,
    columns: pd.DataFrame,
    spans: pd.DataFrame,
    *,
    n_features: int,
    top: float,
    theme: Theme,
    colour: Literal["superposition", "feature"] = "superposition",
    selected: int | None = None,
    selectable: bool = False,
    names: bool = True,
    height: int = 150,
    description: str = "",
) -> alt.LayerChart:
    """A stack plot of the frames that `frames.blocks`, `columns` and `spans` give.

    top: the upper end of the height axis, the same for panels that are compared. selected: a
    neuron to mark. names: whether to write the classes on their spans.
    """
    count = len(columns)
    spans = spans.assign(
        background=spans["class"].map(theme.class_background),
        ink=spans["class"].map(theme.class_ink),
        name=spans["class"].str.split(" "),
        share=(spans["end"] - spans["start"]) / count,
    )
    x_scale = alt.Scale(domain=[0, count], nice=False, zero=False)
    y_scale = alt.Scale(domain=[0, top], nice=False)

    def across(left: str) -> alt.X:
        return alt.X(left, scale=x_scale, axis=None)

    ground = alt.Chart(spans).encode(x=across("start:Q"), x2="end:Q")
    background = ground.mark_rect().encode(fill=alt.Fill("background:N", scale=None))
    rule = ground.mark_rect(height=3, baseline="top").encode(
        y=alt.value(0), y2=alt.value(3), fill=alt.Fill("ink:N", scale=None)
    )
    layers: list[alt.Chart] = [background, rule]
    if names:
        layers.append(
            ground.transform_filter(f"datum.named && datum.share * width > {_NAME_PIXELS}")
            .mark_text(align="left", baseline="top", dx=5, dy=9, fontSize=12, lineHeight=13)
            .encode(y=alt.value(0), text="name:N", color=alt.Color("ink:N", scale=None))
        )

    # Most stacks are too low to hit, so a neuron's whole column takes the click and the pointer.
    place = {"start": alt.datum.column, "end": alt.datum.column + 1}
    whole = alt.Chart(columns).transform_calculate(**place)
    hit = whole.mark_rect(opacity=0).encode(
        x=across("start:Q"),
        x2="end:Q",
        tooltip=[
            alt.Tooltip("neuron:Q"),
            alt.Tooltip("class:N"),
            alt.Tooltip("primary:Q", title="primary feature"),
            alt.Tooltip("effective_features:Q", format=".2f", title="effective features"),
            alt.Tooltip("extra_weight:Q", format=".2f", title="extra weight"),
        ],
    )
    if selectable:
        hit = hit.add_params(alt.selection_point(SELECTION, fields=["neuron"], toggle=False))
    layers.append(hit)

    inset = {"start": alt.datum.column + 0.06, "end": alt.datum.column + 0.94}
    drawn = alt.Chart(blocks).transform_calculate(**inset)
    bar = {"stroke": theme.gap, "strokeWidth": 0.5}
    box = {
        "x": across("start:Q"),
        "x2": "end:Q",
        "y": alt.Y("low:Q", scale=y_scale, axis=None),
        "y2": "high:Q",
    }
    fill = superposition_colour() if colour == "superposition" else feature_colour(n_features)
    layers.append(
        drawn.transform_filter(alt.datum.feature != OTHERS)
        .mark_rect(**bar)
        .encode(
            **box,
            color=fill.legend(None),
            tooltip=[
                alt.Tooltip("neuron:Q"),
                alt.Tooltip("feature:Q"),
                alt.Tooltip("importance:Q", format=".3g"),
                alt.Tooltip("w_in:Q", format=".3f", title="weight in"),
                alt.Tooltip("w_out:Q", format=".3f", title="weight out"),
                alt.Tooltip("superposition:Q", format=".2f", title="superposition"),
            ],
        )
    )
    layers.append(
        drawn.transform_filter(alt.datum.feature == OTHERS)
        .mark_rect(color=theme.faint, **bar)
        .encode(
            **box,
            tooltip=[
                alt.Tooltip("neuron:Q"),
                alt.Tooltip("features:Q", title="smaller weights, together"),
            ],
        )
    )
    if selected is not None:
        layers.append(
            whole.transform_filter(alt.datum.neuron == selected)
            .mark_rect(filled=False, stroke=theme.mark, strokeWidth=2)
            .encode(x=across("start:Q"), x2="end:Q")
        )
    return alt.layer(*layers, height=height, description=description)
