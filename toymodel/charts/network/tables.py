"""Tidy frames of what is in a model, one row a thing that is drawn or listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from toymodel.analysis.polysemanticity import Thresholds, neurons, paper_order, superposition
from toymodel.config import Config
from toymodel.model import History, Weights
from toymodel.settings import Problem, SettingError

LEAST_BLOCK = 0.03
MOST_BLOCKS = 4_000
"""More make a browser slow, and are too small to tell apart."""

MOST_RECORDS = 250
"""Of a restart's losses; more than a chart has pixels for."""

OTHERS = -1
"""The feature number of a block in which the smallest weights of a neuron are drawn as one."""


def blocks(
    config: Config,
    weights: Weights,
    *,
    side: str = "input",
    relative: bool = True,
    least: float = LEAST_BLOCK,
    most: int = MOST_BLOCKS,
    first: int | None = None,
) -> pd.DataFrame:
    """The blocks of the neuron weight stack plot, one row each.

    side: "input" stacks |W1[j]|, "output" |W2[:, j]|. relative: heights are divided by the
    neuron's largest. Blocks below `least` of the neuron's largest are drawn as one, feature
    OTHERS, so that stacks keep their full height; so are the smallest where there are over `most`.
    first: only the leftmost columns.

    Columns: column (0 is leftmost: the paper's order), neuron, feature, features (how many the
    block stands for), importance, w_in, w_out, superposition (NaN if not represented), low, high.
    """
    order = paper_order(weights.W1)[:first]
    sizes = np.abs((weights.W1 if side == "input" else weights.W2.T)[order]).astype(np.float64)
    largest = sizes.max(axis=1, keepdims=True)
    ratio = np.divide(sizes, largest, out=np.zeros_like(sizes), where=largest > 0)
    if ratio.size > most:
        least = max(least, float(np.partition(ratio, -most, axis=None)[-most]))
    drawn = ratio >= least

    column, feature = np.nonzero(drawn)
    neuron = order[column]
    frame = pd.DataFrame(
        {
            "column": column,
            "neuron": neuron,
            "feature": feature,
            "features": 1,
            "importance": config.importance[feature],
            "w_in": weights.W1[neuron, feature],
            "w_out": weights.W2[feature, neuron],
            "superposition": superposition(weights.W1)[feature],
            "height": (ratio if relative else sizes)[column, feature],
        }
    )
    rest = np.where(drawn, 0, ratio if relative else sizes).sum(axis=1)
    small = (~drawn & (sizes > 0)).sum(axis=1)
    others = pd.DataFrame(
        {
            "column": np.arange(len(order)),
            "neuron": order,
            "feature": OTHERS,
            "features": small,
            "height": rest,
        }
    ).query("height > 0")
    frame = pd.concat([frame, others], ignore_index=True)
    # The smallest weights lie on top of the others, and the feature number decides between equals.
    frame["last"] = frame["feature"] == OTHERS
    frame = frame.sort_values(
        ["column", "last", "height", "feature"], ascending=[True, True, False, True]
    )
    frame["high"] = frame.groupby("column")["height"].cumsum()
    frame["low"] = frame["high"] - frame["height"]
    return frame.drop(columns=["height", "last"]).reset_index(drop=True)


def columns(weights: Weights, thresholds: Thresholds | None = None) -> pd.DataFrame:
    """One row a neuron, in the paper's order.

    Columns: column, neuron, class, primary (feature), extra_weight, effective_features.
    """
    found = neurons(weights.W1, thresholds)
    order = paper_order(weights.W1)
    return pd.DataFrame(
        {
            "column": np.arange(len(order)),
            "neuron": order,
            "class": np.array(found.classes, dtype=object)[order],
            "primary": found.primary[order],
            "extra_weight": found.extra_weight[order],
            "effective_features": found.effective_features[order],
        }
    )


def spans(columns: pd.DataFrame) -> pd.DataFrame:
    """Runs of neighbouring neurons of one class in a frame made by `columns`.

    Columns: class, start, end (columns, end excluded), named (the class's widest run).
    """
    classes = columns["class"]
    frame = (
        columns.assign(run=(classes != classes.shift()).cumsum())
        .groupby("run", sort=True)
        .agg(**{"class": ("class", "first"), "start": ("column", "min"), "end": ("column", "max")})
        .reset_index(drop=True)
    )
    frame["end"] += 1
    width = frame["end"] - frame["start"]
    frame["named"] = width.groupby(frame["class"]).transform("idxmax") == frame.index
    return frame


def signed_bars(weights: Weights, *, side: str = "input") -> pd.DataFrame:
    """Raw weights stacked away from the axis, positive ones above and negative ones below.

    Neurons stand by primary feature, the one with the positive weight first.
    Columns: column, neuron, feature, weight, low, high.
    """
    W = weights.W1 if side == "input" else weights.W2.T
    order = by_feature(weights)
    frame = pd.DataFrame(
        [
            {"column": column, "neuron": int(j), "feature": i, "weight": float(W[j, i])}
            for column, j in enumerate(order)
            for i in np.argsort(-np.abs(W[j]), kind="stable").tolist()
        ]
    )
    sign = np.where(frame["weight"] < 0, -1, 1)
    frame["high"] = frame.groupby([frame["column"], sign])["weight"].cumsum()
    frame["low"] = frame["high"] - frame["weight"]
    return frame


def by_feature(weights: Weights) -> list[int]:
    """Neurons by primary feature, so that pairs stand together, positive side first."""
    primary = neurons(weights.W1).primary
    side = -np.sign(weights.W1[np.arange(len(primary)), primary])
    return np.lexsort((side, primary)).tolist()


def edges(
    weights: Weights,
    *,
    least: float = 0.03,
    features: Sequence[int] | None = None,
    neurons: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Edges of the network as a graph; those below `least` of their layer's largest are left out.

    features, neurons: the part that is drawn, from left to right; without, all of them, neurons
    by feature. Columns: layer ("W1" or "W2"), feature, neuron, weight, x, y, x2, y2: features at
    heights 2 (input) and 0 (output), neurons at 1; horizontal places 0 to 1.
    """
    across = list(range(weights.W1.shape[1]) if features is None else features)
    between = list(by_feature(weights) if neurons is None else neurons)
    rows: list[dict[str, Any]] = []
    for layer, W in (("W1", weights.W1), ("W2", weights.W2.T)):
        part = W[np.ix_(between, across)]
        shown = (np.abs(part) >= least * np.abs(part).max(initial=0)) & (part != 0)
        for place, k in np.argwhere(shown).tolist():
            at, neuron = (k + 0.5) / len(across), (place + 0.5) / len(between)
            ends = (at, 2.0, neuron, 1.0) if layer == "W1" else (neuron, 1.0, at, 0.0)
            rows.append(
                {
                    "layer": layer,
                    "feature": across[k],
                    "neuron": between[place],
                    "weight": float(part[place, k]),
                }
                | dict(zip(("x", "y", "x2", "y2"), ends, strict=True))
            )
    names = ["layer", "feature", "neuron", "weight", "x", "y", "x2", "y2"]
    return pd.DataFrame(rows, columns=names)


def tidy_weights(weights: Weights) -> pd.DataFrame:
    """Every weight, one row a pair of neuron and feature, ordered by neuron, then feature.

    Columns: neuron, feature, w_in, w_out.
    """
    m, n = weights.W1.shape
    return pd.DataFrame(
        {
            "neuron": np.repeat(np.arange(m), n),
            "feature": np.tile(np.arange(n), m),
            "w_in": weights.W1.ravel(),
            "w_out": weights.W2.T.ravel(),
        }
    )


def responses(
    config: Config, weights: Weights, features: Sequence[int], points: int = 101
) -> pd.DataFrame:
    """The output of each feature when it alone is present, over the task's range of values.

    Columns: feature, x, output, target; `points` rows a feature, in the order of `features`.
    Raises `SettingError` for a feature that the model does not have.
    """
    n, task = config.n_features, config.definition
    if not all(0 <= i < n for i in features):
        raise SettingError((Problem("features", tuple(features), f"from 0 to {n - 1}"),))
    x = np.linspace(task.low, task.high, points, dtype=np.float32)
    output = np.empty((len(features), points), np.float32)
    for row, feature in enumerate(features):
        alone = np.zeros((n, points), np.float32)
        alone[feature] = x
        output[row] = weights.output(alone)[feature]
    return pd.DataFrame(
        {
            "feature": np.repeat(np.array(features, int), points),
            "x": np.tile(x, len(features)),
            "output": output.ravel(),
            "target": np.tile(task.target(x), len(features)),
        }
    )


def loss_curves(history: History) -> pd.DataFrame:
    """How the loss fell, one row a record of a restart; what a log axis cannot show is left out.

    Of more records than a chart can show, evenly spaced ones, the last among them.
    Columns: restart, step, seconds, loss (finite and above 0).
    """
    restarts, records = history.loss.shape
    kept = np.arange(records)
    if records > MOST_RECORDS:
        kept = np.linspace(0, records - 1, MOST_RECORDS).round().astype(int)
    frame = pd.DataFrame(
        {
            "restart": np.repeat(np.arange(restarts), len(kept)),
            "step": np.tile(history.step[kept], restarts),
            "seconds": np.tile(history.seconds[kept], restarts),
            "loss": history.loss[:, kept].ravel(),
        }
    )
    drawable = np.isfinite(frame["loss"]) & (frame["loss"] > 0)
    return frame.loc[drawable].reset_index(drop=True)
