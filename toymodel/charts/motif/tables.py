"""Tidy frames of the motif: which weights show it, what inhibition does, and how common it is.

Paper: "Computation in Superposition", section "The Asymmetric Superposition Motif".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Int

from toymodel.analysis.decomposition import ROLES, Roles, Shift
from toymodel.analysis.ensemble import Member
from toymodel.analysis.motifs import Motif, MotifThresholds, find_motifs
from toymodel.charts.motif.words import main_feature
from toymodel.config import Config
from toymodel.model import Model, Weights

MOST_COUNTED = 3
"""Instances from which on models are counted together."""

_LEAST_BAR = 0.005  # of the layer's largest weight: less than a pixel
_MOST_BARS = 1_000  # more make a browser slow, and are too small to tell apart
QUARTERS = ("lowest", "2nd", "3rd", "highest")
"""Of the losses of an ensemble, lowest first."""


def role_bars(
    weights: Weights,
    found: Roles,
    lit: Sequence[int],
    *,
    side: str = "input",
    neurons: Sequence[int],
) -> pd.DataFrame:
    """The weights of some neurons as bars that stack away from the axis, with their roles.

    lit: the roles (places in ROLES) that are highlighted. Weights too small to see are left out.
    Columns: column (place in `neurons`), neuron, feature, weight, low, high, role (name), lit.
    """
    W = weights.W1 if side == "input" else weights.W2.T
    roles = found.W1 if side == "input" else found.W2.T
    return _stacked(W, roles, np.isin(roles, list(lit)), neurons)


def instance_bars(
    weights: Weights, found: Roles, motif: Motif, *, side: str = "input"
) -> pd.DataFrame:
    """The weights of an instance's neurons, as `role_bars`: the neuron, then its inhibitors.

    Highlighted are the weights of `features_of` the instance.
    """
    neurons = [motif.neuron, *motif.inhibitors]
    W = weights.W1 if side == "input" else weights.W2.T
    roles = found.W1 if side == "input" else found.W2.T
    lit = np.zeros(W.shape, bool)
    lit[np.ix_(neurons, features_of(weights, motif))] = True
    return _stacked(W, roles, lit, neurons)


def features_of(weights: Weights, motif: Motif, most: int | None = None) -> tuple[int, ...]:
    """An instance's features: its two, and what its inhibitors (up to `most`) mainly serve."""
    serve = (main_feature(weights, j) for j in motif.inhibitors[:most])
    return tuple(dict.fromkeys([motif.interfering_feature, motif.receiving_feature, *serve]))


def _stacked(
    W: np.ndarray, roles: Int[np.ndarray, "neuron feature"], lit: np.ndarray, neurons: Sequence[int]
) -> pd.DataFrame:
    chosen = np.asarray(neurons, int)
    part = W[chosen].astype(np.float64)
    size = np.abs(part)
    least = _LEAST_BAR * size.max(initial=0)
    # What is highlighted is drawn however small it is, where that is not nearly everything.
    few = lit[chosen].sum() <= _MOST_BARS and not lit[chosen].all()
    if size.size > _MOST_BARS:
        least = max(least, float(np.partition(size, -_MOST_BARS, axis=None)[-_MOST_BARS]))
    # The largest lies at the axis, and is there however small it is: each neuron has its column.
    order = np.argsort(-np.abs(part), axis=1, kind="stable")
    drawn = np.take_along_axis((size > least) | (lit[chosen] & (size > 0) & few), order, axis=1)
    drawn[:, :1] = True
    column, place = np.nonzero(drawn)
    feature = order[column, place]
    neuron = chosen[column]
    weight = part[column, feature]
    frame = pd.DataFrame(
        {
            "column": column,
            "neuron": neuron,
            "feature": feature,
            "weight": weight,
            "role": np.array(ROLES, dtype=object)[roles[neuron, feature]],
            "lit": lit[neuron, feature],
        }
    )
    frame["high"] = frame.groupby([column, np.sign(weight)])["weight"].cumsum()
    frame["low"] = frame["high"] - frame["weight"]
    return frame


def error_map(config: Config, weights: Weights, motif: Motif, cells: int = 40) -> pd.DataFrame:
    """The error of the receiving output for two features, the rest absent.

    Columns: x, x2, y, y2 (the edges of a cell: values of the interfering and of the receiving
    feature), value (output less target, in the cell's middle).
    """
    task = config.definition
    edges = np.linspace(task.low, task.high, cells + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    x = np.zeros((config.n_features, cells * cells), np.float32)
    x[motif.interfering_feature] = np.tile(middle, cells)
    x[motif.receiving_feature] = np.repeat(middle, cells)
    error = (weights.output(x) - task.target(x))[motif.receiving_feature]
    return pd.DataFrame(
        {
            "x": np.tile(edges[:-1], cells),
            "x2": np.tile(edges[1:], cells),
            "y": np.repeat(edges[:-1], cells),
            "y2": np.repeat(edges[1:], cells),
            "value": error.astype(np.float64),
        }
    )


def shift_table(shifts: Sequence[Shift]) -> pd.DataFrame:
    """What the rest does, one row a shift.

    Columns: feature, side ("above 0", "below 0"), output, own (whether it is the feature's own
    output), amount, effect.
    """
    return pd.DataFrame(
        [
            {
                "feature": shift.feature,
                "side": "above 0" if shift.side > 0 else "below 0",
                "output": shift.output,
                "own": shift.output == shift.feature,
                "amount": shift.amount,
                "effect": shift.effect,
            }
            for shift in shifts
        ],
        columns=["feature", "side", "output", "own", "amount", "effect"],
    )


def ensemble_table(
    members: Sequence[Member], thresholds: MotifThresholds | None = None, *, by: str = "seed"
) -> pd.DataFrame:
    """One row a network of an ensemble, by loss.

    by: how they are called, "seed", "restart" or "both". Columns: member, rank (0: lowest loss),
    loss, instances, name.
    """
    names = {
        "seed": lambda one: f"seed {one.config.seed}",
        "restart": lambda one: f"restart {one.restart}",
        "both": lambda one: f"seed {one.config.seed}, restart {one.restart}",
    }
    rows = [
        {
            "member": one.number,
            "loss": one.loss,
            "instances": len(find_motifs(one.weights.W1, one.weights.W2, thresholds)),
            "name": names[by](one),
        }
        for one in sorted(members, key=lambda one: (one.loss, one.number))
    ]
    frame = pd.DataFrame(rows, columns=["member", "loss", "instances", "name"])
    return frame.assign(rank=np.arange(len(frame)))


def by_quarter(table: pd.DataFrame) -> pd.DataFrame:
    """How many instances the networks of an ensemble have, by quarter of their losses.

    table: of `ensemble_table`. Columns: group (quarter), instances (up to MOST_COUNTED, which
    stands for more, too), models.
    """
    groups = np.array_split(np.minimum(table["instances"].to_numpy(), MOST_COUNTED), len(QUARTERS))
    return pd.DataFrame(
        [
            {"group": name, "instances": count, "models": int((part == count).sum())}
            for name, part in zip(QUARTERS, groups, strict=True)
            for count in range(MOST_COUNTED + 1)
        ]
    )


def settings_table(
    models: Sequence[Model], thresholds: MotifThresholds | None = None
) -> pd.DataFrame:
    """How common the motif is in every model's restarts, one row a model.

    Columns: density, decay, models (restarts), share_0, share_1, ... up to MOST_COUNTED, which
    stands for more, too; mean (number of instances), best and worst (the same in the quarters with
    the lowest and the highest losses), difference (best - worst) and its standard error, error.
    """
    rows: list[dict[str, float]] = []
    for model in models:
        count = np.array([len(find_motifs(w.W1, w.W2, thresholds)) for w in model.restarts])
        ranked = count[np.argsort(model.losses, kind="stable")]
        quarter = max(1, len(count) // len(QUARTERS))
        best, worst = ranked[:quarter], ranked[-quarter:]
        counted = np.minimum(count, MOST_COUNTED)
        rows.append(
            {
                "density": model.config.feature_probability,
                "decay": model.config.importance_decay,
                "models": len(count),
                **{f"share_{k}": float((counted == k).mean()) for k in range(MOST_COUNTED + 1)},
                "mean": float(count.mean()),
                "best": float(best.mean()),
                "worst": float(worst.mean()),
                "difference": float(best.mean() - worst.mean()),
                "error": float(np.sqrt((best.var() + worst.var()) / quarter)),
            }
        )
    return pd.DataFrame(rows)
