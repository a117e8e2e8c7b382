"""The paper's sweep on one screen: a low stack plot a density, all in one chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from toymodel.analysis.polysemanticity import CLASSES
from toymodel.charts.chart import Chart, Spec
from toymodel.charts.look import Theme, feature_colour, superposition_colour
from toymodel.charts.network.stack_plot import OTHERS, Stacks, class_spans
from toymodel.charts.vega import click, layer, nominal, quantitative, tip

SELECTION = "neuron"
"""The chart's selection parameter: a click on a column selects its strip and its neuron."""

PITCH = 90
"""Pixels from the top of one strip's heading to that of the next."""

_TOP = 24  # below the heading, which a page writes
_RULE = 3
_BOTTOM = 79
_PAPER = (81.5, 86)
_GAP = 0.12
_GAP_PIXELS = 0.5
_MIN_PIXELS_WITH_GAP = 2.5
_NAME_PIXELS = 84
_BAND = ["start", "end", "y", "y2", "fill"]
_RECT: Spec = {"type": "rect", "aria": False}
_NAME: Spec = {
    "type": "text",
    "aria": False,
    "align": "left",
    "baseline": "top",
    "dx": 5,
    "dy": 6,
    "fontSize": 11,
    "lineHeight": 12,
    "lineBreak": "\n",
}
_ABOUT_A_NEURON = [
    tip("neuron"),
    tip("class"),
    tip("primary", "primary feature"),
    tip("effective_features", "effective features", ".2f"),
    tip("extra_weight", "extra weight", ".2f"),
]


@dataclass(frozen=True, eq=False)
class Strip:
    """One strip.

    Attributes:
        stacks: the tables of its stack plot; None for a network without weights yet.
        paper: how many neurons of each of CLASSES the paper has, drawn below as a thin bar; None
            for no bar.
        finished: whether its columns have tooltips and take clicks.
    """

    stacks: Stacks | None
    paper: Sequence[int] | None = None
    finished: bool = True


def stack_strips(
    strips: Sequence[Strip],
    *,
    n_features: int,
    top: float,
    theme: Theme,
    colour: Literal["superposition", "feature"] = "superposition",
    selected: tuple[int, int] | None = None,
) -> Chart:
    """Low stack plots one below the other. Paper: "Computation in Superposition".

    They are one view, because a browser takes longer over seven views than over their marks. Every
    place is worked out here, in pixels from above.

    Args:
        strips: from above; one or more have stacks, with the same number of neurons.
        n_features: of the networks.
        top: the height of a stack that fills a strip.
        theme: the colours.
        colour: of blocks: by the superposition of their feature, or by their feature.
        selected: the number of a strip, and a neuron of it, to mark.
    """
    plots = {row: strip.stacks for row, strip in enumerate(strips) if strip.stacks}
    m = max(len(plot.columns) for plot in plots.values())
    columns = _of_all({row: plot.columns for row, plot in plots.items()})
    columns = columns.assign(
        start=columns["column"],
        end=columns["column"] + 1,
        y=columns["strip"] * PITCH + _TOP,
        y2=columns["strip"] * PITCH + _BOTTOM,
    )
    finished = [row for row, strip in enumerate(strips) if strip.finished]
    marked = (
        (columns["strip"] == selected[0]) & (columns["neuron"] == selected[1]) if selected else []
    )
    blocks = _placed(_of_all({row: plot.blocks for row, plot in plots.items()}), top)
    others = blocks["feature"] == OTHERS
    spans = _of_all({row: class_spans(plot.columns) for row, plot in plots.items()})
    above = spans["strip"] * PITCH + _TOP
    backgrounds = spans.assign(
        y=above,
        y2=above + _BOTTOM - _TOP,
        fill=[theme.class_background[name] for name in spans["class"]],
    )
    rules = spans.assign(
        y=above, y2=above + _RULE, fill=[theme.class_ink[name] for name in spans["class"]]
    )
    height = PITCH * len(strips)
    place = {
        "x": quantitative("start", scale={"domain": [0, m], "nice": False}, axis=None),
        "y": quantitative("y", scale={"domain": [height, 0], "nice": False}, axis=None),
    }
    box = place | {"x2": {"field": "end"}, "y2": {"field": "y2"}}
    fill = nominal("fill", scale=None)
    by = superposition_colour() if colour == "superposition" else feature_colour(n_features)
    spec = {
        "layer": [
            layer("bands", _RECT, box | {"fill": fill}),
            layer(
                "names",
                _NAME,
                place | {"text": nominal("name"), "color": fill},
                transform=[{"filter": f"datum.share * width > {_NAME_PIXELS}"}],
            ),
            layer("blocks", _RECT, box | {"color": by | {"legend": None}}),
            layer("paper", _RECT, box | {"fill": fill, "tooltip": [tip("counts", "the paper")]}),
            layer(
                "selected",
                _RECT | {"filled": False, "stroke": theme.mark, "strokeWidth": 2},
                box,
            ),
            # In front of the blocks: a neuron's whole column takes the click and the pointer.
            layer(
                "columns",
                _RECT | {"opacity": 0, "cursor": "pointer"},
                box | {"tooltip": _ABOUT_A_NEURON},
                name="columns",
            ),
        ],
        "params": [click(SELECTION, "columns", "strip", "neuron")],
        "height": height,
        "padding": dict.fromkeys(("left", "right", "top", "bottom"), 0),
        "view": {"stroke": None},
        "description": "Neuron weight stack plots, one below the other: a column a neuron, a block "
        "a weight.",
    }
    bands = [backgrounds[_BAND], rules[_BAND], blocks.loc[others].assign(fill=theme.faint)[_BAND]]
    named = rules.loc[rules["named"]]
    tables = {
        "bands": pd.concat(bands, ignore_index=True),
        "names": named.assign(
            name=named["class"].str.replace(" ", "\n"), share=(named["end"] - named["start"]) / m
        )[["name", "share", *_BAND]],
        "blocks": blocks.loc[~others, ["start", "end", "y", "y2", colour]],
        "paper": _paper(strips, m, theme),
        "columns": columns.loc[columns["strip"].isin(finished)],
        "selected": columns.loc[marked, ["start", "end", "y", "y2"]],
    }
    return Chart(spec, tables)


def _of_all(tables: dict[int, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([table.assign(strip=row) for row, table in tables.items()], ignore_index=True)


def _placed(blocks: pd.DataFrame, top: float) -> pd.DataFrame:
    # Gaps between blocks as in the paper, where they leave something of the block to see.
    scale = (_BOTTOM - _TOP) / top
    floor = blocks["strip"] * PITCH + _BOTTOM
    tall = (blocks["high"] - blocks["low"]) * scale > _MIN_PIXELS_WITH_GAP
    return blocks.assign(
        start=blocks["column"] + _GAP / 2,
        end=blocks["column"] + 1 - _GAP / 2,
        y=floor - blocks["high"] * scale + np.where(tall, _GAP_PIXELS, 0),
        y2=floor - blocks["low"] * scale,
    )


def _paper(strips: Sequence[Strip], m: int, theme: Theme) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    for row, strip in enumerate(strips):
        if not strip.paper:
            continue
        ends = np.cumsum(strip.paper) * m / sum(strip.paper)
        said = ", ".join(f"{n} {name}" for n, name in zip(strip.paper, CLASSES, strict=True))
        rows += [
            {
                "start": end - share * m / sum(strip.paper),
                "end": end,
                "y": row * PITCH + _PAPER[0],
                "y2": row * PITCH + _PAPER[1],
                "fill": theme.class_ink[name],
                "counts": said,
            }
            for share, end, name in zip(strip.paper, ends, CLASSES, strict=True)
            if share
        ]
    return pd.DataFrame(rows, columns=[*_BAND, "counts"])
