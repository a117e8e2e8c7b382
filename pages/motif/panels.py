"""The paper's three panels: all weights, those for absolute value, those of the motif."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.motif.state import MOTIF_STATE, MotifState
from pages.shared.cached_analysis import losses_by_inhibition
from pages.shared.chart import draw
from pages.shared.clicks import opens_neuron
from pages.shared.metrics import figure, metric
from pages.shared.resources import colours
from pages.shared.shown import Shown
from pages.shared.watching import counted
from toymodel.analysis.decomposition import (
    ASYMMETRIC,
    BOTH_SIDES,
    INHIBITION,
    ONE_SIDE,
    ROLES,
    Decomposition,
    Roles,
    find_roles,
)
from toymodel.analysis.motifs import find_motifs
from toymodel.charts.colour_bar import colour_bar
from toymodel.charts.look import MAX_NAMED_FEATURES
from toymodel.charts.motif.tables import role_bars
from toymodel.charts.network.weight_bars import (
    SELECTION,
    by_feature,
    clip_of,
    reach_of,
    weight_bars,
)

_MOST_LIVE = 100  # while it trains, at every look

_SIDE_BY_SIDE = 24  # neurons up to which the panels stand side by side, as in the paper
_COLUMNS = 100
_WIDE = (0.3, 3.0)  # path gains of what is nearly an instance
_SIDES = {"input": "Input weights, W₁", "output": "Output weights, W₂"}
_EVERYTHING = tuple(range(len(ROLES)))


def draw_figures_that_matter(shown: Shown, found: Decomposition) -> None:
    """How much of the network its parts explain, and what the inhibition is worth."""
    count = len(found.motifs)
    without = found.everything
    if count:
        without = float(losses_by_inhibition(shown.name, shown, found.motifs)[0])
    with st.container(horizontal=True):
        metric("Instances", f"{count}", "Of asymmetric superposition with inhibition.")
        metric(
            "Loss without inhibition",
            f"× {without / found.everything:.3g}" if count else "–",
            "With the inhibiting weights of all instances set to 0 the normalised loss goes from "
            f"{figure(found.everything)} to {figure(without)}."
            if count
            else "There is no instance whose inhibition could be taken away.",
        )
        metric(
            "Loss, |x| alone",
            figure(found.absolute_value),
            "The normalised loss with the weights alone that implement absolute value, two-sided "
            "or one-sided. Answering 0 to everything scores 1.",
        )
        metric(
            "+ uneven, inhibiting",
            figure(found.with_motifs),
            "The normalised loss with these and the weights for asymmetric superposition and "
            "inhibition: how much of the network the two kinds explain.",
        )
        metric(
            "+ the rest",
            figure(found.everything),
            "The normalised loss of the whole network.",
        )


def draw_panels(state: MotifState, shown: Shown, found: Decomposition) -> None:
    """All weights; absolute value highlighted, the rest grey; the motif highlighted."""
    neurons, part = _neurons(shown, found)
    panels = (
        ("all", _first(found), _EVERYTHING),
        (
            "absolute",
            "Many weights simply implement **absolute value**, or one side of it.",
            (ONE_SIDE, BOTH_SIDES),
        ),
        ("motif", _third(found), (ASYMMETRIC, INHIBITION)),
    )
    beside = len(neurons) <= _SIDE_BY_SIDE
    cells = (
        st.columns(len(panels), vertical_alignment="bottom")
        if beside
        else [st.container() for _ in panels]
    )
    for cell, (name, words, lit) in zip(cells, panels, strict=True):
        with cell:
            st.markdown(words)
            with st.container(border=True, key=f"motif-panel-{name}"):
                _draw_sides(state, shown, found, lit, neurons, name)
    left, right = st.columns([7, 3], vertical_alignment="center")
    with left:
        _explain(state, shown, found, part)
        sides = (role_bars(shown.weights, found, (), side=s, neurons=neurons) for s in _SIDES)
        if not beside or any(clip_of(bars) for bars in sides):
            st.segmented_control(
                "Long bars",
                ["clipped", "whole"],
                required=True,
                help="Where a stack is clipped, an arrow and a number say where it ends.",
                **MOTIF_STATE.bound("view", "bars", state.view.bars, by="default"),
            )
    with right:
        draw(colour_bar("feature", shown.config.n_features), "motif-colours")


def _first(found: Roles) -> str:
    if not found.motifs:
        return "All weights of the network."
    return "At first glance, the network is complicated. Most of it comes apart into two pieces."


def _third(found: Roles) -> str:
    if not found.motifs:
        return "Weights that share a neuron **unevenly**, or **inhibit**: no instance of the motif."
    count = counted(len(found.motifs), "instance")
    return f"The main other thing is **asymmetric superposition with inhibition**: {count} of it."


def _explain(state: MotifState, shown: Shown, found: Roles, part: str) -> None:
    colour = "its rank" if shown.config.n_features > MAX_NAMED_FEATURES else "one feature"
    lines = [
        f"One column is one neuron{part}, by the feature that it holds most; a colour is "
        f"{'a feature, by ' if colour == 'its rank' else ''}{colour}, above 0 positive, below "
        "negative. A weight's role is in its tooltip. **Click a neuron** for its page."
        + (" The panels differ in their scales." if colour == "its rank" else "")
    ]
    limits = state.thresholds
    wide = limits.replace(
        least_gain=min(limits.least_gain, _WIDE[0]), most_gain=max(limits.most_gain, _WIDE[1])
    )
    counts = {motif[:3] for motif in found.motifs}
    more = [m for m in find_motifs(shown.weights.W1, shown.weights.W2, wide) if m[:3] not in counts]
    if more:
        which = sorted({motif.neuron for motif in more})
        lines.append(
            f"{len(more)} more would be {'an instance' if len(more) == 1 else 'instances'}, were "
            f"path gains from {_WIDE[0]:g} to {_WIDE[1]:g} allowed instead of "
            f"{limits.least_gain:g} to {limits.most_gain:g}: in "
            f"neuron{'s' * (len(which) > 1)} {', '.join(map(str, which))}."
        )
    st.caption("\n\n".join(lines))


def _neurons(shown: Shown, found: Roles) -> tuple[list[int], str]:
    """The neurons that are drawn, and which part of all that is, in words."""
    order = by_feature(shown.weights)
    if len(order) <= _COLUMNS:
        return order, ""
    holders = {m.neuron for m in found.motifs} | {k for m in found.motifs for k in m.inhibitors}
    chosen = [j for j in order if j in holders][:_COLUMNS]
    if chosen:
        return chosen, f" ({len(chosen)} of {len(order)}: those that take part in an instance)"
    return order[:_COLUMNS], f" (the first {_COLUMNS} of {len(order)})"


def _draw_sides(
    state: MotifState,
    shown: Shown,
    found: Roles,
    lit: Sequence[int],
    neurons: Sequence[int],
    name: str,
) -> None:
    for side, title in _SIDES.items():
        bars = role_bars(shown.weights, found, lit, side=side, neurons=neurons)
        draw_bars(
            bars,
            shown,
            f"motif-{name}-{side}",
            title=title,
            height=215 if len(neurons) <= _SIDE_BY_SIDE else 190,
            whole=state.view.bars == "whole",
            lit_alone=len(neurons) > _SIDE_BY_SIDE,
            names=len(neurons) <= _SIDE_BY_SIDE,
            alt=f"{title}, {name}: bars of {len(neurons)} neurons",
        )


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
    chosen: tuple[int, ...] | None = None,
    alt: str | None = None,
) -> None:
    """Bars of a network, clipped unless `whole`; a click on a finished one's opens the neuron.

    lit_alone: only the bars that are lit decide where it is.
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
        chosen=chosen,
    )
    opens: dict[str, Any] = {}
    if shown.model:
        on_select = opens_neuron(key, SELECTION, shown.choice, shown.chosen)
        opens = {"selection": SELECTION, "on_select": on_select}
    draw(chart, key, alt=alt, **opens)


def draw_live_panel(state: MotifState, shown: Shown) -> None:
    """The weights of a network in training, those of the motif highlighted."""
    if max(shown.config.n_features, shown.config.n_neurons) > _MOST_LIVE:
        return
    found = find_roles(shown.weights, state.thresholds)
    neurons, _ = _neurons(shown, found)
    for cell, (side, title) in zip(st.columns(2), _SIDES.items(), strict=True):
        lit = (ASYMMETRIC, INHIBITION)
        bars = role_bars(shown.weights, found, lit, side=side, neurons=neurons)
        with cell:
            draw_bars(bars, shown, f"motif-live-{side}", title=title)
