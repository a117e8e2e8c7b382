"""A neuron among the others, its weights, and what it is worth."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

from pages.motif.state import MAX_TAKEN_APART, MotifState
from pages.shared.cached_analysis import ablation_of, activity_of, weights_of
from pages.shared.chart import draw
from pages.shared.clicks import shows
from pages.shared.explorer_state import ExplorerState
from pages.shared.metrics import figure, metric
from pages.shared.navigation import FEATURES, MOTIFS
from pages.shared.resources import colours
from pages.shared.shown import Shown
from pages.shared.stack_legend import stack_legend
from toymodel.analysis.activations import EDGES
from toymodel.analysis.motifs import find_motifs
from toymodel.analysis.polysemanticity import UNUSED
from toymodel.charts.network.stack_plot import SELECTION, stack_panel
from toymodel.charts.network.tables import blocks, columns, spans
from toymodel.charts.ranked_bars import SELECTION as BAR
from toymodel.charts.ranked_bars import ranked_bars

_BARS = 16
_COLUMNS = 100
_STACK = "explore-stack"
_LOWEST_TOP = 4.0
_EXACT = 1e-6  # a loss that is rounding alone says nothing as a factor's base


def draw_stack(state: ExplorerState, shown: Shown) -> None:
    """The model's stack plot, in which a click chooses a neuron."""
    neuron = state.neuron
    found = columns(shown.weights, state.thresholds)
    place = int(np.flatnonzero(found["neuron"] == neuron)[0])
    start = max(0, min(place - _COLUMNS // 2, len(found) - _COLUMNS))
    end = min(start + _COLUMNS, len(found))
    frame = blocks(shown.config, shown.weights, first=end)
    frame = frame.loc[frame["column"] >= start].assign(column=lambda f: f["column"] - start)
    found = found.iloc[start:end].assign(column=lambda f: f["column"] - start)
    highest = frame["high"].to_numpy().max(initial=0)
    panel = stack_panel(
        frame,
        found,
        spans(found),
        n_features=shown.config.n_features,
        top=max(_LOWEST_TOP, math.ceil(highest * 1.05)),
        theme=colours(),
        selected=neuron,
        height=150,
    )

    # A chart keeps its own selection; in a new one the same neuron can be clicked again.
    key = f"{_STACK}-{neuron}"
    draw(
        panel,
        key,
        selection=SELECTION,
        on_select=shows(key, SELECTION, "neuron", "neuron"),
        alt=f"Neuron weight stack plot of the input weights; neuron {neuron} is marked",
    )
    part = (
        f" Columns {start + 1:,} to {end:,} of {shown.config.n_neurons:,}."
        if len(found) < shown.config.n_neurons
        else ""
    )
    stack_legend(
        "input weight |W₁|",
        "relative to the neuron's largest",
        "superposition",
        shown.config.n_features,
        f"**Click a neuron** to look at it.{part} ",
    )


def draw_figures_that_matter(state: ExplorerState, shown: Shown) -> None:
    """What kind of neuron it is, in numbers, and links to its features."""
    neuron = state.neuron
    assert neuron is not None
    name = shown.name
    about = columns(shown.weights, state.thresholds).set_index("neuron").loc[neuron]
    table = weights_of(name, shown, neuron)
    top = table.iloc[0]
    active = activity_of(name, shown, neuron)
    worth = ablation_of(name, shown, neuron)
    unused = about["class"] == UNUSED
    st.header(f"Neuron {neuron}: {about['class']}")
    with st.container(horizontal=True):
        metric(
            "Primary feature",
            "none" if unused else f"f{about['primary']}",
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
            f"{about['effective_features']:.2f}",
            "(sum of r)² / sum of r², with r the input weights relative to the largest: 1 where "
            "one feature has the neuron to itself.",
        )
        metric(
            "Extra weight",
            f"{about['extra_weight']:.2f}",
            "The height of its stack above the first block.",
        )
        metric(
            "Silent",
            f"{active.silent.value:.1%}",
            f"Share of inputs on which the activation is 0 (± {active.silent.error:.1g}). On "
            f"another {active.faint:.1%} it is below {EDGES[0]:.0%} of its range.",
        )
        metric(
            "Loss without it",
            _times(shown.loss, worth.rise),
            f"With its activation set to 0 the normalised loss goes from {figure(shown.loss)} to "
            f"{figure(shown.loss + worth.rise)}, measured on the inputs that gave the first.",
        )
    if not unused:
        _link_features(state, shown, table)


def _side_of(shown: Shown) -> str:
    task = shown.config.definition
    return f"one side of {task.symbol}" if task.low < 0 else task.symbol


def _times(loss: float, rise: float) -> str:
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
    with st.container(horizontal=True, vertical_alignment="center"):
        _link_motifs(state, shown)
        st.markdown("Its features:")
        for k, feature in enumerate(most["feature"]):
            st.page_link(
                FEATURES.script,
                label=f"f{feature}" + (" (primary)" if not k else ""),
                query_params=state.changed(feature=int(feature)).link,
            )


def draw_weights(state: ExplorerState, shown: Shown) -> None:
    """Weights in and out, and which features suffer without the neuron."""
    neuron = state.neuron
    assert neuron is not None
    table = weights_of(shown.name, shown, neuron)
    table["loss_rise"] = ablation_of(shown.name, shown, neuron).by_feature[table["feature"]]
    n = shown.config.n_features
    for cell, (value, title) in zip(st.columns(3), _TITLES.items(), strict=True):
        frame = _largest(table, value)
        with cell:
            st.markdown(f"**{title}**")
            key = f"bars-{value}-{neuron}"
            draw(
                ranked_bars(
                    frame, of="feature", value=value, title="", theme=colours(), height=190
                ),
                key,
                selection=BAR,
                on_select=shows(key, BAR, "feature", "feature", path="features"),
                alt=f"{title} of neuron {neuron}",
            )
    few = f"The {_BARS} largest of {n:,} in each; " if n > _BARS else ""
    st.caption(
        f"{few}f0 is the most important feature. A feature with a weight out and hardly one in is "
        "pushed by the others: down (below 0) is inhibition. **Click a bar** for its feature."
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


def _largest(table: pd.DataFrame, value: str) -> pd.DataFrame:
    order = table.sort_values(value, key=np.abs, ascending=False, kind="stable")
    return order.loc[order[value] != 0].head(_BARS)
