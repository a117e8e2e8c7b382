"""What a model answers to one feature alone, beside what it should."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from toymodel.charts.drawing import Drawing
from toymodel.charts.look import Theme, feature_colour


def response(
    frame: pd.DataFrame, *, n_features: int, theme: Theme, up: str = "output", height: int = 260
) -> Drawing:
    """`output` of each chosen feature against its value, from what `frames.responses` gives.

    The target is the dashed line, if the frame has one. up: what `output` is.
    """
    chosen = tuple(frame["feature"].unique().tolist())
    has_target = "target" in frame.columns
    data = {"lines": frame}
    if has_target:
        data["target"] = frame.loc[frame["feature"].isin(chosen[:1])]
    return Drawing(_template(chosen, n_features, theme, up, height, has_target=has_target), data)


@lru_cache(maxsize=64)
def _template(
    chosen: tuple[int, ...],
    n_features: int,
    theme: Theme,
    up: str,
    height: int,
    *,
    has_target: bool,
) -> dict[str, Any]:
    legend = alt.Legend(type="symbol", values=chosen, symbolType="stroke", symbolStrokeWidth=3)
    lines = alt.Chart(alt.NamedData("lines")).encode(
        x=alt.X("x:Q", title="value of the feature, alone", axis=alt.Axis(tickCount=8)),
        y=alt.Y("output:Q", title=up, axis=alt.Axis(tickCount=6)),
        color=feature_colour(n_features, chosen).legend(legend),
        detail="feature:N",
    )
    # The pointer finds a line's points, not the line.
    hit = lines.mark_circle(opacity=0, size=60).encode(
        tooltip=[
            alt.Tooltip("feature:Q"),
            alt.Tooltip("x:Q", format=".2f"),
            alt.Tooltip("output:Q", format=".3f", title=up),
            *([alt.Tooltip("target:Q", format=".3f")] if has_target else []),
        ]
    )
    target = (
        alt.Chart(alt.NamedData("target"))
        .mark_line(color=theme.ink, strokeDash=[4, 4], strokeWidth=1.5)
        .encode(x="x:Q", y="target:Q")
    )
    described = f"{up[:1].upper()}{up[1:]} of each feature present alone against its value"
    return alt.LayerChart(
        layer=[lines.mark_line(strokeWidth=2), *([target] if has_target else []), hit],
        height=height,
        description=described + ("; dashed: the target." if has_target else "."),
    ).to_dict()
