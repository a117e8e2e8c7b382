"""The share of neurons of each class in a sweep, against density."""

from __future__ import annotations

import pandas as pd

from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme
from toymodel.charts.scales import DENSITY
from toymodel.charts.vega import layer, nominal, ordinal, quantitative, tip


def class_shares(sweep: pd.DataFrame, *, theme: Theme, height: int = 360) -> Chart:
    """A bar a density, a block a class.

    Args:
        sweep: what `sweep_table` gives.
        theme: the colours.
        height: in pixels.
    """
    names = [name for name in theme.class_ink if name in sweep]
    blocks = sweep.melt(id_vars="density", value_vars=names, var_name="class", value_name="neurons")
    total = blocks.groupby("density")["neurons"].transform("sum")
    blocks = blocks.assign(order=blocks["class"].map(names.index), share=blocks["neurons"] / total)
    bars = layer(
        "blocks",
        {"type": "bar", "stroke": theme.gap, "strokeWidth": 0.5},
        {
            "x": ordinal("density", sort="descending", title=DENSITY, axis={"labelAngle": 0}),
            "y": quantitative("share", stack=True, title="share of neurons", axis={"format": "%"}),
            "order": quantitative("order"),
            "color": nominal(
                "class",
                scale={"domain": names, "range": [theme.class_ink[name] for name in names]},
                legend={"orient": "top", "title": None, "labelLimit": 200, "columns": 1},
            ),
            "tooltip": [
                tip("density"),
                tip("class"),
                tip("neurons"),
                tip("share", format=".0%"),
            ],
        },
    )
    spec = {
        "layer": [bars],
        "height": height,
        "description": "Share of each class against density.",
    }
    return Chart(spec, {"blocks": blocks})
