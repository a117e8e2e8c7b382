"""What makes a neuron fire: the histogram of activations, shares by magnitude, and inputs."""

from __future__ import annotations

import math

import streamlit as st

from pages.shared.cached_analysis import activity_of, shares_of
from pages.shared.chart import draw
from pages.shared.explorer_state import EXPLORER_PAGES, ExplorerState
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

_HEIGHT = 380
_BANDS = {
    "top": "From the top: the strongest tenth",
    "middle": "From the middle: around the median",
    "bottom": "From the bottom: the weakest tenth",
}


def draw_activity(state: ExplorerState, shown: Shown) -> None:
    """Draw how strongly the neuron fires, and which feature contributes most."""
    neuron = state.neuron
    assert neuron is not None
    active = activity_of(shown.name, shown, neuron)
    st.header("What makes it fire")
    if not active.weight.sum():
        st.info(_what_instead(active))
        return
    primary = active.features[0]
    left, right = st.columns(2)
    with left, st.container(key="histogram"):
        st.markdown("**Activations, by the feature that contributes most**")
        with st.container(horizontal=True, vertical_alignment="bottom"):
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
        log = state.counts == "log"
        draw(
            activation_histogram(
                active,
                n_features=shown.config.n_features,
                log=log,
                threshold=state.above,
                theme=colours(),
                height=_HEIGHT,
            ),
            f"histogram-{state.counts}",
            alt=f"Histogram of the activations of neuron {neuron}, stacked by feature",
        )
    with right:
        st.markdown("**Share of the primary feature, by magnitude**")
        found = neurons(shown.weights.W1, state.thresholds)
        curve = shares_by_magnitude(active, shares_by_group(found, shares_of(shown.name, shown)))
        draw(
            primary_share(curve, theme=colours(), height=_HEIGHT + 76),
            "share-curve",
            alt=f"How often f{primary} contributes most, by the magnitude of the activation",
        )
    _say_precision(active, state.above)
    st.caption(
        f"{active.examples:,} seeded inputs, worth {active.effective:,.0f} equally likely ones "
        f"among those on which it fires. {_drawn(shown)} Magnitudes are shares of what f{primary} "
        f"alone reaches, {active.range:.3g}; above 1 takes several features at once. Not drawn: "
        f"{active.silent.value:.1%} of inputs, on which it is silent, and {active.faint:.1%} below "
        f"{EDGES[0]:.0%} of the range."
        + (" On the log scale the height is the count, and colours divide it by shares." * log)
    )
    with st.expander("The shares in numbers"):
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


def _what_instead(active: Activity) -> str:
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
    st.header("Inputs that make it fire")
    for band in active.bands:
        st.markdown(f"**{_BANDS[band.name]}**")
        if not band.examples:
            st.caption("None among the inputs that were drawn.")
            continue
        st.dataframe(
            example_table(band),
            hide_index=True,
            alt=f"Inputs from the {band.name} of the activations of neuron {neuron}",
            key=f"examples-{band.name}",
            column_config={
                "activation": st.column_config.ProgressColumn(
                    "activation", format="%.2f", min_value=0.0, max_value=1.0, width=150
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
