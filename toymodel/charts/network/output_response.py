"""What a model answers to one feature alone, beside what it should."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme, feature_colour
from toymodel.charts.vega import layer, nominal, quantitative, tip
from toymodel.config import Config
from toymodel.model import Weights
from toymodel.settings import Problem, SettingError

POINTS = 101
"""Values of a feature at which its curve is computed."""


def responses(config: Config, weights: Weights, features: Sequence[int]) -> pd.DataFrame:
    """The output of each feature when it alone is present, over the task's range of values.

    Args:
        config: of the network.
        weights: the network.
        features: those whose output is computed.

    Returns:
        101 rows a feature, in the order of `features`. Columns: feature, x, output, target.

    Raises:
        SettingError: for a feature that the model does not have.
    """
    n, task = config.n_features, config.definition
    if not all(0 <= i < n for i in features):
        raise SettingError((Problem("features", tuple(features), f"from 0 to {n - 1}"),))
    x = np.linspace(task.low, task.high, POINTS, dtype=np.float32)
    output = np.empty((len(features), POINTS), np.float32)
    for row, feature in enumerate(features):
        alone = np.zeros((n, POINTS), np.float32)
        alone[feature] = x
        output[row] = weights.output(alone)[feature]
    return pd.DataFrame(
        {
            "feature": np.repeat(np.array(features, int), POINTS),
            "x": np.tile(x, len(features)),
            "output": output.ravel(),
            "target": np.tile(task.target(x), len(features)),
        }
    )


def output_response(
    config: Config, weights: Weights, features: Sequence[int], *, theme: Theme, height: int = 260
) -> Chart:
    """The output of each feature against its value when it alone is present; dashed: the target.

    Args:
        config: of the network.
        weights: the network.
        features: those whose output is drawn.
        theme: the colours.
        height: in pixels.
    """
    table = responses(config, weights, features)
    return response_lines(table, config.n_features, up="output", theme=theme, height=height)


def response_lines(
    table: pd.DataFrame, n_features: int, *, up: str, theme: Theme, height: int
) -> Chart:
    """What is answered to each feature alone against its value, a line a feature.

    Args:
        table: as `responses` gives it. The target is drawn where the table has it.
        n_features: of the network.
        up: what the column `output` is.
        theme: the colours.
        height: in pixels.
    """
    chosen = table["feature"].unique().tolist()
    has_target = "target" in table
    legend = {"type": "symbol", "values": chosen, "symbolType": "stroke", "symbolStrokeWidth": 3}
    place = {
        "x": quantitative("x", title="value of the feature, alone", axis={"tickCount": 8}),
        "y": quantitative("output", title=up, axis={"tickCount": 6}),
        "color": feature_colour(n_features, chosen) | {"legend": legend},
        "detail": nominal("feature"),
    }
    told = [tip("feature"), tip("x", format=".2f"), tip("output", up, ".3f")]
    lines = layer("lines", {"type": "line", "strokeWidth": 2}, place)
    layers, tables = [lines], {"lines": table}
    described = f"{up[:1].upper()}{up[1:]} of each feature present alone against its value"
    if has_target:
        told.append(tip("target", format=".3f"))
        dashed = {"type": "line", "color": theme.ink, "strokeDash": [4, 4], "strokeWidth": 1.5}
        layers.append(
            layer("target", dashed, {"x": quantitative("x"), "y": quantitative("target")})
        )
        tables["target"] = table.loc[table["feature"].isin(chosen[:1])]
        described += "; dashed: the target"
    # The pointer finds a line's points, not the line.
    layers.append(
        layer("lines", {"type": "circle", "opacity": 0, "size": 60}, {**place, "tooltip": told})
    )
    return Chart({"layer": layers, "height": height, "description": f"{described}."}, tables)
