"""Weights as bars with their roles: what `weight_bars` draws of the motif.

Paper: "Computation in Superposition", section "The Asymmetric Superposition Motif".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from toymodel.analysis.decomposition import ROLES, Roles
from toymodel.analysis.motif_effects import main_feature
from toymodel.analysis.motifs import Motif
from toymodel.charts.network.weight_bars import Side
from toymodel.model import Weights

_MIN_BAR = 0.005  # of the layer's largest weight: less than a pixel
_MAX_BARS = 1_000  # more make a browser slow, and are too small to tell apart


def role_bars(
    weights: Weights,
    found: Roles,
    lit: Sequence[int],
    *,
    side: Side = "input",
    neurons: Sequence[int],
) -> pd.DataFrame:
    """The weights of some neurons as bars that stack away from the axis, with their roles.

    Args:
        weights: the network.
        found: the roles of its weights.
        lit: the roles that are highlighted, places in ROLES.
        side: "input" gives W1, "output" W2.
        neurons: those that are drawn, from left to right.

    Returns:
        One row a bar; weights too small to see are left out. Columns: column (place in `neurons`),
        neuron, feature, weight, role (name), lit, high, low (where the bar ends and begins).
    """
    W, roles = _side(weights, found, side)
    return _stacked(W, roles, np.isin(roles, list(lit)), neurons)


def instance_bars(
    weights: Weights, found: Roles, motif: Motif, *, side: Side = "input"
) -> pd.DataFrame:
    """The weights of an instance's neurons as `role_bars`: the neuron, then its inhibitors.

    Highlighted are the weights of `instance_features`.
    """
    neurons = [motif.neuron, *motif.inhibitors]
    W, roles = _side(weights, found, side)
    lit = np.zeros(W.shape, bool)
    lit[np.ix_(neurons, instance_features(weights, motif))] = True
    return _stacked(W, roles, lit, neurons)


def instance_features(
    weights: Weights, motif: Motif, max_inhibitors: int | None = None
) -> tuple[int, ...]:
    """An instance's features: its two, and the main features of its inhibitors.

    Args:
        weights: the network.
        motif: the instance.
        max_inhibitors: how many of its inhibitors count, the strongest first; all unless given.
    """
    main = (main_feature(weights, j) for j in motif.inhibitors[:max_inhibitors])
    return tuple(dict.fromkeys([motif.interfering_feature, motif.receiving_feature, *main]))


def _side(
    weights: Weights, found: Roles, side: Side
) -> tuple[Float[np.ndarray, "neuron feature"], Int[np.ndarray, "neuron feature"]]:
    return (weights.W1, found.W1) if side == "input" else (weights.W2.T, found.W2.T)


def _stacked(
    W: Float[np.ndarray, "neuron feature"],
    roles: Int[np.ndarray, "neuron feature"],
    lit: Bool[np.ndarray, "neuron feature"],
    neurons: Sequence[int],
) -> pd.DataFrame:
    chosen = np.asarray(neurons, int)
    part = W[chosen].astype(np.float64)
    size = np.abs(part)
    smallest = _MIN_BAR * size.max(initial=0)
    # What is highlighted is drawn however small it is, where that is not nearly everything.
    few = lit[chosen].sum() <= _MAX_BARS and not lit[chosen].all()
    if size.size > _MAX_BARS:
        smallest = max(smallest, float(np.partition(size, -_MAX_BARS, axis=None)[-_MAX_BARS]))
    # The largest lies at the axis, and is there however small it is: each neuron has its column.
    order = np.argsort(-size, axis=1, kind="stable")
    drawn = (size > smallest) | (lit[chosen] & (size > 0) & few)
    drawn = np.take_along_axis(drawn, order, axis=1)
    drawn[:, :1] = True
    column, place = np.nonzero(drawn)
    feature = order[column, place]
    neuron = chosen[column]
    weight = part[column, feature]
    table = pd.DataFrame(
        {
            "column": column,
            "neuron": neuron,
            "feature": feature,
            "weight": weight,
            "role": np.array(ROLES, dtype=object)[roles[neuron, feature]],
            "lit": lit[neuron, feature],
        }
    )
    table["high"] = table.groupby([column, np.sign(weight)])["weight"].cumsum()
    table["low"] = table["high"] - table["weight"]
    return table
