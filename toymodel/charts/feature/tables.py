"""Tidy frames of one feature, and of what all features do to each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from toymodel.analysis.features import Interference, carriers
from toymodel.analysis.polysemanticity import Thresholds, neurons, path_gain
from toymodel.config import Config
from toymodel.model import Weights

MOST_CELLS = 100
"""Features along either side of the map of interference."""

LEAST_EFFECT = 0.01
"""Effects below are not told."""

LEAST_CELL = 0.01
"""Of the largest: cells below are not drawn."""


def feature_carriers(
    weights: Weights, feature: int, thresholds: Thresholds | None = None
) -> pd.DataFrame:
    """The neurons that carry a feature, the largest path gain first.

    Columns: neuron, side ("positive" or "negative": the sign of x that drives it), path_gain,
    w_in, w_out, class, primary (feature of the neuron).
    """
    order = carriers(weights, feature)
    found = neurons(weights.W1, thresholds)
    w_in = weights.W1[order, feature]
    return pd.DataFrame(
        {
            "neuron": order,
            "side": np.where(w_in > 0, "positive", "negative"),
            "path_gain": path_gain(weights.W1, weights.W2)[order, feature],
            "w_in": w_in,
            "w_out": weights.W2[feature, order],
            "class": np.array(found.classes, dtype=object)[order],
            "primary": found.primary[order],
        }
    )


def interference_of(
    config: Config, found: Interference, feature: int, *, received: bool
) -> pd.DataFrame:
    """What the other features do to this one's output, or it to theirs; the worst first.

    received: whether this feature's output receives it. Effects are those of a feature present
    alone, before the output's bias and ReLU.

    Columns: feature (the other one), importance, worst, mean (over its values), high, low (at the
    upper and lower end of its range).
    """
    at = (feature, slice(None)) if received else (slice(None), feature)
    frame = pd.DataFrame(
        {
            "feature": np.arange(config.n_features),
            "importance": config.importance,
            "worst": found.worst[at],
            "mean": found.mean[at],
            "high": found.high[at],
            "low": found.low[at],
        }
    )
    frame = frame.loc[frame["feature"] != feature]
    return frame.sort_values("worst", key=np.abs, ascending=False, kind="stable", ignore_index=True)


def strongest_effects(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """Of what `interference_of` lists, what pushes up most and what pushes down most.

    most: of either; those of less than `LEAST_EFFECT` are left out.

    Columns: feature, side ("positive" or "negative": the sign of its value), effect.
    """
    both = pd.concat(
        [
            pd.DataFrame({"feature": table["feature"], "side": side, "effect": table[end]})
            for side, end in (("positive", "high"), ("negative", "low"))
        ],
        ignore_index=True,
    )
    both = both.loc[both["effect"].abs() >= LEAST_EFFECT]
    both = both.sort_values("effect", ascending=False, kind="stable", ignore_index=True)
    up, down = both.loc[both["effect"] > 0], both.loc[both["effect"] < 0]
    return pd.concat([up.head(most), down.iloc[::-1].head(most)], ignore_index=True)


def pushed(table: pd.DataFrame) -> tuple[int, int]:
    """How many of what `interference_of` lists push up, and down, by `LEAST_EFFECT` or more.

    By either end of the range: one may do both.
    """
    ends = table[["high", "low"]]
    up, down = ends.max(axis=1) >= LEAST_EFFECT, ends.min(axis=1) <= -LEAST_EFFECT
    return int(up.sum()), int(down.sum())


def interference_cells(
    config: Config, found: Interference, *, weighted: bool = False, first: int = MOST_CELLS
) -> pd.DataFrame:
    """The worst that every feature does to every output, one row a cell that is worth drawing.

    weighted: times the square root of the receiving feature's importance, so that its square
    counts as the loss does. first: only the most important features.

    Columns: receiving, interfering, value.
    """
    worst = found.worst[:first, :first]
    if weighted:
        worst = worst * np.sqrt(config.importance[:first, None])
    largest = np.abs(worst).max(initial=0)
    row, column = np.nonzero((np.abs(worst) >= LEAST_CELL * largest) & (worst != 0))
    return pd.DataFrame({"receiving": row, "interfering": column, "value": worst[row, column]})
