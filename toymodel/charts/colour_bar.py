"""What the colours of a stack plot mean, as a bar."""

from __future__ import annotations

from typing import Literal

import altair as alt
import numpy as np
import pandas as pd

from toymodel.charts.look import MAX_NAMED_FEATURES, feature_colour, superposition_colour


def colour_bar(
    colour: Literal["superposition", "feature"], n_features: int, *, height: int = 96
) -> alt.Chart:
    """A bar of all colours with its values below."""
    if colour == "superposition":
        edges = np.linspace(0, 1, 65)
        ends = {"values": [0, 0.5, 1], "labelExpr": "datum.value == 1 ? '1+' : datum.label"}
        x = alt.X("low:Q", title="superposition of the feature", axis=alt.Axis(grid=False, **ends))
        fill = superposition_colour()
    else:
        edges = np.arange(min(n_features, 200) + 1) * max(1, n_features / 200)
        scale = alt.Scale(domain=[0, float(edges[-1])], nice=False)
        # The numbers of a few stand in the middle of their colours.
        few = n_features <= MAX_NAMED_FEATURES
        middles = {
            "values": [place + 0.5 for place in range(n_features)],
            "labelExpr": "floor(datum.value)",
        }
        x = alt.X(
            "low:Q",
            title="feature (0 matters most)",
            scale=scale,
            axis=alt.Axis(
                grid=False, tickCount=min(n_features, 10), format="d", **(middles if few else {})
            ),
        )
        fill = feature_colour(n_features)
    values = edges[:-1] if colour == "superposition" else edges[:-1].astype(int)
    frame = pd.DataFrame(
        {
            "low": edges[:-1],
            "high": np.minimum(edges[1:] + 0.5 * edges[1], edges[-1]),
            colour: values,
        }
    )
    return (
        alt.Chart(frame)
        .mark_rect()
        .encode(x=x, x2="high:Q", color=fill.legend(None))
        .properties(height=height, description=f"What the colours mean: {colour}.")
    )
