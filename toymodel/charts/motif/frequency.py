"""How common the motif is, over density and importance decay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from toymodel.analysis.motifs import MotifThresholds, asymmetric_neurons, find_motifs
from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme
from toymodel.charts.motif.neuron_counts import MAX_COUNTED, QUARTERS
from toymodel.charts.sweep.setting_map import setting_map
from toymodel.model import Model

STANDARD_ERRORS = 2
"""A difference between the quarters is clear if it is larger than this many standard errors."""

_MIN_SHARE = 0.1  # of a setting's networks that hold an instance, for them to be compared


def motif_frequency(
    models: Sequence[Model], thresholds: MotifThresholds | None = None
) -> pd.DataFrame:
    """How common the motif is among the restarts of each model.

    Args:
        models: one a setting.
        thresholds: what counts as an instance.

    Returns:
        One row a model. Columns: density, decay, models (restarts), share_0, share_1, ... (of
        the restarts with so many asymmetric neurons, up to MAX_COUNTED, which stands for more,
        too), mean (number of these neurons), pairs (mean number of pairs of features), best and
        worst (as mean, in the quarters with the lowest and the highest losses), difference (best
        - worst), error (its standard error), common (whether a tenth of the restarts or more have
        such a neuron), clear (whether it is common and the difference larger than two standard
        errors).
    """
    rows: list[dict[str, float | bool]] = []
    for model in models:
        found = [find_motifs(w.W1, w.W2, thresholds) for w in model.restarts]
        count = np.array([len(asymmetric_neurons(motifs)) for motifs in found])
        ranked = count[np.argsort(model.losses, kind="stable")]
        quarter = max(1, len(count) // len(QUARTERS))
        best, worst = ranked[:quarter], ranked[-quarter:]
        counted = np.minimum(count, MAX_COUNTED)
        difference = float(best.mean() - worst.mean())
        error = float(np.sqrt((best.var() + worst.var()) / quarter))
        common = bool((count > 0).mean() >= _MIN_SHARE)
        rows.append(
            {
                "density": model.config.feature_probability,
                "decay": model.config.importance_decay,
                "models": len(count),
                **{f"share_{k}": float((counted == k).mean()) for k in range(MAX_COUNTED + 1)},
                "mean": float(count.mean()),
                "pairs": float(np.mean([len(motifs) for motifs in found])),
                "best": float(best.mean()),
                "worst": float(worst.mean()),
                "difference": difference,
                "error": error,
                "common": common,
                "clear": common and abs(difference) > STANDARD_ERRORS * error,
            }
        )
    return pd.DataFrame(rows)


def frequency_map(
    frequency: pd.DataFrame, *, theme: Theme, selected: tuple[float, float] | None
) -> Chart:
    """The share of each setting's networks that have an asymmetric neuron.

    Args:
        frequency: what `motif_frequency` gives.
        theme: the colours.
        selected: the density and the decay of the setting that is framed.
    """
    shares = pd.DataFrame(
        {"x": frequency["density"], "y": frequency["decay"], "value": 1 - frequency["share_0"]}
    )
    return setting_map(
        shares,
        title="Networks with an asymmetric neuron",
        form=".0%",
        limits=(0.0, 1.0),
        theme=theme,
        selected=selected,
        height=250,
    )
