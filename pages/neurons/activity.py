"""What makes a neuron fire: the histogram of activations, shares by magnitude, and inputs."""

from __future__ import annotations

import math

import streamlit as st

from pages.shared.cached_analysis import activity_of, shares_of
from pages.shared.chart import draw
from pages.shared.explorer.state import EXPLORER_PAGES, ExplorerState
from pages.shared.models import Shown
from pages.shared.resources import colours
from pages.shared.widgets import segments
from toymodel.analysis.activations import EDGES, STEP, Activity, Share
from toymodel.analysis.inputs import importance_sampled
from toymodel.analysis.polysemanticity import neurons
from toymodel.charts.neuron.activation_histogram import activation_histogram
from toymodel.charts.neuron.example_table import example_table
from toymodel.charts.neuron.primary_share import (
    primary_share,
    shares_by_group,
    shares_by_magnitude,
)
from toymodel.text import number

_HEIGHT = 390  # of it, some 190 are the legend and the axis


def draw_activity(state: ExplorerState, shown: Shown) -> None:
    """Draw how strongly the neuron fires, and which feature contributes most."""
    neuron = state.neuron
    assert neuron is not None
    active = activity_of(shown.name, shown, neuron)
    if not active.weight.sum():
        st.info(what_instead(active))
        return
    primary = active.features[0]
    left, right = st.columns(2)
    with left, st.container(key="histogram"):
        st.markdown("**Activations, by the feature that contributes most**")
        draw_histogram(state, shown, active, f"histogram-{state.counts}", threshold=state.above)
    with right:
        st.markdown("**Share of the primary feature, by magnitude**")
        found = neurons(shown.weights.W1, state.thresholds)
        curve = shares_by_magnitude(active, shares_by_group(found, shares_of(shown.name, shown)))
        draw(
            primary_share(curve, theme=colours(), height=_HEIGHT),
            "share-curve",
            alt=f"How often f{primary} contributes most, by the magnitude of the activation",
        )
    left, right = st.columns(2, vertical_alignment="center")
    with left, st.container(horizontal=True, vertical_alignment="bottom"):
        segments(EXPLORER_PAGES, "counts")
        threshold = EXPLORER_PAGES.parameter("above")
        st.slider(
            str(threshold.title),
            EDGES[0],
            1.0,
            step=STEP,
            width=260,
            help=threshold.description,
            **EXPLORER_PAGES.bound("above"),
        )
    with right:
        _say_precision(active, state.above)
    with st.expander("How it is measured, and the shares in numbers"):
        st.markdown(
            f"{active.examples:,} seeded inputs, worth {active.effective:,.0f} equally likely ones "
            f"among those on which it fires. {_drawn(shown)} Magnitudes are shares of what "
            f"f{primary} alone reaches, {active.range:.3g}; above 1 takes several features at "
            f"once. Not drawn: {active.below:.1%} of inputs, on which it is silent (below "
            f"{EDGES[0]:.0%} of the range). On the log scale the height is the count, and colours "
            "divide it by shares."
        )
        st.dataframe(
            curve[["kind", "interval", "value", "value_low", "value_high", "effective"]],
            hide_index=True,
            alt="Share of the primary feature by magnitude",
            key="shares-table",
            column_config={
                "value": st.column_config.NumberColumn("share", format="percent"),
                "value_low": st.column_config.NumberColumn("95 % from", format="percent"),
                "value_high": st.column_config.NumberColumn("to", format="percent"),
                "effective": st.column_config.NumberColumn("effective inputs", format="%.0f"),
            },
        )


def draw_histogram(
    state: ExplorerState,
    shown: Shown,
    active: Activity,
    key: str,
    *,
    threshold: float | None = None,
) -> None:
    """Draw the histogram of a neuron that fires.

    Args:
        state: of the page.
        shown: the model.
        active: the neuron's activations.
        key: of the chart.
        threshold: where a line stands.
    """
    draw(
        activation_histogram(
            active,
            n_features=shown.config.n_features,
            log=state.counts == "log",
            threshold=threshold,
            theme=colours(),
            height=_HEIGHT,
        ),
        key,
        alt=f"Histogram of the activations of neuron {active.neuron}, stacked by feature",
    )


def what_instead(active: Activity) -> str:
    """Why there is no histogram of a neuron that no feature alone activates."""
    if active.silent.value < 1:
        return (
            f"No feature alone does. Several at once do, on {1 - active.silent.value:.2g} of "
            "inputs: its bias takes more away than one feature brings."
        )
    return "Nothing does: on every input its activation is 0."


def _drawn(shown: Shown) -> str:
    if importance_sampled(shown.config):
        return "Features are drawn more often than they are there, and inputs weighted to make up."
    return "They are drawn from the true distribution."


def _say_precision(active: Activity, above: float) -> None:
    primary = active.features[0]
    most, there = active.dominated(above), active.with_primary(above)
    if math.isnan(most.value):
        st.markdown(f"No activation above {number(above)} of the range was seen.")
        return
    kept = active.kept(above)
    st.markdown(
        f"Of activations above **{number(above)}**, f{primary} contributes most in "
        f"**{_percent(most)}** (95 %: {most.low:.1%} to {most.high:.1%}) and is present in "
        f"{_percent(there)}; effective inputs: {most.effective:,.0f}."
        + (
            ""
            if math.isnan(kept)
            else f" Of the activations that f{primary} leads, {kept:.0%} are above."
        )
    )


def _percent(share: Share) -> str:
    return f"{share.value:.1%}"


def draw_examples(state: ExplorerState, shown: Shown) -> None:
    """Draw inputs from three bands of the activations, with each feature's contribution."""
    neuron = state.neuron
    assert neuron is not None
    active = activity_of(shown.name, shown, neuron)
    if not active.bands:
        return
    st.markdown("**Inputs that make it fire**")
    st.dataframe(
        example_table(active.bands),
        hide_index=True,
        alt=f"Inputs from three bands of the activations of neuron {neuron}",
        key="examples",
        height="content",
        row_height=29,
        column_config={
            "band": st.column_config.TextColumn(
                "band", width=130, help="Where the activation is among all."
            ),
            "activation": st.column_config.ProgressColumn(
                "activation", format="%.2f", min_value=0.0, max_value=1.0, width=130
            ),
            "contributions": st.column_config.TextColumn(
                "feature = value → contribution", width="large"
            ),
            "features": st.column_config.NumberColumn("active features", width="small"),
        },
    )
    st.caption(
        f"Drawn at random, as likely as they are, from activations above {EDGES[0]:.0%} of the "
        "range. Activations and contributions are shares of the range; contributions "
        f"{_with_bias(shown, neuron, active)}add up to the activation."
    )


def _with_bias(shown: Shown, neuron: int, active: Activity) -> str:
    bias = float(shown.weights.b_hidden[neuron])
    return f"and the neuron's bias, {bias / active.range:.2f} of it, " if bias else ""
