"""Measures of single networks against density or length of training, with every restart.

Paper: "Superposition in a Privileged Basis", where it looks like a phase change of neurons, and
"Computation in Superposition".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from toymodel.analysis.loss import superposition_gain
from toymodel.analysis.polysemanticity import CLASSES, Thresholds, neurons, superposition
from toymodel.charts.bands import bands
from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme
from toymodel.charts.scales import DENSITY
from toymodel.model import Model

ONE_FEATURE, TWO_FEATURES = 1.25, 1.75
"""Effective features: below the first a neuron holds one, from the second on two and more."""

Against = Literal["density", "steps"]
"""What curves are drawn against: the column of a `network_table`."""

_TITLES: dict[Against, str] = {"density": DENSITY, "steps": "steps of training"}


def network_table(models: Sequence[Model], thresholds: Thresholds | None = None) -> pd.DataFrame:
    """The measures of every restart of every model.

    Args:
        models: the networks.
        thresholds: where the classes of neurons end.

    Returns:
        One row a restart. Columns: density, steps (of training), sampler, restart, loss, gain,
        those in CLASSES (shares of neurons, 0 to 1), represented (features), effective (features a
        neuron, mean), one, between, more (shares of neurons with less than ONE_FEATURE effective
        features, less than TWO_FEATURES, and from TWO_FEATURES on).
    """
    rows = []
    for model in models:
        for restart, weights in enumerate(model.restarts):
            found = neurons(weights.W1, thresholds)
            loss = float(model.losses[restart])
            effective = found.effective_features
            low, high = effective < ONE_FEATURE, effective >= TWO_FEATURES
            rows.append(
                {
                    "density": model.config.feature_probability,
                    "steps": model.recipe.total_steps,
                    "sampler": model.recipe.sampler,
                    "restart": restart,
                    "loss": loss,
                    "gain": superposition_gain(model.config, loss),
                    **{name: count / len(effective) for name, count in found.counts.items()},
                    "represented": int(np.isfinite(superposition(weights.W1)).sum()),
                    "effective": float(effective.mean()),
                    "one": float(low.mean()),
                    "between": float((~low & ~high).mean()),
                    "more": float(high.mean()),
                }
            )
    columns = ["density", "steps", "sampler", "restart", "loss", "gain", *CLASSES]
    return pd.DataFrame(rows, columns=None if rows else columns)


def class_curves(
    networks: pd.DataFrame,
    *,
    against: Against,
    theme: Theme,
    marks: Mapping[str, tuple[float, float, str]] | None = None,
    height: int = 320,
) -> Chart:
    """The share of neurons of each class.

    Args:
        networks: what `network_table` gives.
        against: the column that is the horizontal axis.
        theme: the colours.
        marks: for some classes, a value from elsewhere that is drawn as a cross: where it stands,
            the share, and the words of its tooltip.
        height: in pixels.
    """
    crosses = None
    if marks:
        crosses = pd.DataFrame(
            [{"series": name, "x": x, "y": y, "text": text} for name, (x, y, text) in marks.items()]
        )
    shares = networks.melt(
        id_vars=[against, "restart"], value_vars=list(CLASSES), var_name="series", value_name="y"
    )
    return bands(
        shares.rename(columns={against: "x", "restart": "run"}),
        across=_TITLES[against],
        up="share of neurons",
        series={name: theme.class_ink[name] for name in CLASSES},
        theme=theme,
        falling=against == "density",
        share=True,
        marks=crosses,
        height=height,
    )


def measure_curve(
    networks: pd.DataFrame, column: str, name: str, *, theme: Theme, log: bool = False
) -> Chart:
    """One measure against density.

    Args:
        networks: what `network_table` gives.
        column: the measure.
        name: what it is called.
        theme: the colours.
        log: whether its axis is logarithmic.
    """
    table = pd.DataFrame(
        {
            "series": name,
            "x": networks["density"],
            "y": networks[column],
            "run": networks["restart"],
        }
    )
    return bands(
        table,
        across=DENSITY,
        up=name,
        series={name: theme.negative},
        theme=theme,
        falling=True,
        log=log,
        height=220,
    )


def loss_curves(networks: pd.DataFrame, names: Mapping[str, str], *, theme: Theme) -> Chart:
    """The loss against the length of training, a curve a sampler.

    Args:
        networks: what `network_table` gives.
        names: what the two samplers are called.
        theme: the colours.
    """
    table = pd.DataFrame(
        {
            "series": [names[sampler] for sampler in networks["sampler"]],
            "x": networks["steps"],
            "y": networks["loss"],
            "run": networks["restart"],
        }
    )
    return bands(
        table,
        across=_TITLES["steps"],
        up="normalised loss",
        series=dict(zip(names.values(), (theme.negative, theme.positive), strict=True)),
        theme=theme,
        log=True,
        height=280,
    )
