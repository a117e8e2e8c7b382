"""The paper's three panels: all weights, those for absolute value, those of the motif."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.motif.bars import MAX_COLUMNS, SCALES, SIDES, draw_bars, drawn_neurons, drawn_weights
from pages.motif.ensemble import Ensemble
from pages.motif.state import MOTIF_PAGE, PANELS, MotifState
from pages.shared.chart import draw
from pages.shared.models import Shown
from pages.shared.sections import place
from pages.shared.widgets import segments
from toymodel.analysis.decomposition import (
    ASYMMETRIC,
    BOTH_SIDES,
    INHIBITION,
    ONE_SIDE,
    ROLES,
    Decomposition,
    Roles,
)
from toymodel.analysis.motifs import asymmetric_neurons, count_words, find_motifs
from toymodel.charts.colour_bar import colour_bar
from toymodel.charts.look import MAX_NAMED_FEATURES
from toymodel.charts.motif.role_bars import role_bars
from toymodel.charts.network.weight_bars import clip_of
from toymodel.model import Weights
from toymodel.text import number

_MAX_BESIDE = 24  # neurons up to which the panels stand side by side, as in the paper
_HEIGHTS = {True: 400, False: 240}  # of a chart, beside the others and below them
_WIDE = (0.05, 3.0)  # path gains of what is nearly an instance
_EVERYTHING = tuple(range(len(ROLES)))


def draw_panels(state: MotifState, ensemble: Ensemble, shown: Shown, found: Decomposition) -> None:
    """Draw all weights; those for absolute value, the rest grey; those of the motif."""
    place(PANELS)
    _say_which(state, ensemble, shown)
    neurons = drawn_neurons(shown, found)
    some = bool(found.motifs)
    panels = (
        ("all", _FIRST[some], _EVERYTHING),
        (
            "absolute",
            "Many weights simply implement **absolute value**, or one side of it.",
            (ONE_SIDE, BOTH_SIDES),
        ),
        ("motif", f"{_THIRD[some]} {count_words(found.motifs)}.", (ASYMMETRIC, INHIBITION)),
    )
    weights = drawn_weights(state, shown, found)
    beside = len(neurons) <= _MAX_BESIDE
    cells = (
        st.columns(len(panels), vertical_alignment="bottom")
        if beside
        else [st.container() for _ in panels]
    )
    for cell, (name, words, lit) in zip(cells, panels, strict=True):
        with cell:
            st.markdown(words)
            with st.container(border=True, key=f"motif-panel-{name}"):
                _draw_sides(state, shown, weights, found, lit, neurons, name)
    _explain(state, shown, found, neurons)
    if shown.config.n_features > MAX_NAMED_FEATURES:
        draw(colour_bar("feature", shown.config.n_features), "motif-colours")
    with st.container(horizontal=True):
        segments(MOTIF_PAGE, "neuron-scale", names=SCALE_NAMES)
        sides = (role_bars(weights, found, (), side=s, neurons=neurons) for s in SIDES)
        if not beside or any(clip_of(bars) for bars in sides):
            segments(MOTIF_PAGE, "bars")


def _say_which(state: MotifState, ensemble: Ensemble, shown: Shown) -> None:
    # Of many networks, which one is shown and where it stands among them: a click led here.
    table = ensemble.table
    if len(table) < 2:
        return
    place_by_loss = table["member"].tolist().index(ensemble.number_of(shown))
    config = shown.config
    kind = "seeds" if state.seeds > 1 else "restarts"
    st.markdown(
        f"**Shown**: d = {number(config.importance_decay)}, "
        f"1 − S = {number(config.feature_probability)}, {len(table)} {kind}; of these "
        f"{table['name'].iloc[place_by_loss]}, number {1 + place_by_loss} by loss."
    )


SCALE_NAMES = {"paper": "Neurons scaled", "trained": "Weights as trained"}
"""What the choices of `MotifState.scale` are called."""

_HOW_SCALED = {
    "paper": "Neurons are scaled, W₁[j] × s and W₂[:, j] / s, which changes no output: the largest "
    "input weight of a neuron is 1, and the input weights of the two features of an asymmetric "
    "neuron have the product 1.",
    "trained": "Weights are as trained: neurons have different scales.",
}
_FIRST = {
    True: "At first glance, the network is complicated. Most of it comes apart into two pieces.",
    False: "All weights of the network.",
}
_THIRD = {
    True: "The main other thing is **asymmetric superposition with inhibition**.",
    False: "Weights that share a neuron **unevenly**, or **inhibit**.",
}
_COLOURS = {
    False: "A colour is a feature, f0 the most important one.",
    True: "A colour is the importance rank of a feature. The panels differ in their scales.",
}
_PART = {
    True: "those that take part in an instance",
    False: "the first ones",
}


def _explain(state: MotifState, shown: Shown, found: Roles, neurons: Sequence[int]) -> None:
    config, limits = shown.config, state.thresholds
    st.caption(
        "A column is a neuron, ordered by the feature that it holds most. "
        f"{_COLOURS[config.n_features > MAX_NAMED_FEATURES]} Bars above 0 are positive weights, "
        "bars below 0 negative ones. The tooltip has a weight's role. **Click a neuron** for its "
        f"page. {_HOW_SCALED[state.scale]}"
    )
    if config.n_neurons > MAX_COLUMNS:
        st.caption(
            f"Neurons drawn: {len(neurons)} of {config.n_neurons}, {_PART[bool(found.motifs)]}."
        )
    wide = limits.replace(
        least_gain=min(limits.least_gain, _WIDE[0]), most_gain=max(limits.most_gain, _WIDE[1])
    )
    counted = {motif[:3] for motif in found.motifs}
    more = [
        motif
        for motif in find_motifs(shown.weights.W1, shown.weights.W2, wide)
        if motif[:3] not in counted
    ]
    if more:
        which = ", ".join(map(str, asymmetric_neurons(more)))
        st.caption(
            f"More with path gains from {wide.least_gain:g} to {wide.most_gain:g}, instead of "
            f"{limits.least_gain:g} to {limits.most_gain:g}: {count_words(more)}. Their neurons: "
            f"{which}."
        )


def _draw_sides(
    state: MotifState,
    shown: Shown,
    weights: Weights,
    found: Roles,
    lit: Sequence[int],
    neurons: Sequence[int],
    name: str,
) -> None:
    beside = len(neurons) <= _MAX_BESIDE
    for side, title in SIDES.items():
        bars = role_bars(weights, found, lit, side=side, neurons=neurons)
        draw_bars(
            bars,
            shown,
            f"motif-{name}-{side}",
            title=f"{title}, {SCALES[state.scale]}",
            height=_HEIGHTS[beside],
            whole=state.bars == "whole",
            lit_alone=not beside,
            names=beside and side == "output",
            fitted=beside,
            alt=f"{title}, {SCALES[state.scale]}, {name}: bars of {len(neurons)} neurons",
        )
