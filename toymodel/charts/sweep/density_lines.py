"""A few named curves against density, a point at every density of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from toymodel.charts.chart import Chart
from toymodel.charts.lines import lines
from toymodel.charts.look import Theme
from toymodel.charts.scales import DENSITY

DASHES = ((1, 0), (5, 3), (2, 2))
"""What tells up to three curves apart beside their colours."""


def density_lines(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    up: str,
    theme: Theme,
    height: int = 280,
) -> Chart:
    """Up to three curves against density.

    Args:
        curves: the densities and the values of each curve, by its name.
        up: the title of the vertical axis.
        theme: the colours.
        height: in pixels.
    """
    table = pd.concat(
        pd.DataFrame({"series": name, "x": densities, "y": values})
        for name, (densities, values) in curves.items()
    )
    return lines(
        table,
        across=DENSITY,
        up=up,
        series=list(curves),
        colours=(theme.positive, theme.negative, theme.ink)[: len(curves)],
        dashes=DASHES[: len(curves)],
        height=height,
        steps="descending",
    )
