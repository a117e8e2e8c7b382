"""What stands beside the strips: the sweep in three numbers, and what their looks mean."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared.chart import draw
from pages.shared.strips import class_meanings, superposition_meaning
from pages.shared.widgets import ODD
from pages.sweep.state import SweepState
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.analysis.sweep_table import sweep_table
from toymodel.charts.colour_bar import colour_bar
from toymodel.config import Config
from toymodel.model import Model
from toymodel.sweeps.paper import paper_panel
from toymodel.text import number

Row = dict[Hashable, Any]
"""A row of the `sweep_table`."""


def claim(state: SweepState, models: Mapping[Config, Model | None]) -> str:
    """The page's title: what these models show, or the question while they cannot answer it."""
    found = ends(state, models)
    if found is None or state.config.activation != "relu":
        return "Do neurons turn polysemantic as features get sparser?"
    dense, sparse = found
    polysemantic = CLASSES[2]
    if sparse[polysemantic] <= dense[polysemantic]:
        return "Here no more neurons are polysemantic where features are sparse"
    if sparse["gain"] < 1:
        return "Here neurons turn polysemantic as features get sparser, and nothing is gained"
    return "Neurons turn polysemantic as features get sparser"


def ends(state: SweepState, models: Mapping[Config, Model | None]) -> tuple[Row, Row] | None:
    """The rows of the densest and the sparsest model in the `sweep_table`; None before both are
    trained, and for one density alone."""
    dense, sparse = (
        models[state.config.replace(feature_probability=p)]
        for p in (max(state.densities), min(state.densities))
    )
    if not dense or not sparse or dense is sparse:
        return None
    first, last = sweep_table([dense, sparse], state.thresholds).to_dict("records")
    return first, last


def draw_side(state: SweepState, models: Mapping[Config, Model | None]) -> None:
    """Draw the metrics, once both ends are trained, and the legend."""
    if found := ends(state, models):
        trained = [model for model in models.values() if model]
        _draw_metrics(state, *found, sweep_table(trained, state.thresholds))
    weight = "input weight |W₁|" if state.weights == "input" else "output weight |W₂|"
    height = "relative to the neuron's largest" if state.heights == "relative" else "as it is"
    st.markdown(
        "**Click a neuron** to look at it alone. A column is a neuron, the most important features "
        f"on the left; a block is one {weight}, {height}."
    )
    if state.colour == "superposition":
        superposition_meaning()
    else:
        draw(colour_bar(state.colour, state.config.n_features), "legend-feature")
    class_meanings(state.thresholds)
    if any(paper_panel(config) for config in state.configs):
        st.caption("The thin bar below a strip: how many neurons of each class the paper has.")


def _draw_metrics(state: SweepState, dense: Row, sparse: Row, table: pd.DataFrame) -> None:
    m = state.config.n_neurons
    densities = f"At 1 − S = {number(dense['density'])} and {number(sparse['density'])}."
    best = table.iloc[int(table["gain"].fillna(0).argmax())].to_dict()
    with st.container(horizontal=True, key="sweep-metrics"):
        for name in (CLASSES[0], CLASSES[2]):
            st.metric(
                name.capitalize(),
                f"{dense[name]:.0f} → {sparse[name]:.0f} of {m}",
                help=f"Neurons of this class in the densest and the sparsest strip. {densities}",
                width="content",
            )
        st.metric(
            "Largest gain",
            "none" if pd.isna(best["gain"]) else f"{best['gain']:.2g}",
            help=f"At 1 − S = {number(best['density'])}. The exact loss with "
            f"{state.config.definition.neurons_in_words} for each of the most important features "
            "and the best constant for all others, divided by this model's loss: above 1 it "
            "computes more than it has neurons for."
            + (ODD if m % state.config.definition.neurons else ""),
            width="content",
        )
