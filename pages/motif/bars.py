"""A network's weights as bars with their roles, and which neurons are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.motif.state import MotifState
from pages.shared.chart import draw, opens_neuron
from pages.shared.models import Shown
from pages.shared.resources import colours
from toymodel.analysis.decomposition import ASYMMETRIC, INHIBITION, Roles, find_roles
from toymodel.analysis.motifs import asymmetric_neurons, scale_neurons
from toymodel.charts.motif.role_bars import role_bars
from toymodel.charts.network.weight_bars import (
    SELECTION,
    Side,
    by_feature,
    clip_of,
    reach_of,
    weight_bars,
)
from toymodel.model import Weights

SIDES: dict[Side, str] = {"input": "Input weights, W₁", "output": "Output weights, W₂"}
"""The two layers and the titles of their charts."""

SCALES = {"paper": "neurons scaled", "trained": "as trained"}
"""What weights are called, by `MotifState.scale`."""

MAX_COLUMNS = 100
"""Neurons that are drawn at most."""

_MAX_LIVE = 100  # features or neurons: larger networks are not searched while they train


def drawn_neurons(shown: Shown, found: Roles) -> list[int]:
    """The neurons that are drawn, ordered by the feature that they hold most.

    Of more than MAX_COLUMNS, these are the ones that take part in an instance, or else the first.
    """
    order = by_feature(shown.weights)
    if len(order) <= MAX_COLUMNS:
        return order
    holders = {*asymmetric_neurons(found.motifs), *(k for m in found.motifs for k in m.inhibitors)}
    return [j for j in order if j in holders][:MAX_COLUMNS] or order[:MAX_COLUMNS]


def drawn_weights(state: MotifState, shown: Shown, found: Roles) -> Weights:
    """The weights that are drawn: with neurons scaled as in the paper, or as trained."""
    if state.scale == "trained":
        return shown.weights
    return scale_neurons(shown.weights, found.motifs)


def draw_bars(
    bars: pd.DataFrame,
    shown: Shown,
    key: str,
    *,
    title: str,
    height: int = 190,
    whole: bool = False,
    lit_alone: bool = False,
    names: bool = False,
    fitted: bool = False,
    chosen: tuple[int, ...] | None = None,
    alt: str | None = None,
) -> None:
    """Draw bars of a network; a click on a finished network's bar opens its neuron.

    Args:
        bars: what `role_bars` or `instance_bars` gives.
        shown: the network.
        key: of the chart.
        title: of the chart.
        height: in pixels.
        whole: whether long bars are not clipped.
        lit_alone: whether highlighted bars alone decide where others are clipped.
        names: whether columns have the numbers of their neurons.
        fitted: whether the axis ends where the bars do.
        chosen: the features that have colours of their own.
        alt: for those who cannot see the chart.
    """
    basis = bars.loc[bars["lit"]] if lit_alone and bars["lit"].to_numpy().any() else bars
    clip = None if whole else clip_of(basis)
    if clip is None and lit_alone and not whole:
        clip = reach_of(basis)
    chart = weight_bars(
        bars,
        n_features=shown.config.n_features,
        title=title,
        theme=colours(),
        height=height,
        reach=None if clip else reach_of(bars),
        clip=clip,
        names=names,
        fitted=fitted,
        chosen=chosen,
    )
    opens: dict[str, Any] = {}
    if shown.model:
        on_select = opens_neuron(key, SELECTION, shown.choice, shown.chosen)
        opens = {"selection": SELECTION, "on_select": on_select}
    draw(chart, key, alt=alt, **opens)


def draw_live_bars(state: MotifState, shown: Shown) -> None:
    """Draw the weights of a network in training, those of the motif highlighted."""
    if max(shown.config.n_features, shown.config.n_neurons) > _MAX_LIVE:
        return
    found = find_roles(shown.weights, state.thresholds)
    neurons: Sequence[int] = drawn_neurons(shown, found)
    weights = drawn_weights(state, shown, found)
    for cell, (side, title) in zip(st.columns(2), SIDES.items(), strict=True):
        lit = (ASYMMETRIC, INHIBITION)
        bars = role_bars(weights, found, lit, side=side, neurons=neurons)
        with cell:
            draw_bars(bars, shown, f"motif-live-{side}", title=f"{title}, {SCALES[state.scale]}")
