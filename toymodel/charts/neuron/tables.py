"""Tidy frames of one neuron: what its page draws and lists."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float

from toymodel.analysis.activations import EDGES, INTERVALS, STEP, Activity
from toymodel.analysis.example_inputs import Band
from toymodel.analysis.polysemanticity import (
    CLASSES,
    UNUSED,
    Neurons,
    path_gain,
    superposition,
    with_secondary,
)
from toymodel.charts.network.tables import OTHERS, responses
from toymodel.config import Config
from toymodel.model import Weights

LEADS = "this neuron: contributes most"
PRESENT = "this neuron: is there"
"""What is told of the primary feature, by the magnitude of the activation."""

MOST_BARS = 75
_LEAST_TOLD = 0.005


def neuron_weights(config: Config, weights: Weights, neuron: int) -> pd.DataFrame:
    """One neuron's weights, largest input weight first.

    Columns: feature, importance, w_in, w_out, path_gain, superposition.
    """
    frame = pd.DataFrame(
        {
            "feature": np.arange(config.n_features),
            "importance": config.importance,
            "w_in": weights.W1[neuron],
            "w_out": weights.W2[:, neuron],
            "path_gain": path_gain(weights.W1, weights.W2)[neuron],
            "superposition": superposition(weights.W1),
        }
    )
    return frame.sort_values("w_in", key=np.abs, ascending=False, ignore_index=True)


def activation_bars(activity: Activity, *, log: bool = False) -> pd.DataFrame:
    """The activation histogram from `EDGES[0]` of the range on, one row a block of a bar.

    On a log scale the height of a bar is its count, and its blocks divide that height as the
    feature's share divides the count.

    Columns: start, end (shares of the range), feature (OTHERS for those not told apart), name,
    per_million (inputs of a million), share (of the bar), low, high (where it is drawn).
    """
    first = round(EDGES[0] / STEP)
    counts = activity.weight[first:] * (1e6 / activity.examples)
    width = max(2, math.ceil(len(counts) / MOST_BARS))
    bars = np.add.reduceat(counts, np.arange(0, len(counts), width))
    bar, group = np.nonzero(bars)
    total = bars.sum(axis=1)
    above = np.cumsum(bars, axis=1)
    features = np.array([*activity.features, OTHERS])
    names = [f"f{i}" + (", primary" if not k else "") for k, i in enumerate(activity.features)]
    frame = pd.DataFrame(
        {
            "start": EDGES[0] + bar * width * STEP,
            "end": EDGES[0] + (bar + 1) * width * STEP,
            "feature": features[group],
            "name": np.array([*names, "others"], dtype=object)[group],
            "per_million": bars[bar, group],
            "share": bars[bar, group] / total[bar],
            "high": above[bar, group],
        }
    )
    frame["low"] = frame["high"] - frame["per_million"]
    if log:
        # What is rarer than a tenth of one input would stretch the scale over nothing to see.
        floor = max(float(total[total > 0].min(initial=1)) / 2, 1e5 / activity.examples)
        frame = frame.loc[total[bar] > floor].reset_index(drop=True)
        whole = total[bar][total[bar] > floor]
        for edge in ("low", "high"):
            frame[edge] = floor * (whole / floor) ** (frame[edge] / whole)
    return frame


def shares_by_magnitude(
    activity: Activity,
    others: Mapping[str, Float[np.ndarray, "neuron interval"]],
) -> pd.DataFrame:
    """How often the primary feature contributes most, and is there, between `EDGES`.

    others: by name, the shares of some neurons, whose median is given.

    Columns: kind (LEADS, PRESENT, or a name in others), interval (text), low, high, value,
    value_low, value_high (its 95 % interval), effective (examples). NaN where nothing is known.
    """
    rows: list[dict[str, object]] = []
    for kind, measure in ((LEADS, activity.dominated), (PRESENT, activity.with_primary)):
        for low, high in INTERVALS:
            share = measure(low, high)
            rows.append(
                {
                    "kind": kind,
                    "low": low,
                    "high": high,
                    "value": share.value,
                    "value_low": share.low,
                    "value_high": share.high,
                    "effective": share.effective,
                }
            )
    return _with_intervals([*rows, *_medians(others)])


def median_shares(kinds: Mapping[str, Float[np.ndarray, "neuron interval"]]) -> pd.DataFrame:
    """The medians of some neurons' shares between `EDGES`, by name.

    Columns as of `shares_by_magnitude`; of a median, only kind, interval, low, high and value are
    known.
    """
    frame = _with_intervals(_medians(kinds))
    return frame.assign(value_low=math.nan, value_high=math.nan, effective=math.nan)


def _medians(
    kinds: Mapping[str, Float[np.ndarray, "neuron interval"]],
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for kind, shares in kinds.items():
        for k, (low, high) in enumerate(INTERVALS):
            known = shares[:, k][np.isfinite(shares[:, k])]
            median = float(np.median(known)) if known.size else math.nan
            rows.append({"kind": kind, "low": low, "high": high, "value": median})
    return rows


def _with_intervals(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=None if rows else ["kind", "low", "high", "value"])
    frame["interval"] = list(map(interval_name, frame["low"], frame["high"]))
    return frame


def compared(found: Neurons, shares: Float[np.ndarray, "neuron interval"]) -> dict[str, np.ndarray]:
    """Shares of those neurons of a model whose medians stand beside a neuron's, by name.

    (neuron, interval) each: of those with a clear secondary feature, and of all that are used.
    """
    used = np.array(found.classes, dtype=object) != UNUSED
    clear = with_secondary(found)
    count, few = int(used.sum()), int(clear.sum())
    kinds: dict[str, np.ndarray] = {}
    if few:
        which = "1 neuron" if few == 1 else f"{few:,} neurons"
        kinds[f"median of {which} with a clear secondary"] = shares[clear]
    if count > 1:
        mono = found.classes.count(CLASSES[0])
        kinds[f"median of all {count:,} neurons, {mono:,} monosemantic"] = shares[used]
    return kinds


def interval_name(low: float, high: float) -> str:
    """An interval of a neuron's range in words."""
    return f"above {low:g}" if math.isinf(high) else f"{low:g}–{high:g}"


def band_examples(band: Band, most: int = 6) -> pd.DataFrame:
    """The inputs of a band, one row each.

    most: features written out; the others are summed up.

    Columns: activation (share of the range), contributions (text), features (how many are
    active).
    """
    rows: list[dict[str, object]] = []
    for example in band.examples:
        parts = list(zip(example.features, example.values, example.contributions, strict=True))
        # The largest contributions of either sign say most, and what rounds to 0 says nothing.
        shown = sorted(parts, key=lambda part: -abs(part[2]))[:most]
        shown = sorted((p for p in shown if abs(p[2]) >= _LEAST_TOLD), key=lambda p: -p[2])
        text = [f"f{i} = {signed(value)} → {signed(share)}" for i, value, share in shown]
        if left := len(parts) - len(shown):
            rest = sum(example.contributions) - sum(part[2] for part in shown)
            text.append(f"{left:,} {'others' if left > 1 else 'other'} → {signed(rest)}")
        rows.append(
            {
                "activation": example.activation,
                "contributions": ";  ".join(text),
                "features": len(parts),
            }
        )
    return pd.DataFrame(rows, columns=["activation", "contributions", "features"])


def signed(value: float) -> str:
    """A number with its sign and two digits; 0 has none."""
    return "0" if abs(value) < _LEAST_TOLD else f"{value:+.2f}".replace("-", "−")


def activation_responses(
    config: Config, weights: Weights, neuron: int, features: Sequence[int], points: int = 101
) -> pd.DataFrame:
    """The neuron's activation when one feature alone is present, over its range of values.

    Columns: feature, x, output (the activation); `points` rows a feature.
    """
    task = config.definition
    x = np.linspace(task.low, task.high, points, dtype=np.float32)
    w = weights.W1[neuron, list(features)]
    output = np.maximum(np.outer(w, x) + weights.b_hidden[neuron], 0)
    return pd.DataFrame(
        {
            "feature": np.repeat(np.array(features, int), points),
            "x": np.tile(x, len(features)),
            "output": output.ravel(),
        }
    )


def activation_map(
    config: Config, weights: Weights, neuron: int, one: int, other: int, cells: int = 40
) -> pd.DataFrame:
    """The neuron's activation for two features, the rest absent.

    Columns: x, x2, y, y2 (the edges of a cell: values of `one` and of `other`), value (the
    activation in its middle).
    """
    task = config.definition
    edges = np.linspace(task.low, task.high, cells + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    w = weights.W1[neuron]
    drive = w[one] * middle[None] + w[other] * middle[:, None] + weights.b_hidden[neuron]
    return pd.DataFrame(
        {
            "x": np.tile(edges[:-1], cells),
            "x2": np.tile(edges[1:], cells),
            "y": np.repeat(edges[:-1], cells),
            "y2": np.repeat(edges[1:], cells),
            "value": np.maximum(drive, 0).ravel(),
        }
    )


def with_and_without(config: Config, weights: Weights, neuron: int, feature: int) -> pd.DataFrame:
    """The output of a feature present alone, with the neuron on and off, and the target.

    Columns: series, x, y.
    """
    without = Weights(
        W1=weights.W1,
        W2=np.where(np.arange(config.n_neurons) == neuron, np.float32(0), weights.W2),
        b=weights.b,
        b_hidden=weights.b_hidden,
    )
    on, off = (responses(config, each, [feature]) for each in (weights, without))
    series = {
        f"with neuron {neuron}": on["output"],
        "without it": off["output"],
        f"target {config.definition.symbol}": on["target"],
    }
    return pd.concat(
        [pd.DataFrame({"series": name, "x": on["x"], "y": y}) for name, y in series.items()],
        ignore_index=True,
    )
