"""Several models of one setting side by side: what each reaches, and the classes of its neurons."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from toymodel.analysis.loss import Estimate, no_superposition_loss, superposition_gain
from toymodel.analysis.polysemanticity import Thresholds, neurons
from toymodel.model import Model


def sweep_table(models: Sequence[Model], thresholds: Thresholds | None = None) -> pd.DataFrame:
    """One row a model: density, loss and its error, yardstick, gain, and the counts of classes.

    Columns: density, loss, loss_error, no_superposition_loss, gain, unused and those in CLASSES.
    """
    rows = []
    for model in models:
        loss = Estimate(model.loss, model.loss_error)
        rows.append(
            {
                "density": model.config.feature_probability,
                "loss": loss.value,
                "loss_error": loss.error,
                "no_superposition_loss": no_superposition_loss(model.config),
                "gain": superposition_gain(model.config, loss.value),
                **neurons(model.W1, thresholds).counts,
            }
        )
    return pd.DataFrame(rows)
