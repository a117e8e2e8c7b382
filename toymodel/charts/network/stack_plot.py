"""The paper's neuron weight stack plot: a column a neuron, a block a weight."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing
from toymodel.charts.look import Theme, feature_colour, superposition_colour
from toymodel.charts.network.tables import OTHERS

SELECTION = "neuron"
"""The name of the chart's selection parameter: a click on a column selects its neuron."""

_NAME_PIXELS = 84
_GAP = 0.12
_LEAST_PIXELS_WITH_GAP = 2.5
_MOST_WITH_GAPS = 240


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
    heights: str | None = None,
    height: int = 200,
    legend: bool = False,
) -> Drawing:
    """A stack plot of the frames that `frames.blocks`, `columns` and `spans` give.

    top: the upper end of the height axis, the same for panels that are compared. selected: a
    neuron to mark. heights: the title of the height axis; no axis without. legend: whether to say
    what the colours mean.
    """
    classes = tuple(name for name in theme.class_ink if name in set(spans["class"]))
    template = _template(
        len(columns),
        n_features,
        top,
        theme,
        colour,
        height,
        heights,
        classes if legend else (),
    )
    drawn = spans.assign(
        background=[theme.class_background[name] for name in spans["class"]],
        ink=[theme.class_ink[name] for name in spans["class"]],
        name=spans["class"].str.replace(" ", "\n"),
        share=(spans["end"] - spans["start"]) / len(columns),
    )
    # Places are worked out here because a browser takes long over expressions and filters.
    place = columns["column"]
    whole = columns.assign(start=place, end=place + 1)
    bars = blocks.assign(start=blocks["column"] + _GAP / 2, end=blocks["column"] + 1 - _GAP / 2)
    others = bars["feature"] == OTHERS
    data = {
        "spans": drawn,
        "columns": whole,
        "blocks": bars.loc[~others],
        "others": bars.loc[others],
        "selected": whole.loc[whole["neuron"] == selected],
    }
    return Drawing(template, data)


@lru_cache(maxsize=64)
def _template(
    n_neurons: int,
    n_features: int,
    top: float,
    theme: Theme,
    colour: Literal["superposition", "feature"],
    height: int,
    heights: str | None,
    classes: tuple[str, ...],
) -> dict[str, Any]:
    def across(edge: str) -> alt.X:
        return alt.X(edge, scale=alt.Scale(domain=[0, n_neurons], nice=False), axis=None)

    spans = alt.Chart(alt.NamedData("spans")).encode(x=across("start:Q"), x2="end:Q")
    background = spans.mark_rect().encode(fill=alt.Fill("background:N", scale=None))
    named = alt.Fill(
        "class:N",
        scale=alt.Scale(domain=classes, range=[theme.class_ink[name] for name in classes]),
        legend=alt.Legend(orient="top", title=None, labelLimit=200),
    )
    rule = spans.mark_rect().encode(
        y=alt.value(0),
        y2=alt.value(3),
        fill=named if classes else alt.Fill("ink:N", scale=None),
    )
    names = (
        spans.transform_filter(f"datum.named && datum.share * width > {_NAME_PIXELS}")
        .mark_text(
            align="left",
            baseline="top",
            dx=5,
            dy=9,
            fontSize=12,
            lineHeight=13,
            lineBreak="\n",
        )
        .encode(y=alt.value(0), text="name:N", color=alt.Color("ink:N", scale=None))
    )

    # Most stacks are too low to hit, so a neuron's whole column takes the click and the pointer.
    hit = (
        alt.Chart(alt.NamedData("columns"))
        .mark_rect(opacity=0)
        .encode(
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
        .add_params(alt.selection_point(SELECTION, fields=["neuron"], toggle=False))
    )

    box: dict[str, Any] = {
        "x": across("start:Q"),
        "x2": "end:Q",
        "y": alt.Y(
            "low:Q",
            scale=alt.Scale(domain=[0, top], nice=False),
            axis=None
            if heights is None
            else alt.Axis(title=heights or None, grid=False, tickCount=4),
        ),
        # Gaps between blocks as in the paper, where they leave something of the block to see.
        "strokeWidth": alt.condition(
            f"(datum.high - datum.low) * {height / top} > {_LEAST_PIXELS_WITH_GAP}",
            alt.value(0.5),
            alt.value(0.1),
        )
        if n_neurons <= _MOST_WITH_GAPS
        else alt.value(0),
        "y2": "high:Q",
    }
    fill = superposition_colour() if colour == "superposition" else feature_colour(n_features)
    ends = {"values": [0, 0.5, 1], "labelExpr": "datum.value == 1 ? '1+' : datum.label"}
    explained = alt.Legend(
        orient="bottom",
        gradientLength=240,
        titleLimit=300,
        **(ends if colour == "superposition" else {}),
    )
    features = (
        alt.Chart(alt.NamedData("blocks"))
        .mark_rect(stroke=theme.gap)
        .encode(
            **box,
            color=fill.legend(explained if classes else None),
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
    others = (
        alt.Chart(alt.NamedData("others"))
        .mark_rect(color=theme.faint, stroke=theme.gap)
        .encode(
            **box,
            tooltip=[
                alt.Tooltip("neuron:Q"),
                alt.Tooltip("features:Q", title="smaller weights, drawn as one"),
            ],
        )
    )
    mark = (
        alt.Chart(alt.NamedData("selected"))
        .mark_rect(filled=False, stroke=theme.mark, strokeWidth=2)
        .encode(x=across("start:Q"), x2="end:Q")
    )
    return alt.LayerChart(
        layer=[background, rule, names, hit, features, others, mark],
        height=height,
        description="Neuron weight stack plot: a column a neuron, a block a weight.",
    ).to_dict()
