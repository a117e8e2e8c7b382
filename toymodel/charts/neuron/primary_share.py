"""How often the primary feature contributes most, by how active the neuron is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from toymodel.analysis.activations import INTERVALS, Activity
from toymodel.analysis.polysemanticity import CLASSES, UNUSED, Neurons, with_secondary
from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme
from toymodel.charts.vega import layer, nominal, ordinal, quantitative, tip

LEADS = "this neuron: contributes most"
"""The kind of rows that say how often the primary feature contributes most."""

PRESENT = "this neuron: is there"
"""The kind of rows that say how often the primary feature is present."""

_DASHES = [[1, 0], [6, 2], [4, 3], [1, 3]]
_SHAPES = ["circle", "diamond", "square", "triangle-up"]
_WIDTHS = [3, 1.5, 1.5, 2]
_UNKNOWN = "–"
_NARROW = 420
_TWO_LINES = (
    f"width < {_NARROW} ? split(replace(replace(datum.label, '–', '–|'), ' ', '|'), '|')"
    " : datum.label"
)

Groups = Mapping[str, Float[np.ndarray, "member interval"]]
"""By name, of some neurons, the share of the primary feature between `EDGES`."""


def shares_by_group(found: Neurons, shares: Float[np.ndarray, "neuron interval"]) -> Groups:
    """The shares of those neurons of a model whose medians stand beside a neuron's.

    Args:
        found: what the neurons hold.
        shares: of every neuron, the share of its primary feature between `EDGES`.

    Returns:
        The shares of neurons with a clear secondary feature, and of all that are used, by name.
    """
    used = np.array(found.classes, dtype=object) != UNUSED
    clear = with_secondary(found)
    count, few = int(used.sum()), int(clear.sum())
    groups: dict[str, np.ndarray] = {}
    if few:
        which = "1 neuron" if few == 1 else f"{few:,} neurons"
        groups[f"median of {which} with a clear secondary"] = shares[clear]
    if count > 1:
        mono = found.classes.count(CLASSES[0])
        groups[f"median of all {count:,} neurons, {mono:,} monosemantic"] = shares[used]
    return groups


def shares_by_magnitude(activity: Activity, groups: Groups) -> pd.DataFrame:
    """How often the primary feature contributes most, and is there, by how active the neuron is.

    Args:
        activity: of the neuron.
        groups: shares of other neurons, whose medians are given.

    Returns:
        One row a kind and interval. Columns: kind (LEADS, PRESENT, or a group's name), low, high
        (of the interval, as shares of the range), value, value_low, value_high (its 95 %
        interval), effective (examples), interval (text). NaN where nothing is known.
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
    return _with_intervals([*rows, *_medians(groups)])


def median_shares(groups: Groups) -> pd.DataFrame:
    """The medians of some neurons' shares, by how active they are.

    Columns as of `shares_by_magnitude`; of a median, only kind, interval, low, high and value are
    known.
    """
    table = _with_intervals(_medians(groups))
    return table.assign(value_low=math.nan, value_high=math.nan, effective=math.nan)


def _medians(groups: Groups) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for kind, shares in groups.items():
        for k, (low, high) in enumerate(INTERVALS):
            known = shares[:, k][np.isfinite(shares[:, k])]
            median = float(np.median(known)) if known.size else math.nan
            rows.append({"kind": kind, "low": low, "high": high, "value": median})
    return rows


def _with_intervals(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=None if rows else ["kind", "low", "high", "value"])
    table["interval"] = list(map(_interval, table["low"], table["high"]))
    return table


def _interval(low: float, high: float) -> str:
    return f"above {low:g}" if math.isinf(high) else f"{low:g}–{high:g}"


def primary_share(table: pd.DataFrame, *, theme: Theme, height: int) -> Chart:
    """The share of the primary feature against how active the neuron is, a line a kind.

    Rows without a value are not drawn, and no error is drawn where none is known.

    Args:
        table: what `shares_by_magnitude` or `median_shares` gives.
        theme: the colours.
        height: in pixels.
    """
    kinds = table["kind"].unique().tolist()
    points = table.loc[table["value"].notna()]
    known = points["value_low"].notna() & points["value_high"].notna()
    points = points.assign(
        error=[
            f"{100 * row.value_low:.1f}–{100 * row.value_high:.1f} %" if is_known else _UNKNOWN
            for row, is_known in zip(points.itertuples(), known, strict=True)
        ],
        inputs=[
            _UNKNOWN if pd.isna(effective) else f"{effective:,.0f}"
            for effective in points["effective"]
        ],
    )
    x = ordinal(
        "interval",
        sort=table["interval"].unique().tolist(),
        title=["activation, as a share of", "what the primary feature alone reaches"],
        axis={"labelAngle": 0, "labelOverlap": True, "labelExpr": _TWO_LINES, "grid": False},
    )
    share = {
        "axis": {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]},
        "scale": {"domain": [0, 1], "nice": False},
    }
    # A legend without entries has no size, and no chart can be drawn around it.
    legend = {"orient": "bottom", "title": None, "columns": 1, "labelLimit": 400, "symbolSize": 110}

    def by_kind(values: list[Any]) -> Spec:
        scale = {"domain": kinds, "range": values}
        return nominal("kind", scale=scale, legend=legend if kinds else None)

    colour = by_kind([theme.negative, theme.positive, theme.ink, theme.node])
    value = quantitative("value", title="share", **share)
    place = {"x": x, "y": value, "color": colour}
    errors = {
        "x": x,
        "y": quantitative("value_low", **share),
        "y2": {"field": "value_high"},
        "color": colour,
    }
    told = [
        tip("interval", "activation"),
        tip("kind", "of"),
        tip("value", "share", ".1%"),
        tip("error", "interval"),
        tip("inputs", "effective"),
    ]
    spec = {
        "layer": [
            layer("errors", {"type": "rule", "strokeWidth": 1.5}, errors),
            # Dashes are no scale: the legend would draw its symbols with them.
            *(
                layer(
                    "points",
                    {"type": "line", "strokeDash": dash, "strokeWidth": width},
                    place,
                    transform=[{"filter": {"field": "kind", "equal": kind}}],
                )
                for kind, dash, width in zip(kinds, cycle(_DASHES), cycle(_WIDTHS), strict=False)
            ),
            layer(
                "points",
                {"type": "point", "filled": True, "size": 70, "opacity": 1},
                {**place, "shape": by_kind(_SHAPES), "tooltip": told},
            ),
        ],
        "height": height,
        "description": (
            "How often the primary feature contributes most and how often it is there, against how "
            "active the neuron is; thick: where it contributes most."
        ),
    }
    tables = {
        # What may be NaN is in words by now.
        "points": points[["interval", "kind", "value", "error", "inputs"]],
        "errors": points.loc[known, ["interval", "kind", "value_low", "value_high"]],
    }
    return Chart(spec, tables)
