"""Raw weights as bars above and below the axis, a column a neuron, for small models."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.look import Theme, feature_colour
from toymodel.charts.scales import rounded_up

SELECTION = "neuron"
"""The name of the chart's selection parameter: a click on a bar selects its neuron."""

_NO_PLUS_ZERO = "datum.value == 0 ? '0' : datum.label"
_NAMES = "<names>"
_MOST_WITH_GAPS = 40
_MOST_LEVEL = 16  # columns; the numbers at the arrows of more stand upright
_HEAD = 10  # pixels of an arrow's head
_NUMBER, _LETTERS = 10, 26  # pixels: its height, and its length
_UNLIT = 0.5
_LONG = 2.0  # times where it would be clipped: a bar is long
_CLIP = 3.0  # of the lower quartile of the stacks: about as in the paper


def raw_weights(
    bars: pd.DataFrame,
    *,
    n_features: int,
    title: str,
    theme: Theme,
    height: int = 150,
    reach: float | None = None,
    legend: bool = False,
    chosen: tuple[int, ...] | None = None,
    clip: float | None = None,
    names: bool = False,
) -> Drawing:
    """Bars of the frame that `frames.signed_bars` gives, one colour a feature.

    Bars whose `lit` is false are grey, and the pointer is told their `role`, where the frame has
    these columns.

    reach: how far the height axis goes to either side, where charts are compared.
    legend: whether to name the features' colours.
    chosen: the features that matter of many, which then have colours of their own.
    clip: where bars are cut, with an arrow and the weight at which the stack ends; the axis goes
    no further, but has room for these on both sides, with a reach even where nothing is cut.
    names: whether the columns have the numbers of their neurons.
    """
    count = int(bars["column"].to_numpy().max()) + 1
    data = {"axis": pd.DataFrame({"y": [0]})}
    far = reach or float(bars[["low", "high"]].abs().to_numpy().max()) * 1.1
    if clip is not None:
        far = min(far, clip)
        cut = _cut(bars, clip)
        if reach or len(cut):
            data["cut"] = cut
        bars = bars.loc[bars[["low", "high"]].abs().min(axis=1) < clip]
        bars = bars.assign(**bars[["low", "high"]].clip(-clip, clip))
    bars = bars.assign(start=bars["column"] + 0.05, end=bars["column"] + 0.95)
    template = _template(
        count,
        far,
        n_features,
        title,
        theme,
        height,
        legend,
        chosen,
        told="role" in bars,
        lit="lit" in bars,
        cut="cut" in data,
        names=names,
    )
    if names:
        neurons = dict(zip(bars["column"], bars["neuron"], strict=True))
        labels = json.dumps([str(neurons.get(column, "")) for column in range(count)])
        template = filled(template, {_NAMES: f"{labels}[floor(datum.value)]"})
    return Drawing(template, {"bars": bars} | data)


def clip_of(bars: pd.DataFrame) -> float | None:
    """Where long bars are clipped: at three of a short stack; None where none is twice as long."""
    columns = bars["column"].to_numpy()
    far = np.zeros(1 + columns.max(initial=-1))
    np.maximum.at(far, columns, bars["high"].abs().to_numpy())
    ends = far[np.unique(columns)]
    clip = rounded_up(_CLIP * float(np.quantile(ends, 0.25))) if len(ends) else 0.0
    return clip if clip and ends.max() > _LONG * clip else None


def reach_of(bars: pd.DataFrame) -> float | None:
    """How far the axis goes where nothing is clipped."""
    return rounded_up(1.05 * bars["high"].abs().to_numpy().max(initial=0)) or None


def _cut(bars: pd.DataFrame, clip: float) -> pd.DataFrame:
    # The bar of each stack that goes on beyond, and how far it is to the next such stack.
    beyond = bars.loc[bars["high"].abs() > clip]
    beyond = beyond.assign(side=np.sign(beyond["weight"]), size=beyond["high"].abs())
    beyond = beyond.sort_values(["side", "column", "size"])
    cut = beyond.drop_duplicates(["side", "column"])
    # The number is that of the whole stack, as a small bar may lie where it is cut.
    ends = beyond.drop_duplicates(["side", "column"], keep="last")["high"]
    gaps = cut.groupby("side")["column"].diff()
    before, after = gaps.fillna(math.inf), gaps.groupby(cut["side"]).shift(-1).fillna(math.inf)
    return cut.assign(
        middle=cut["column"] + 0.5,
        end=cut["side"] * clip,
        free=np.minimum(np.minimum(before, after), bars["column"].max() + 1),
        number=[_short(end) for end in ends],
    )


def _short(weight: float) -> str:
    return f"{weight:+.{1 if abs(weight) < 10 else 0}f}".replace("-", "−")


@lru_cache(maxsize=64)
def _template(
    count: int,
    reach: float,
    n_features: int,
    title: str,
    theme: Theme,
    height: int,
    legend: bool,
    chosen: tuple[int, ...] | None,
    *,
    told: bool,
    lit: bool,
    cut: bool,
    names: bool,
) -> dict[str, Any]:
    x_scale = alt.Scale(domain=[0, count], nice=False)
    numbers = alt.Axis(
        values=[place + 0.5 for place in range(count)],
        tickCount=count,  # or only every other one is written in a narrow chart
        labelExpr=_NAMES,
        labelAngle=0,
        grid=False,
        ticks=False,
        domain=False,
    )
    level = count <= _MOST_LEVEL
    room = _HEAD + 4 + (_NUMBER if level else _LETTERS)
    y_scale = alt.Scale(domain=[-reach, reach])
    if cut:
        y_scale = alt.Scale(domain=[-reach, reach], nice=False, padding=room)
    ticks = alt.Axis(
        values=_ticks(reach) if cut else [-1, 0, 1] if 1 <= reach < 2 else alt.Undefined,
        tickCount=5,
        format="+.3~r",
        labelExpr=_NO_PLUS_ZERO,
    )
    tooltip: list[Any] = ["neuron:Q", "feature:Q", alt.Tooltip("weight:Q", format="+.3f")]
    tooltip += ["role:N"] if told else []
    colour = feature_colour(n_features, chosen).legend(alt.Legend() if legend else None)
    seen: dict[str, Any] = {"color": colour}
    if lit:
        seen = {
            "color": alt.condition("datum.lit", colour, alt.value(theme.faint)),
            "fillOpacity": alt.condition("datum.lit", alt.value(1), alt.value(_UNLIT)),
        }
    weights = (
        alt.Chart(alt.NamedData("bars"))
        .mark_rect(stroke=theme.gap, strokeWidth=0.5 if count <= _MOST_WITH_GAPS else 0.1)
        .encode(
            x=alt.X(
                "start:Q",
                scale=x_scale,
                axis=numbers if names else None,
                title="neuron" if names else alt.Undefined,
            ),
            x2="end:Q",
            y=alt.Y("low:Q", title=None, scale=y_scale, axis=ticks),
            y2="high:Q",
            **seen,
            tooltip=tooltip,
        )
        .add_params(alt.selection_point(SELECTION, fields=["neuron"], toggle=False))
    )
    axis = alt.Chart(alt.NamedData("axis")).mark_rule(color=theme.ink, strokeWidth=2)
    layers: list[alt.Chart] = [weights, axis.encode(y="y:Q")]
    if cut:
        ends = alt.Chart(alt.NamedData("cut")).encode(x="middle:Q", y="end:Q", tooltip=tooltip)
        ink = alt.condition("datum.lit", alt.value(theme.ink), alt.value(theme.node))
        free = f"datum.free * width > {count * (_LETTERS if level else _NUMBER)}"
        for side, shape in ((1, "triangle-up"), (-1, "triangle-down")):
            here = ends.transform_filter(f"datum.side == {side}")
            layers.append(
                here.mark_point(
                    shape=shape, size=_HEAD**2, filled=True, opacity=1, yOffset=-side * _HEAD / 2
                ).encode(color=seen["color"])
            )
            place: dict[str, Any] = {"baseline": "bottom" if side > 0 else "top"}
            if not level:
                place = {"angle": 270, "align": "left" if side > 0 else "right"}
            layers.append(
                here.transform_filter(free)
                .mark_text(**place, fontSize=_NUMBER, yOffset=-side * (_HEAD + 2))
                .encode(text="number:N", color=ink if lit else alt.value(theme.ink))
            )
    return alt.LayerChart(
        layer=layers,
        height=height,
        title=alt.Title(title, anchor="start", fontSize=13, fontWeight="normal"),
        description=f"{title}: bars of each neuron's weights, positive above the axis.",
    ).to_dict()


def _ticks(reach: float) -> list[float]:
    # Five at most, and none where the arrows are.
    power = 10.0 ** math.floor(math.log10(reach))
    step = next(part * power for part in (0.5, 1, 2, 5) if reach / (part * power) < 3)
    most = math.floor(reach / step)
    return [k * step for k in range(-most, most + 1)]
