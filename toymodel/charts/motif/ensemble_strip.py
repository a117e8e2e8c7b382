"""The models of an ensemble by loss, and how many instances of the motif each has."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing, filled
from toymodel.charts.look import INSTANCES, Theme, instances_colour, instances_names
from toymodel.charts.scales import SHORT, log_range, log_ticks

SELECTION = "member"
"""The name of the chart's selection parameter: a click on a model's column selects the model."""

_SHAPES = ("circle", "square", "triangle-up", "diamond")
_FAR = 3  # times the lowest or the highest loss: beyond, the yardstick would squeeze the models
_MOST_NUMBERS = 8
_LEAST = 1e-12  # a log axis has no place for 0
_LOW, _HIGH, _TICKS, _END, _RANKS, _SIZE = (
    "<low>",
    "<high>",
    "<ticks>",
    "<end>",
    "<ranks>",
    "<size>",
)


def ensemble_strip(
    frame: pd.DataFrame,
    *,
    shown: int,
    yardstick: float | None,
    theme: Theme,
    height: int = 220,
) -> Drawing:
    """A point a model, from the lowest loss to the highest; colour and shape are its instances.

    frame: member, rank (0: lowest loss), loss, instances, name. shown: the member to
    ring. yardstick: the loss without superposition; drawn where it is near those of the models.
    """
    models = frame.assign(
        instances=instances_names(frame["instances"]),
        found=frame["instances"],
        start=frame["rank"] - 0.5,
        end=frame["rank"] + 0.5,
        drawn=frame["loss"].clip(lower=_LEAST),
    )
    losses = models["drawn"].to_numpy()
    low, high = (float(losses.min()), float(losses.max())) if len(losses) else (0.1, 1.0)
    near = [y for y in [yardstick or 0.0] if low / _FAR <= y <= high * _FAR]
    low, high = log_range(min([low, *near]), max([high, *near]))
    count = max(1, len(frame))
    template = filled(
        _template(theme, height, high_up=bool(near) and near[0] ** 2 > low * high),
        {
            _LOW: low,
            _HIGH: high,
            _TICKS: log_ticks(low, high),
            _END: count - 0.5,
            _RANKS: _ranks(count),
            _SIZE: f"clamp(pow(1.5 * width / {count}, 2), 14, 64)",
        },
    )
    data = {
        "models": models,
        "shown": models.loc[models["member"] == shown],
        "yardstick": pd.DataFrame({"drawn": near, "words": ["no superposition"] * len(near)}),
    }
    return Drawing(template, data)


def _ranks(count: int) -> list[int]:
    # Of the first model, and of those with a round number in a count from 1.
    step = next(
        step for step in (1, 2, 5, 10, 20, 50, 100, 200, count) if count <= _MOST_NUMBERS * step
    )
    return sorted({0, *range(step - 1, count, step)})


@lru_cache(maxsize=64)
def _template(theme: Theme, height: int, *, high_up: bool) -> dict[str, Any]:
    def across(field: str) -> alt.X:
        return alt.X(
            field,
            title="models by loss",
            scale=alt.Scale(domain=[-0.5, _END], nice=False),
            axis=alt.Axis(values=[_RANKS], labelExpr="datum.value + 1", grid=False),
        )

    y = alt.Y(
        "drawn:Q",
        title="normalised loss (log)",
        scale=alt.Scale(type="log", domain=[_LOW, _HIGH], nice=False),
        axis=alt.Axis(values=[_TICKS], labelExpr=SHORT),
    )
    legend = alt.Legend(orient="top", symbolOpacity=1)
    shapes = alt.Scale(domain=INSTANCES, range=_SHAPES)
    models = alt.Chart(alt.NamedData("models"))
    points = models.mark_point(filled=True, opacity=1, size=alt.ExprRef(_SIZE)).encode(
        x=across("rank:Q"),
        y=y,
        color=instances_colour(theme).legend(legend),
        shape=alt.Shape("instances:N", scale=shapes, title="instances", legend=legend),
    )
    ring = (
        alt.Chart(alt.NamedData("shown"))
        .mark_point(
            shape="circle", filled=False, size=200, stroke=theme.mark, strokeWidth=2.5, opacity=1
        )
        .encode(x=across("rank:Q"), y=y)
    )
    base = alt.Chart(alt.NamedData("yardstick")).encode(y=y)
    rule = base.mark_rule(color=theme.ink, strokeDash=[4, 3])
    # Losses rise to the right: the name stands where they are furthest away.
    place: dict[str, Any] = {"align": "left", "baseline": "top", "dx": 4, "dy": 5}
    if not high_up:
        place = {"align": "right", "baseline": "bottom", "dx": -4, "dy": -5}
    name = base.encode(x=alt.value(0 if high_up else "width"), text="words:N")
    # Points are too small to hit, so a model's whole column takes the click and the pointer.
    hit = (
        models.mark_rect(opacity=0, cursor="pointer")
        .encode(
            x=across("start:Q"),
            x2="end:Q",
            tooltip=[
                alt.Tooltip("name:N", title="model"),
                alt.Tooltip("loss:Q", format=".4~g"),
                alt.Tooltip("found:Q", title="instances"),
            ],
        )
        .add_params(alt.selection_point(SELECTION, fields=["member"], toggle=False))
    )
    return alt.LayerChart(
        layer=[
            rule,
            points,
            ring,
            name.mark_text(**place, stroke=theme.background, strokeWidth=4),
            name.mark_text(**place, color=theme.ink),
            hit,
        ],
        height=height,
        description=(
            "Normalised loss of the models of an ensemble, lowest first, on a log axis; colour and "
            "shape: how many instances of the motif each has; ringed: the model that is shown."
        ),
    ).to_dict()
