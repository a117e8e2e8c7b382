"""The paper's neuron weight stack plot: a column a neuron, a block a weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from toymodel.analysis.polysemanticity import Thresholds, neurons, paper_order, superposition
from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme, feature_colour, superposition_colour
from toymodel.charts.network.weight_bars import Side
from toymodel.charts.vega import click, layer, nominal, quantitative, tip
from toymodel.config import Config
from toymodel.model import Weights

SELECTION = "neuron"
"""The chart's selection parameter: a click on a column selects its neuron."""

OTHERS = -1
"""The feature number of a block that stands for the smallest weights of a neuron together."""

MIN_BLOCK = 0.03
"""Weights below this share of their neuron's largest are drawn as one block."""

_MAX_BLOCKS = 4_000  # more make a browser slow, and are too small to tell apart
_NAME_PIXELS = 84
_GAP = 0.12
_MIN_PIXELS_WITH_GAP = 2.5
_MAX_NEURONS_WITH_GAPS = 240


@dataclass(frozen=True, eq=False)
class Stacks:
    """The tables of a stack plot, columns in the paper's order from left to right.

    Attributes:
        blocks: one row a block. Columns: column, neuron, feature (OTHERS for the smallest weights
            together), features (how many the block stands for), importance, w_in, w_out,
            superposition (NaN if the feature is not represented), low, high.
        columns: one row a neuron. Columns: column, neuron, class, primary (feature), extra_weight,
            effective_features.
    """

    blocks: pd.DataFrame
    columns: pd.DataFrame

    @property
    def highest(self) -> float:
        """The height of the highest stack; 0 without any."""
        return float(self.blocks["high"].to_numpy().max(initial=0))

    def part(self, start: int, end: int) -> Stacks:
        """The columns from `start` up to `end`, excluded; the first of them is column 0 then."""

        def cut(table: pd.DataFrame) -> pd.DataFrame:
            kept = table.loc[table["column"].between(start, end - 1)]
            return kept.assign(column=kept["column"] - start).reset_index(drop=True)

        return Stacks(cut(self.blocks), cut(self.columns))


def stacks(
    config: Config,
    weights: Weights,
    thresholds: Thresholds | None = None,
    *,
    side: Side = "input",
    relative: bool = True,
    smallest: float = MIN_BLOCK,
    first: int | None = None,
) -> Stacks:
    """The tables of a network's stack plot. Paper: "Computation in Superposition".

    Args:
        config: gives the features' importance.
        weights: the network.
        thresholds: where the classes of neurons end.
        side: which of its weights, by their size.
        relative: whether heights are divided by the neuron's largest weight.
        smallest: weights below this share of the neuron's largest, 0 to 1, are drawn as one block,
            so that stacks keep their full height. Where that leaves more than 4,000 blocks, so
            are the smallest of them.
        first: how many columns, from the left; all unless given.
    """
    order = paper_order(weights.W1)[:first]
    sizes = np.abs((weights.W1 if side == "input" else weights.W2.T)[order]).astype(np.float64)
    largest = sizes.max(axis=1, keepdims=True)
    ratio = np.divide(sizes, largest, out=np.zeros_like(sizes), where=largest > 0)
    if ratio.size > _MAX_BLOCKS:
        smallest = max(smallest, float(np.partition(ratio, -_MAX_BLOCKS, axis=None)[-_MAX_BLOCKS]))
    drawn = ratio >= smallest
    height = ratio if relative else sizes
    found = neurons(weights.W1, thresholds)
    columns = pd.DataFrame(
        {
            "column": np.arange(len(order)),
            "neuron": order,
            "class": np.array(found.classes, dtype=object)[order],
            "primary": found.primary[order],
            "extra_weight": found.extra_weight[order],
            "effective_features": found.effective_features[order],
        }
    )
    column, feature = np.nonzero(drawn)
    neuron = order[column]
    large = pd.DataFrame(
        {
            "column": column,
            "neuron": neuron,
            "feature": feature,
            "features": 1,
            "importance": config.importance[feature],
            "w_in": weights.W1[neuron, feature],
            "w_out": weights.W2[feature, neuron],
            "superposition": superposition(weights.W1)[feature],
            "height": height[column, feature],
        }
    )
    small = pd.DataFrame(
        {
            "column": columns["column"],
            "neuron": order,
            "feature": OTHERS,
            "features": (~drawn & (sizes > 0)).sum(axis=1),
            "height": np.where(drawn, 0, height).sum(axis=1),
        }
    )
    small = small.loc[small["height"] > 0]
    return Stacks(_stacked(pd.concat([large, small], ignore_index=True)), columns)


def _stacked(blocks: pd.DataFrame) -> pd.DataFrame:
    # The smallest weights lie on top of the others, and the feature number decides between equals.
    blocks = blocks.assign(last=blocks["feature"] == OTHERS).sort_values(
        ["column", "last", "height", "feature"], ascending=[True, True, False, True]
    )
    high = blocks.groupby("column")["height"].cumsum()
    blocks = blocks.assign(high=high, low=high - blocks["height"])
    return blocks.drop(columns=["height", "last"]).reset_index(drop=True)


def class_spans(columns: pd.DataFrame) -> pd.DataFrame:
    """Runs of neighbouring neurons of one class in the columns of `Stacks`.

    Columns: class, start, end (columns; the end is excluded), named (the class's widest run).
    """
    classes = columns["class"].to_numpy()
    start = np.flatnonzero(np.append(True, classes[1:] != classes[:-1]))
    end, kinds = np.append(start[1:], len(classes)), classes[start]
    widest: dict[str, int] = {}
    for run in np.argsort(start - end, kind="stable").tolist():
        widest.setdefault(str(kinds[run]), run)
    spans = pd.DataFrame({"class": kinds, "start": start, "end": end})
    return spans.assign(named=spans.index.isin(list(widest.values())))


def stack_plot(
    stacks: Stacks,
    *,
    n_features: int,
    top: float,
    theme: Theme,
    colour: Literal["superposition", "feature"] = "superposition",
    selected: int | None = None,
    axis_title: str | None = None,
    height: int = 200,
    class_names: bool = True,
    legend: bool = False,
    round: int | None = None,
) -> Chart:
    """The stack plot of a network. Paper: "Computation in Superposition".

    Args:
        stacks: what `stacks` gives.
        n_features: of the network.
        top: the upper end of the vertical axis, the same for plots that are compared.
        theme: the colours.
        colour: of blocks: by the superposition of their feature, or by their feature.
        selected: a neuron to mark.
        axis_title: of the vertical axis, which is left out unless it is given.
        height: in pixels.
        class_names: whether the names of the classes stand on their widest spans.
        legend: whether to add a legend of the colours.
        round: a number that a click selects, too, so that the same neuron can be clicked again in
            a chart whose data has changed.
    """
    m = len(stacks.columns)
    spans = class_spans(stacks.columns)
    spans = spans.assign(
        background=[theme.class_background[name] for name in spans["class"]],
        ink=[theme.class_ink[name] for name in spans["class"]],
        name=spans["class"].str.replace(" ", "\n"),
        share=(spans["end"] - spans["start"]) / m,
        named=spans["named"] & class_names,
    )
    # Places are worked out here because a browser takes long over expressions and filters.
    place = stacks.columns["column"]
    columns = stacks.columns.assign(start=place, end=place + 1)
    fields = ["neuron"]
    if round is not None:
        columns, fields = columns.assign(round=round), ["neuron", "round"]
    place = stacks.blocks["column"]
    blocks = stacks.blocks.assign(start=place + _GAP / 2, end=place + 1 - _GAP / 2)
    others = blocks["feature"] == OTHERS
    across = {
        "x": quantitative("start", scale={"domain": [0, m], "nice": False}, axis=None),
        "x2": {"field": "end"},
    }
    box = {
        **across,
        "y": quantitative(
            "low",
            scale={"domain": [0, top], "nice": False},
            axis=None
            if axis_title is None
            else {"title": axis_title or None, "grid": False, "tickCount": 4},
        ),
        "y2": {"field": "high"},
        "strokeWidth": _gaps(m, height / top),
    }
    shown = [name for name in theme.class_ink if name in set(spans["class"])]
    spec = {
        "layer": [
            *_span_layers(across, theme, shown if legend else []),
            _column_layer(across),
            layer(
                "blocks",
                {"type": "rect", "stroke": theme.block_edge},
                {**box, "color": _block_colour(colour, n_features, legend=legend)}
                | {
                    "tooltip": [
                        tip("neuron"),
                        tip("feature"),
                        tip("importance", format=".3g"),
                        tip("w_in", "weight in", ".3f"),
                        tip("w_out", "weight out", ".3f"),
                        tip("superposition", "superposition", ".2f"),
                    ]
                },
            ),
            layer(
                "others",
                {"type": "rect", "color": theme.faint, "stroke": theme.gap},
                {
                    **box,
                    "tooltip": [tip("neuron"), tip("features", "smaller weights, drawn as one")],
                },
            ),
            layer(
                "selected",
                {"type": "rect", "filled": False, "stroke": theme.mark, "strokeWidth": 2},
                across,
            ),
        ],
        "params": [click(SELECTION, "columns", *fields)],
        "height": height,
        "description": "Neuron weight stack plot: a column a neuron, a block a weight.",
    }
    tables = {
        "spans": spans,
        "columns": columns,
        "blocks": blocks.loc[~others],
        "others": blocks.loc[others],
        "selected": columns.loc[columns["neuron"] == selected],
    }
    return Chart(spec, tables)


def _gaps(m: int, pixels: float) -> Spec:
    # Gaps between blocks as in the paper, where they leave something of the block to see.
    if m > _MAX_NEURONS_WITH_GAPS:
        return {"value": 0}
    large = f"(datum.high - datum.low) * {pixels} > {_MIN_PIXELS_WITH_GAP}"
    return {"condition": {"test": large, "value": 0.5}, "value": 0.1}


def _span_layers(across: Spec, theme: Theme, legend: list[str]) -> list[Spec]:
    rule = nominal("ink", scale=None)
    if legend:
        rule = nominal(
            "class",
            scale={"domain": legend, "range": [theme.class_ink[name] for name in legend]},
            legend={"orient": "top", "title": None, "labelLimit": 200},
        )
    name: dict[str, Any] = {"type": "text", "align": "left", "baseline": "top", "dx": 5, "dy": 9}
    return [
        layer("spans", "rect", {**across, "fill": nominal("background", scale=None)}),
        layer("spans", "rect", {**across, "fill": rule, "y": {"value": 0}, "y2": {"value": 3}}),
        layer(
            "spans",
            {**name, "fontSize": 12, "lineHeight": 13, "lineBreak": "\n"},
            {
                **across,
                "y": {"value": 0},
                "text": nominal("name"),
                "color": nominal("ink", scale=None),
            },
            transform=[{"filter": f"datum.named && datum.share * width > {_NAME_PIXELS}"}],
        ),
    ]


def _column_layer(across: Spec) -> Spec:
    # Most stacks are too low to hit, so a neuron's whole column takes the click and the pointer.
    lines = [
        tip("neuron"),
        tip("class"),
        tip("primary", "primary feature"),
        tip("effective_features", "effective features", ".2f"),
        tip("extra_weight", "extra weight", ".2f"),
    ]
    return layer(
        "columns",
        {"type": "rect", "opacity": 0},
        {**across, "tooltip": lines},
        name="columns",
    )


def _block_colour(colour: str, n_features: int, *, legend: bool) -> Spec:
    by_superposition = colour == "superposition"
    encoding = superposition_colour() if by_superposition else feature_colour(n_features)
    if not legend:
        return encoding | {"legend": None}
    ends = {"values": [0, 0.5, 1], "labelExpr": "datum.value == 1 ? '1+' : datum.label"}
    about = {"orient": "bottom", "gradientLength": 240, "titleLimit": 300}
    return encoding | {"legend": about | (ends if by_superposition else {})}
