"""What stands around the sweep's panels: metrics, legend, curves, notes."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pages.shared.chart import draw
from pages.shared.navigation import SWEEP, link_to
from pages.shared.resources import colours
from pages.shared.weights_view import stack_legend
from pages.shared.widgets import ODD
from pages.sweep.state import SweepState
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.analysis.sweep_table import sweep_table
from toymodel.charts.sweep.class_shares import class_shares
from toymodel.charts.sweep.gain_curve import gain_curve
from toymodel.config import Config
from toymodel.model import Model
from toymodel.text import number, percent

EXAMPLES = (
    ("The paper's sweep", {}, "seven densities, one seed"),
    ("The usual recipe, failing", {"recipe": "usual"}, "the same models, trained as in courses"),
    (
        "Trained for longer",
        {"recipe": "thorough"},
        "the same networks by the longest recipe, beside the paper's counts",
    ),
    (
        "A small one to train yourself",
        {"n": "20", "m": "8", "d": "0.8", "recipe": "quick"},
        "20 features, 8 neurons: a second or two",
    ),
)
"""Instructive settings: a name, what differs from the default link, and what to expect."""


def draw_metrics(state: SweepState, models: Mapping[Config, Model | None]) -> None:
    """Draw the metrics that sum up the sweep, if any model is trained."""
    table = _table(state, models)
    if table.empty:
        return
    dense, sparse = table.iloc[table["density"].argmax()], table.iloc[table["density"].argmin()]
    best = table.iloc[table["gain"].fillna(0).argmax()]
    m = state.config.n_neurons
    ends = f"1 − S = {number(dense['density'])} and {number(sparse['density'])}"
    with st.container(horizontal=True):
        for name in (CLASSES[0], CLASSES[2]):
            st.metric(
                f"{name.capitalize()} neurons",
                f"{int(dense[name])} → {int(sparse[name])} of {m}",
                border=True,
                width=230,
                help=f"At {ends}, the densest and the sparsest panel.",
            )
        st.metric(
            "Largest superposition gain",
            "none" if pd.isna(best["gain"]) else f"{best['gain']:.2g}",
            border=True,
            width=260,
            help=f"At 1 − S = {number(best['density'])}. The exact loss with "
            f"{state.config.definition.neurons_in_words} for each of the most important features "
            "and the best constant for all others, divided by this model's loss: above 1 it "
            "computes more than it has neurons for."
            + (ODD if m % state.config.definition.neurons else ""),
        )


def draw_left_out(state: SweepState) -> None:
    """Say once for all panels why features are left out of the training, if any are."""
    shares = [state.recipe.importance_left_out(config) for config in state.configs]
    if any(shares):
        st.caption(
            "Features of little importance are left out of the training, the more the denser the "
            f"features: in a panel they have up to {percent(max(shares))} of the importance. "
            "Training them disturbs the others; an output that is not trained is the best "
            "constant, p/2. On the page of a single model, *Least importance* = 0 trains all."
        )


def draw_legend(state: SweepState) -> None:
    """Draw the legend of the stack plots."""
    stack_legend(
        "input weight |W₁|" if state.weights == "input" else "output weight |W₂|",
        "relative to the neuron's largest" if state.heights == "relative" else "as it is",
        state.colour,
        state.config.n_features,
        "**Click a neuron** to look at it alone. ",
    )


def draw_summary(state: SweepState, models: Mapping[Config, Model | None]) -> None:
    """Draw classes and gain against density, and the same as a table."""
    table = _table(state, models)
    if table.empty:
        return
    st.subheader("Against density")
    theme = colours()
    left, right = st.columns(2)
    with left:
        draw(class_shares(table, theme=theme), "shares")
    with right:
        draw(gain_curve(table, theme=theme), "gain")
    with st.expander("The same in numbers"):
        st.dataframe(
            table,
            hide_index=True,
            alt="Density, loss, gain and classes of every panel",
            key="sweep-table",
            column_config={
                "density": st.column_config.NumberColumn("1 − S", format="%g", width="small"),
                "loss": st.column_config.NumberColumn("normalised loss", format="%.3g"),
                "loss_error": st.column_config.NumberColumn("± (Monte Carlo)", format="%.1g"),
                "no_superposition_loss": st.column_config.NumberColumn(
                    "loss without superposition", format="%.3g"
                ),
                "gain": st.column_config.NumberColumn("gain", format="%.2f"),
            },
        )


def draw_notes() -> None:
    """Draw what to notice, where this differs from the paper, and links to instructive settings."""
    st.subheader("What to notice")
    st.markdown(
        "At the paper's setting, trained by the standard recipe or a longer one:\n\n"
        "- **Dense features get neurons of their own**: two each, one for either side of |x|, and "
        "the least important features get none. At 1 − S = 1 the gain is 1 at best, and less "
        "where a pair of neurons serves a feature that matters less.\n"
        "- **Sparse features share.** The neurons on the left, which hold the most important "
        "features, stay monosemantic for longest; single models hold both kinds at once.\n"
        "- **The gain rises above 1 where neurons turn polysemantic**: the model then computes "
        "|x| for more features than it has pairs of neurons for.\n"
        "- **Not always as in the paper**: where features are sparse, the classes depend on how "
        "the network was trained. The paper's counts stand beside each panel: compare them with "
        "those of *quick* and *thorough*, and the losses of the two.\n"
        "- **The usual recipe** leaves outputs dead and features unlearnt where they are sparse: "
        "its neurons are polysemantic too, and its gain is far below 1."
    )
    st.subheader("Try")
    for name, changes, expect in EXAMPLES:
        link = SweepState().link
        if "recipe" in changes:
            link.pop("restarts")
        link_to(SWEEP, name, link | changes)
        st.caption(expect)


def _table(state: SweepState, models: Mapping[Config, Model | None]) -> pd.DataFrame:
    return sweep_table([model for model in models.values() if model], state.thresholds)
