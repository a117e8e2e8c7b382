"""How many neurons carry a feature, from dense to sparse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from toymodel.analysis.features import CARRIES
from toymodel.analysis.polysemanticity import path_gain
from toymodel.charts.bands import bands
from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme
from toymodel.charts.scales import DENSITY
from toymodel.model import Model

SETS = ("none", "1", "2", "3", "4 or more")
"""What numbers of neurons that carry a feature are called."""

_NAMES = dict(
    zip(SETS[1:], ("one neuron", "two neurons", "three neurons", "four or more"), strict=True)
)


def set_sizes(models: Sequence[Model]) -> pd.DataFrame:
    """How many features are carried by so many neurons, at every density.

    A neuron carries a feature where its path gain is CARRIES and more.

    Args:
        models: one a density; all restarts count.

    Returns:
        One row a network and number of neurons. Columns: density, restart, neurons (one of SETS),
        features (how many).
    """
    rows = []
    for model in models:
        for restart, weights in enumerate(model.restarts):
            sizes = (path_gain(weights.W1, weights.W2) >= CARRIES).sum(axis=0)
            counts = np.bincount(np.minimum(sizes, len(SETS) - 1), minlength=len(SETS))
            rows += [
                {
                    "density": model.config.feature_probability,
                    "restart": restart,
                    "neurons": name,
                    "features": int(count),
                }
                for name, count in zip(SETS, counts, strict=True)
            ]
    return pd.DataFrame(rows, columns=["density", "restart", "neurons", "features"])


def neuron_sets(sizes: pd.DataFrame, *, theme: Theme) -> Chart:
    """Features by the number of neurons that carry them, against density.

    Args:
        sizes: what `set_sizes` gives.
        theme: the colours.
    """
    carried = sizes.loc[sizes["neurons"] != SETS[0]]
    inks = (theme.node, theme.negative, theme.mark, theme.class_ink["polysemantic"])
    return bands(
        pd.DataFrame(
            {
                "series": [_NAMES[size] for size in carried["neurons"]],
                "x": carried["density"],
                "y": carried["features"],
                "run": carried["restart"],
            }
        ),
        across=DENSITY,
        up="features",
        series=dict(zip(_NAMES.values(), inks, strict=True)),
        theme=theme,
        falling=True,
        height=360,
    )
