"""How often a neuron is how active, and which feature contributes most when it is."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.look import MAX_NAMED_FEATURES, Theme, feature_colour
from toymodel.charts.network.tables import OTHERS

_FEATURES, _CALLED, _LOW, _HIGH, _POWERS = "<features>", "<called>", "<low>", "<high>", "<powers>"
_SHORT = "format(datum.value, datum.value < 1000 ? '~g' : '~s')"
_LETTER = 6.3
_SYMBOL = 30
_NARROW = 270
"""Pixels for the named features in a chart 350 wide, beside "others"."""


def activation_histogram(
    frame: pd.DataFrame,
    *,
    features: Sequence[int],
    n_features: int,
    log: bool,
    theme: Theme,
    threshold: float | None = None,
    height: int = 260,
) -> Drawing:
    """A bar an interval of activation, a block a feature in it.

    frame: start, end (the interval), feature (OTHERS: all those not in `features`), name,
    per_million (inputs), share (of the bar), low, high (the block's ends). log: whether heights
    are. threshold: an activation to mark, if any.
    """
    frame = frame.assign(
        activation=[
            f"{start:.3g}–{end:.3g}"
            for start, end in zip(frame["start"], frame["end"], strict=True)
        ],
    )
    others = frame["feature"] == OTHERS
    named = dict(zip(frame["feature"], frame["name"], strict=True))
    names = tuple(str(named.get(feature, f"f{feature}")) for feature in features)
    low, high = 1.0, 1e6
    if len(frame):
        low, high = frame["low"].to_numpy().min(), frame["high"].to_numpy().max()
    middle = float(frame["end"].to_numpy().max()) / 2 if len(frame) else math.inf
    longest = max(map(len, names), default=1)
    many = n_features > MAX_NAMED_FEATURES
    template = filled(
        _template(
            len(features),
            None if many else n_features,
            min(4, max(1, int(_NARROW / (_LETTER * longest + _SYMBOL)))),
            theme,
            height,
            log=log,
            grey=bool(others.any()),
            left=threshold is not None and threshold > middle,
        ),
        {
            _FEATURES: [int(feature) for feature in features],
            _CALLED: f"{json.dumps(dict(zip(map(str, features), names, strict=True)))}"
            "[datum.value]",
            _LOW: float(low),
            _HIGH: float(high),
            _POWERS: _powers(low, high) if log else [],
        },
    )
    data = {
        "named": frame.loc[~others],
        "others": frame.loc[others],
        "threshold": pd.DataFrame({"threshold": [] if threshold is None else [threshold]}),
    }
    return Drawing(template, data)


def _powers(low: float, high: float) -> list[float]:
    return [10.0**k for k in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]


@lru_cache(maxsize=64)
def _template(
    count: int,
    n_features: int | None,
    columns: int,
    theme: Theme,
    height: int,
    *,
    log: bool,
    grey: bool,
    left: bool,
) -> dict[str, Any]:
    title = ["activation, as a share of", "what the primary feature alone reaches"]
    x = alt.X("start:Q", title=title, axis=alt.Axis(tickCount=6, grid=False))
    y = alt.Y(
        "low:Q",
        title="inputs of a million",
        scale=alt.Scale(type="log", domain=[_LOW, _HIGH], nice=False)
        if log
        else alt.Scale(zero=True),
        axis=alt.Axis(
            tickCount=5,
            values=[_POWERS] if log else alt.Undefined,
            labelExpr=_SHORT,
        ),
    )
    box: dict[str, Any] = {
        "x": x,
        "x2": "end:Q",
        "y": y,
        "y2": "high:Q",
        "tooltip": [
            alt.Tooltip("activation:N"),
            alt.Tooltip("name:N", title="contributes most"),
            alt.Tooltip("per_million:Q", format=",.3~g", title="inputs of a million"),
            alt.Tooltip("share:Q", format=".1%", title="share of the bar"),
        ],
    }
    legend = alt.Legend(
        type="symbol",
        orient="bottom",
        title=None,
        values=[_FEATURES],
        columns=columns,
        labelExpr=_CALLED,
        labelLimit=200,
    )
    # A legend without entries has no size, and no chart can be drawn around it.
    colour = feature_colour(n_features or MAX_NAMED_FEATURES + 1, [_FEATURES])
    colour = colour.legend(legend if count else None)
    blocks = (
        alt.Chart(alt.NamedData("named"))
        .mark_rect(stroke=theme.gap, strokeWidth=0.5)
        .encode(**box, color=colour)
    )
    # Grey has a scale of its own, so that the features keep the colours they have everywhere.
    others = (
        alt.Chart(alt.NamedData("others"))
        .mark_rect(stroke=theme.gap, strokeWidth=0.5)
        .encode(
            **box,
            fill=alt.Fill(
                "name:N",
                scale=alt.Scale(range=[theme.faint]),
                legend=alt.Legend(orient="bottom", title=None) if grey else None,
            ),
        )
    )
    at = alt.Chart(alt.NamedData("threshold")).encode(x=alt.X("threshold:Q", title=title))
    rule = at.mark_rule(color=theme.mark, strokeDash=[5, 4], strokeWidth=1.5)
    text = at.mark_text(
        align="right" if left else "left", baseline="bottom", dy=-3, fontSize=12, color=theme.mark
    ).encode(y=alt.value(0), text=alt.value("threshold"))
    return alt.LayerChart(
        layer=[blocks, others, rule, text],
        height=height,
        description=(
            "How many inputs of a million activate the neuron how much, "
            "and which feature contributes most to it; dashed: the threshold."
        ),
    ).to_dict()
