"""What one feature receives from the others, or does to them, as bars."""

from __future__ import annotations

import numpy as np
import pandas as pd

from toymodel.analysis.features import Interference
from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme
from toymodel.charts.ranked_bars import ranked_bars
from toymodel.config import Config

MIN_EFFECT = 0.01
"""Smaller effects are neither drawn nor counted."""

MAX_EFFECTS = 8
"""Bars of effects that push up, and as many of those that push down."""


def interference_table(
    config: Config, found: Interference, feature: int, *, received: bool
) -> pd.DataFrame:
    """What the other features do to this one's output, or it to theirs; the worst first.

    Args:
        config: of the network.
        found: its interference.
        feature: the one it is about.
        received: whether its output receives the effects, which are those of a feature present
            alone, before the output's bias and ReLU.

    Returns:
        One row a feature. Columns: feature (the other one), importance, worst, mean (over its
        values), high, low (at the upper and lower end of its range).
    """
    at = (feature, slice(None)) if received else (slice(None), feature)
    table = pd.DataFrame(
        {
            "feature": np.arange(config.n_features),
            "importance": config.importance,
            "worst": found.worst[at],
            "mean": found.mean[at],
            "high": found.high[at],
            "low": found.low[at],
        }
    )
    table = table.loc[table["feature"] != feature]
    return table.sort_values("worst", key=np.abs, ascending=False, kind="stable", ignore_index=True)


def push_counts(table: pd.DataFrame) -> tuple[int, int]:
    """How many features push up by `MIN_EFFECT` or more, and how many down.

    By either end of the range: one may do both.

    Args:
        table: what `interference_table` gives.
    """
    ends = table[["high", "low"]]
    up, down = ends.max(axis=1) >= MIN_EFFECT, ends.min(axis=1) <= -MIN_EFFECT
    return int(up.sum()), int(down.sum())


def strongest_effects(table: pd.DataFrame) -> pd.DataFrame:
    """What pushes up most, and what pushes down most; effects below `MIN_EFFECT` are left out.

    Args:
        table: what `interference_table` gives.

    Returns:
        Up to 8 rows of either. Columns: feature, side ("positive" or "negative": the sign of its
        value), effect.
    """
    both = pd.concat(
        [
            pd.DataFrame({"feature": table["feature"], "side": side, "effect": table[end]})
            for side, end in (("positive", "high"), ("negative", "low"))
        ],
        ignore_index=True,
    )
    both = both.loc[both["effect"].abs() >= MIN_EFFECT]
    both = both.sort_values("effect", ascending=False, kind="stable", ignore_index=True)
    up, down = both.loc[both["effect"] > 0], both.loc[both["effect"] < 0]
    return pd.concat([up.head(MAX_EFFECTS), down.iloc[::-1].head(MAX_EFFECTS)], ignore_index=True)


def interference_bars(effects: pd.DataFrame, *, theme: Theme, height: int) -> Chart:
    """A bar an effect, those that push up first.

    Args:
        effects: what `strongest_effects` gives.
        theme: the colours.
        height: in pixels.
    """
    return ranked_bars(
        effects,
        of="feature",
        value="effect",
        title="added before the ReLU",
        theme=theme,
        height=height,
    )
