"""A share for every density, left to right, and every place, bottom to top, as a colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from toymodel.analysis.polysemanticity import CLASSES, Thresholds, neurons, paper_order
from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme
from toymodel.charts.phase.network_curves import ONE_FEATURE, TWO_FEATURES
from toymodel.charts.scales import DENSITY, SHORT
from toymodel.charts.vega import layer, quantitative, tip
from toymodel.model import Model

_BINS = (1, ONE_FEATURE, TWO_FEATURES, 2.5, 3.5, 5, 7, 10, 14, 20)
_TICKS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
_COUNT_TICKS = (1, 2, 3, 5, 10, 20)


def effective_shares(models: Sequence[Model]) -> pd.DataFrame:
    """How neurons are spread over their effective number of features, at every density.

    Args:
        models: one a density; all restarts count.

    Returns:
        Columns: density, low, high (of the number), share (of the neurons, 0 to 1), name. The last
        interval has those beyond, too.
    """
    rows = []
    for model in models:
        each = [neurons(weights.W1).effective_features for weights in model.restarts]
        effective = np.minimum(np.concatenate(each), _BINS[-1] - 1e-9)
        counts, _ = np.histogram(effective, _BINS)
        for (low, high), count in zip(pairwise(_BINS), counts, strict=True):
            last = high == _BINS[-1]
            rows.append(
                {
                    "density": model.config.feature_probability,
                    "low": float(low),
                    "high": float(high),
                    "share": count / max(1, (effective >= 1).sum()),
                    "name": f"{low:g} and more" if last else f"{low:g} to {high:g}",
                }
            )
    return pd.DataFrame(rows, columns=["density", "low", "high", "share", "name"])


def rank_shares(models: Sequence[Model], thresholds: Thresholds | None = None) -> pd.DataFrame:
    """How often the neuron of each rank is not monosemantic, at every density.

    A neuron's rank is its place in the paper's order: by the importance of its primary feature.

    Args:
        models: one a density; all restarts count.
        thresholds: where the classes of neurons end.

    Returns:
        Columns: density, rank, low, high (of its place in a chart), share (of the networks, 0 to
        1), name.
    """
    rows = []
    for model in models:
        mixed = [
            np.array(neurons(weights.W1, thresholds).classes)[paper_order(weights.W1)] != CLASSES[0]
            for weights in model.restarts
        ]
        rows += [
            {
                "density": model.config.feature_probability,
                "rank": rank,
                "low": float(rank),
                "high": float(rank + 1),
                "share": float(share),
                "name": str(rank),
            }
            for rank, share in enumerate(np.mean(mixed, axis=0))
        ]
    return pd.DataFrame(rows, columns=["density", "rank", "low", "high", "share", "name"])


def turning_points(ranks: pd.DataFrame) -> pd.DataFrame:
    """The densest setting at which half of the networks or more have a rank not monosemantic.

    Args:
        ranks: what `rank_shares` gives.

    Returns:
        One row a rank. Columns: rank, density (NaN where there is no such setting).
    """
    turned = ranks.loc[ranks["share"] >= 0.5].groupby("rank")["density"].max()
    every = pd.RangeIndex(max(ranks["rank"].tolist()) + 1, name="rank")
    return turned.reindex(every).rename("density").reset_index()


def density_map(
    shares: pd.DataFrame,
    *,
    up: str,
    title: str,
    theme: Theme,
    points: pd.DataFrame | None = None,
    log: bool = False,
    height: int = 300,
) -> Chart:
    """A column of cells a density; a cell's colour is its share.

    Args:
        shares: one row a cell, as `effective_shares` and `rank_shares` give them. Columns:
            density, low, high (where it stands), share (0 to 1), name (of the tooltip).
        up: the title of the vertical axis.
        title: what the shares are of.
        theme: the colours.
        points: what is marked. Columns: density, y.
        log: whether the vertical axis is logarithmic.
        height: in pixels.
    """
    edges = density_edges(shares["density"].tolist())
    x, x2 = zip(*(edges[p] for p in shares["density"].tolist()), strict=True)
    ends = [max(x), min(x2)]
    vertical = {
        "title": up,
        "scale": {
            "type": "log" if log else "linear",
            "domain": [min(shares["low"].tolist()), max(shares["high"].tolist())],
            "nice": False,
        },
        "axis": {"values": list(_COUNT_TICKS), "grid": False}
        if log
        else {"tickCount": 6, "grid": False},
    }
    cells = {
        "x": quantitative(
            "x",
            title=DENSITY,
            scale={"type": "log", "domain": ends, "nice": False},
            axis={
                "values": [p for p in _TICKS if ends[1] <= p <= ends[0]],
                "labelExpr": SHORT,
                "grid": False,
            },
        ),
        "x2": {"field": "x2"},
        "y": quantitative("low", **vertical),
        "y2": {"field": "high"},
        "color": _share_colour(title, theme),
        "tooltip": [
            tip("density", "density 1 − S", "~g"),
            tip("name", up),
            tip("share", title, ".0%"),
        ],
    }
    layers = [layer("cells", "rect", cells)]
    tables = {"cells": shares.assign(x=x, x2=x2)}
    if points is not None:
        dots = {"type": "circle", "color": theme.mark, "size": 28, "opacity": 1, "tooltip": None}
        place = {"x": quantitative("density"), "y": quantitative("y", **vertical)}
        layers.append(layer("points", dots, place))
        tables["points"] = points
    spec = {
        "layer": layers,
        "height": height,
        "description": f"{title}: a column a density, {up} from below; stronger where there are "
        "more.",
    }
    return Chart(spec, tables)


def density_edges(places: Iterable[float]) -> dict[float, tuple[float, float]]:
    """Where the column of each density begins and ends, the larger one first, on a log axis."""
    every = sorted(set(places), reverse=True)
    logs = np.log(every)
    middle = (logs[1:] + logs[:-1]) / 2
    first, last = (logs[0] - middle[0], middle[-1] - logs[-1]) if len(middle) else (0.1, 0.1)
    ends = np.exp([logs[0] + first, *middle, logs[-1] - last])
    return dict(zip(every, pairwise(ends.tolist()), strict=True))


def _share_colour(title: str, theme: Theme) -> Spec:
    return quantitative(
        "share",
        title=title,
        scale={
            "type": "sqrt",  # so that small shares can be seen
            "domain": [0, 1],
            "range": [theme.background, theme.negative],
            "interpolate": "rgb",
        },
        legend={
            "orient": "top",
            "format": ".0%",
            "values": [0, 0.1, 0.4, 1],
            "gradientLength": 160,
            "gradientStrokeColor": theme.node,
            "gradientStrokeWidth": 0.5,
            "titleLimit": 400,
        },
    )
