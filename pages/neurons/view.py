"""A neuron in the stack plot, its weights, and the loss without it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

from pages.motif.state import MAX_TAKEN_APART, MotifState
from pages.shared.cached_analysis import ablation_of, activity_of, weights_of
from pages.shared.chart import draw, shows
from pages.shared.explorer.state import ExplorerState
from pages.shared.metrics import figure, metric
from pages.shared.models import Shown
from pages.shared.navigation import FEATURES, MOTIFS
from pages.shared.resources import colours
from pages.shared.weights_view import stack_legend
from toymodel.analysis.activations import EDGES
from toymodel.analysis.motifs import find_motifs
from toymodel.analysis.polysemanticity import UNUSED, neurons, paper_order
from toymodel.charts.network.stack_plot import SELECTION, stack_plot, stacks
from toymodel.charts.neuron.neuron_weights import MAX_BARS, largest_weights
from toymodel.charts.ranked_bars import SELECTION as BAR

_COLUMNS = 100
_STACK = "explore-stack"
_ROUND = "explore.round"
_LOWEST_TOP = 4.0
SILENT = f"Silent (below {EDGES[0]:.0%})"
"""The name of the share of inputs on which a neuron hardly fires."""

_EXACT = 1e-6  # a loss that is rounding alone says nothing as a factor's base


def draw_stack(state: ExplorerState, shown: Shown) -> None:
    """Draw the model's stack plot; a click chooses a neuron."""
    neuron = state.neuron
    m = shown.config.n_neurons
    place = int(np.flatnonzero(paper_order(shown.weights.W1) == neuron)[0])
    start = max(0, min(place - _COLUMNS // 2, m - _COLUMNS))
    end = min(start + _COLUMNS, m)
    plot = stacks(shown.config, shown.weights, state.thresholds, first=end).part(start, end)
    chart = stack_plot(
        plot,
        n_features=shown.config.n_features,
        top=max(_LOWEST_TOP, math.ceil(plot.highest * 1.05)),
        theme=colours(),
        selected=neuron,
        height=96,
        round=_round(shown, neuron),
    )
    draw(
        chart,
        _STACK,
        selection=SELECTION,
        on_select=shows(_STACK, SELECTION, "neuron", "neuron"),
        alt=f"Neuron weight stack plot of the input weights; neuron {neuron} is marked",
    )
    part = f" Columns {start + 1:,} to {end:,} of {m:,}." if end - start < m else ""
    stack_legend(
        "input weight |W₁|",
        "relative to the neuron's largest",
        "superposition",
        shown.config.n_features,
        f"**Click a neuron** to look at it.{part} ",
    )


def _round(shown: Shown, neuron: int | None) -> int:
    # The chart stays when the neuron changes, because drawing it anew takes a browser long.
    drawn, number = st.session_state.get(_ROUND, (None, 0))
    if drawn != (shown.name, neuron):
        number += 1
        st.session_state[_ROUND] = ((shown.name, neuron), number)
    return number


def draw_name(state: ExplorerState, shown: Shown) -> None:
    """Draw the neuron's name and class, and links to its features."""
    neuron = state.neuron
    assert neuron is not None
    kind = neurons(shown.weights.W1, state.thresholds).classes[neuron]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.header(f"Neuron {neuron}: {kind}", width="content")
        if kind != UNUSED:
            _link_features(state, shown, weights_of(shown.name, shown, neuron))


def draw_metrics(state: ExplorerState, shown: Shown) -> None:
    """Draw the neuron's measures."""
    neuron = state.neuron
    assert neuron is not None
    name = shown.name
    found = neurons(shown.weights.W1, state.thresholds)
    kind = found.classes[neuron]
    table = weights_of(name, shown, neuron)
    top = table.iloc[0]
    active = activity_of(name, shown, neuron)
    worth = ablation_of(name, shown, neuron)
    unused = kind == UNUSED
    with st.container(horizontal=True):
        metric(
            "Primary feature",
            "none" if unused else f"f{found.primary[neuron]}",
            "The one with the largest input weight."
            + ("" if unused else f" Its importance is {top['importance']:.3g}."),
        )
        metric(
            "Its path gain",
            "–" if unused else f"{top['path_gain']:.2f}",
            "|weight in| × weight out: what the neuron adds to the primary feature's output for "
            f"one unit of it. 1 computes {_side_of(shown)}.",
        )
        metric(
            "Effective features",
            f"{found.effective_features[neuron]:.2f}",
            "(sum of r)² / sum of r², with r the input weights relative to the largest: 1 where "
            "one feature has the neuron to itself.",
        )
        metric(
            "Extra weight",
            f"{found.extra_weight[neuron]:.2f}",
            "The height of its stack above the first block.",
        )
        metric(
            SILENT,
            f"{active.below:.1%}",
            f"Share of inputs on which the activation is below {EDGES[0]:.0%} of what the primary "
            f"feature alone reaches; it is 0 on {active.silent.value:.1%} "
            f"(± {active.silent.error:.1g}).",
        )
        metric(
            "Loss without it",
            times(shown.loss, worth.rise),
            f"With its activation set to 0 the normalised loss goes from {figure(shown.loss)} to "
            f"{figure(shown.loss + worth.rise)}, measured on the inputs that gave the first.",
        )


def _side_of(shown: Shown) -> str:
    task = shown.config.definition
    return f"one side of {task.symbol}" if task.low < 0 else task.symbol


def times(loss: float, rise: float) -> str:
    """By what factor a loss rises, as text; both losses where the first is rounding alone."""
    if loss <= 0:
        return "–" if rise == 0 else "∞"
    if loss < _EXACT:
        return f"{figure(loss)} → {figure(loss + rise)}"
    factor = (loss + rise) / loss
    return f"× {factor:.3g}" if factor < 1e4 else f"× {factor:.0e}"


def _link_motifs(state: ExplorerState, shown: Shown) -> None:
    config = shown.config
    if config.task != "abs" or max(config.n_features, config.n_neurons) > MAX_TAKEN_APART:
        return
    found = find_motifs(shown.weights.W1, shown.weights.W2)
    holds = [k for k, motif in enumerate(found) if motif.neuron == state.neuron]
    inhibits = [k for k, motif in enumerate(found) if state.neuron in motif.inhibitors]
    if holds or inhibits:
        st.page_link(
            MOTIFS.script,
            label="It shares two features unevenly" if holds else "It inhibits",
            query_params=MotifState.of_network(state.choice, shown.chosen)
            .changed(instance=(holds or inhibits)[0])
            .link,
        )


def _link_features(state: ExplorerState, shown: Shown, table: pd.DataFrame) -> None:
    relative = table["w_in"].abs() / abs(table["w_in"].iloc[0])
    most = table.loc[relative >= state.thresholds.second_weight].head(8)
    for k, feature in enumerate(most["feature"]):
        st.page_link(
            FEATURES.script,
            label=f"f{feature}" + (" (primary)" if not k else ""),
            query_params=state.changed(feature=int(feature)).link,
        )
    _link_motifs(state, shown)


def draw_weights(state: ExplorerState, shown: Shown) -> None:
    """Draw the input and output weights, and how much the loss of each feature rises without it."""
    neuron = state.neuron
    assert neuron is not None
    table = weights_of(shown.name, shown, neuron)
    table["loss_rise"] = ablation_of(shown.name, shown, neuron).by_feature[table["feature"]]
    n = shown.config.n_features
    for cell, (value, title) in zip(st.columns(3), _TITLES.items(), strict=True):
        with cell:
            st.markdown(f"**{title}**")
            key = f"bars-{value}-{neuron}"
            draw(
                largest_weights(table, value, title="", theme=colours(), height=190),
                key,
                selection=BAR,
                on_select=shows(key, BAR, "feature", "feature", path="features"),
                alt=f"{title} of neuron {neuron}",
            )
    few = f"The {MAX_BARS} largest of {n:,} in each; " if n > MAX_BARS else ""
    st.caption(
        f"{few}f0 is the most important feature. A feature with an output weight but almost no "
        "input weight is pushed by the other features; pushed down (below 0), it is inhibited. "
        "**Click a bar** for its feature."
    )
    with st.expander("All of its weights in numbers"):
        st.dataframe(
            table,
            hide_index=True,
            height=320,
            alt=f"Weights of neuron {neuron}",
            key="neuron-weights",
            column_config={
                "importance": st.column_config.NumberColumn("importance", format="%.3g"),
                "w_in": st.column_config.NumberColumn("weight in", format="%.3f"),
                "w_out": st.column_config.NumberColumn("weight out", format="%.3f"),
                "path_gain": st.column_config.NumberColumn(
                    "path gain",
                    format="%.3f",
                    help="|weight in| × weight out; 1 computes one side.",
                ),
                "superposition": st.column_config.NumberColumn("superposition", format="%.2f"),
                "loss_rise": st.column_config.NumberColumn(
                    "loss without the neuron",
                    format="%.2e",
                    help="How much this feature's part of the normalised loss rises.",
                ),
            },
        )


_TITLES = {
    "w_in": "Weights in, W₁",
    "w_out": "Weights out, W₂",
    "loss_rise": "Rise of the loss without it",
}
