"""How far features align with neurons in a sweep, beside rotations of the hidden space.

Paper: "Superposition in a Privileged Basis" and "Computation in Superposition".
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from toymodel.analysis.features import privileged_basis
from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme
from toymodel.charts.sweep.density_lines import density_lines
from toymodel.model import Model

HIDDEN = {"relu": "ReLU", "none": "linear"}
"""What tables call the activation functions of the hidden layer."""


def basis_table(models: Sequence[Model]) -> pd.DataFrame:
    """How far features align with neurons, one row a model.

    Args:
        models: with a hidden ReLU or a linear hidden layer.

    Returns:
        Columns: density, hidden (of HIDDEN), neurons and neurons_rotated (that a feature is spread
        over), read_off and read_off_rotated (R^2, 0 to 1), loss and loss_rotated (normalised).
        Means over the represented features, weighted by importance; rotated: means over random
        rotations.
    """
    columns = ["density", "hidden", "neurons", "neurons_rotated", "read_off", "read_off_rotated"]
    return pd.DataFrame(
        [_row(model) for model in models], columns=[*columns, "loss", "loss_rotated"]
    )


def _row(model: Model) -> dict[str, object]:
    config = model.config
    found = privileged_basis(config, model.weights)
    return {
        "density": config.feature_probability,
        "hidden": HIDDEN[config.activation],
        "neurons": found.mean(config, found.effective_neurons),
        "neurons_rotated": found.mean(config, found.rotated_neurons),
        "read_off": found.mean(config, found.read_off),
        "read_off_rotated": found.mean(config, found.rotated_read_off),
        "loss": found.loss,
        "loss_rotated": found.rotated_loss,
    }


def neurons_of_a_feature(table: pd.DataFrame, *, theme: Theme, height: int = 360) -> Chart:
    """The effective neurons of a feature against density: trained, rotated, and without a ReLU.

    Args:
        table: what `basis_table` gives; rows of a linear hidden layer are a curve of their own.
        theme: the colours.
        height: in pixels.
    """
    relu, linear = (_drawn(table, name) for name in HIDDEN.values())
    curves = {
        "as trained": (relu["density"].tolist(), relu["neurons"].tolist()),
        "rotated at random": (relu["density"].tolist(), relu["neurons_rotated"].tolist()),
        "linear hidden layer": (linear["density"].tolist(), linear["neurons"].tolist()),
    }
    return density_lines(
        {name: curve for name, curve in curves.items() if curve[0]},
        up="effective neurons of a feature",
        theme=theme,
        height=height,
    )


def read_off(table: pd.DataFrame, *, theme: Theme, height: int = 360) -> Chart:
    """The variance of feature values that their own neurons explain, against density.

    Args:
        table: what `basis_table` gives; rows of a linear hidden layer are left out.
        theme: the colours.
        height: in pixels.
    """
    relu = _drawn(table, HIDDEN["relu"])
    density = relu["density"].tolist()
    return density_lines(
        {
            "as trained": (density, relu["read_off"].tolist()),
            "rotated at random": (density, relu["read_off_rotated"].tolist()),
        },
        up="R² of a feature by its own neurons",
        theme=theme,
        height=height,
    )


def _drawn(table: pd.DataFrame, hidden: str) -> pd.DataFrame:
    # Without models that represent no feature, whose means are NaN.
    return table.loc[(table["hidden"] == hidden) & table["neurons"].notna()]
