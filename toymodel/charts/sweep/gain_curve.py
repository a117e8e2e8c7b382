"""The superposition gain of a sweep against density."""

from __future__ import annotations

import pandas as pd

from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme
from toymodel.charts.scales import DENSITY
from toymodel.charts.vega import layer, nominal, ordinal, quantitative, tip

_TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]


def gain_curve(sweep: pd.DataFrame, *, theme: Theme, height: int = 360) -> Chart:
    """The gain at every density, and a line at 1, where nothing is gained.

    Args:
        sweep: what `sweep_table` gives.
        theme: the colours.
        height: in pixels.
    """
    points = {"size": 60, "filled": True, "color": theme.negative}
    y = quantitative("y")
    text = {"type": "text", "align": "right", "baseline": "top", "dx": -4, "dy": 4}
    spec = {
        "layer": [
            layer(
                "gains",
                {"type": "line", "color": theme.negative, "point": points},
                {
                    "x": ordinal(
                        "density", sort="descending", title=DENSITY, axis={"labelAngle": 0}
                    ),
                    "y": quantitative(
                        "gain",
                        scale={"type": "log", "nice": False, "padding": 20},
                        title="superposition gain (log)",
                        axis={"values": _TICKS, "format": "~g"},
                    ),
                    "tooltip": [
                        tip("density"),
                        tip("gain", format=".2f"),
                        tip("loss", format=".3g"),
                        tip("no_superposition_loss", "no-superposition baseline", ".3g"),
                    ],
                },
            ),
            layer("one", {"type": "rule", "color": theme.ink, "strokeDash": [4, 3]}, {"y": y}),
            layer(
                "one",
                text | {"color": theme.ink},
                {"x": {"value": "width"}, "y": y, "text": nominal("name")},
            ),
        ],
        "height": height,
        "description": "Gain against density.",
    }
    one = pd.DataFrame({"y": [1], "name": ["no superposition"]})
    return Chart(spec, {"gains": sweep, "one": one})
