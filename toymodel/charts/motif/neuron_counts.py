"""How many models of each quarter by loss have how many asymmetric neurons."""

from __future__ import annotations

import numpy as np
import pandas as pd

from toymodel.charts.chart import Chart
from toymodel.charts.look import NEURON_COUNTS, Theme, neuron_count_names, neuron_counts_colour
from toymodel.charts.vega import layer, nominal, quantitative, tip

QUARTERS = ("lowest", "2nd", "3rd", "highest")
"""The quarters of an ensemble by loss, lowest first."""

MAX_COUNTED = len(NEURON_COUNTS) - 1
"""From this number of asymmetric neurons on, models are counted together."""

_ACROSS = "quarter by loss"
_LABEL_PIXELS = 100  # of a quarter's name, about


def counts_by_quarter(ensemble: pd.DataFrame) -> pd.DataFrame:
    """How many models of each quarter by loss have how many asymmetric neurons.

    Args:
        ensemble: what `ensemble_table` gives.

    Returns:
        Columns: group (one of QUARTERS), neurons (up to MAX_COUNTED, which stands for more,
        too), models (how many).
    """
    counted = np.minimum(ensemble["neurons"].to_numpy(), MAX_COUNTED)
    return pd.DataFrame(
        [
            {"group": name, "neurons": count, "models": int((part == count).sum())}
            for name, part in zip(QUARTERS, np.array_split(counted, len(QUARTERS)), strict=True)
            for count in range(MAX_COUNTED + 1)
        ]
    )


def neuron_counts(counts: pd.DataFrame, *, theme: Theme, height: int = 220) -> Chart:
    """A bar a quarter, a block a number of asymmetric neurons, in the colours of the strip.

    Args:
        counts: what `counts_by_quarter` gives.
        theme: the colours.
        height: in pixels.
    """
    blocks = counts.loc[counts["models"] > 0].sort_values("neurons", kind="stable")
    by_group = blocks.groupby("group")["models"]
    total = by_group.transform("sum")
    blocks = blocks.assign(
        place=blocks["neurons"],
        neurons=neuron_count_names(blocks["neurons"]),
        share=blocks["models"] / total,
        high=by_group.cumsum() / total,
    )
    blocks["low"] = blocks["high"] - blocks["share"]
    bars = layer(
        "blocks",
        {"type": "bar", "stroke": theme.gap, "strokeWidth": 1},
        {
            "x": nominal(
                "group",
                title=_ACROSS,
                scale={"domain": list(QUARTERS)},
                axis={
                    "labelAngle": 0,
                    "labelExpr": f"width < {len(QUARTERS) * _LABEL_PIXELS} "
                    "? split(datum.label, ' ') : datum.label",
                    "grid": False,
                },
            ),
            "y": quantitative(
                "low",
                title="share of models",
                scale={"domain": [0, 1], "nice": False},
                axis={"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]},
            ),
            "y2": {"field": "high"},
            "color": neuron_counts_colour(theme) | {"legend": {"orient": "top"}},
            "tooltip": [
                tip("group", _ACROSS),
                tip("neurons", "asymmetric neurons"),
                tip("models"),
                tip("share", format=".0%"),
            ],
        },
    )
    spec = {
        "layer": [bars],
        "height": height,
        "description": "Share of models with 0, 1, 2, and 3 or more asymmetric neurons, "
        f"{_ACROSS}.",
    }
    return Chart(spec, {"blocks": blocks})
