"""Several models of one setting side by side: their losses, gains and classes of neurons."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from toymodel.analysis.loss import no_superposition_loss, superposition_gain
from toymodel.analysis.polysemanticity import Thresholds, neurons
from toymodel.model import Model


def sweep_table(models: Sequence[Model], thresholds: Thresholds | None = None) -> pd.DataFrame:
    """Make a table with one row for each model.

    Args:
        models: the models, in the order of the rows.
        thresholds: where the classes of neurons end; the defaults if None.

    Returns:
        Columns: density (feature probability), loss and loss_error (normalised),
        no_superposition_loss (the exact baseline), gain, and the number of neurons of each of
        CLASSES, and of UNUSED if a model has such neurons.
    """
    rows = [
        {
            "density": model.config.feature_probability,
            "loss": model.loss,
            "loss_error": model.loss_error,
            "no_superposition_loss": no_superposition_loss(model.config),
            "gain": superposition_gain(model.config, model.loss),
            **neurons(model.W1, thresholds).counts,
        }
        for model in models
    ]
    return pd.DataFrame(rows)
