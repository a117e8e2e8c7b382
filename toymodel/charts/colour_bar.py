"""What the colours of a stack plot mean, as a bar."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import MAX_NAMED_FEATURES, feature_colour, superposition_colour
from toymodel.charts.vega import layer, quantitative

_HEIGHT = 96
_MAX_STRIPES = 200
_SHADES = 64


def colour_bar(colour: Literal["superposition", "feature"], n_features: int) -> Chart:
    """A bar of all colours with its values below.

    Args:
        colour: what blocks are coloured by.
        n_features: of the network.
    """
    if colour == "superposition":
        edges = np.linspace(0, 1, _SHADES + 1)
        values = edges[:-1]
        x, fill = _superposition_axis(), superposition_colour()
    else:
        stripes = min(n_features, _MAX_STRIPES)
        edges = np.arange(stripes + 1) * max(1, n_features / _MAX_STRIPES)
        values = edges[:-1].astype(int)
        x, fill = _feature_axis(n_features, float(edges[-1])), feature_colour(n_features)
    # Stripes overlap a little, because the background shines through between them otherwise.
    ends = np.minimum(edges[1:] + 0.5 * edges[1], edges[-1])
    stripes = pd.DataFrame({"low": edges[:-1], "high": ends, colour: values})
    encoding = {"x": x, "x2": {"field": "high"}, "color": fill | {"legend": None}}
    spec = {
        "layer": [layer("stripes", "rect", encoding)],
        "height": _HEIGHT,
        "description": f"What the colours mean: {colour}.",
    }
    return Chart(spec, {"stripes": stripes})


def _superposition_axis() -> Spec:
    axis = {
        "grid": False,
        "values": [0, 0.5, 1],
        "labelExpr": "datum.value == 1 ? '1+' : datum.label",
    }
    return quantitative("low", title="superposition of the feature", axis=axis)


def _feature_axis(n_features: int, end: float) -> Spec:
    axis: Spec = {"grid": False, "tickCount": min(n_features, 10), "format": "d"}
    if n_features <= MAX_NAMED_FEATURES:
        # The numbers of a few stand in the middle of their colours.
        axis["values"] = [place + 0.5 for place in range(n_features)]
        axis["labelExpr"] = "floor(datum.value)"
    scale = {"domain": [0, end], "nice": False}
    return quantitative("low", title="feature (0 matters most)", scale=scale, axis=axis)
