"""The weights of one model, or of two side by side, as bars or as stack plots."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import streamlit as st

from pages.motif.state import MotifState
from pages.shared.chart import draw, explore_state, opens_neuron
from pages.shared.models import Shown
from pages.shared.navigation import FEATURES, MOTIFS, NEURONS
from pages.shared.page_session import PageSession
from pages.shared.resources import colours
from pages.shared.widgets import segments
from pages.train.state import TRAIN_PAGE, TrainState
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.charts.look import colour_stops
from toymodel.charts.network.stack_plot import MIN_BLOCK, SELECTION, stack_plot, stacks
from toymodel.charts.network.weight_bars import Side, signed_bars, weight_bars
from toymodel.charts.scales import rounded_up

FIRST_NEURONS = 100
_MIN_LIVE_BLOCK = 0.1  # fewer blocks, so that a slow browser keeps up with a training
_LOWEST_TOP = 4.0
_TITLES: dict[Side, str] = {"input": "W₁: input → neuron", "output": "W₂: neuron → output"}

Cell = Callable[[], None]


def weight_cells(state: TrainState, shown: Sequence[Shown]) -> tuple[list[Cell], list[Cell]]:
    """Functions that draw the input weights, and the output weights, of each model."""
    return _cells(state, shown, "input"), _cells(state, shown, "output")


def _cells(state: TrainState, shown: Sequence[Shown], side: Side) -> list[Cell]:
    bars = [signed_bars(each.weights, side=side) if each.small else None for each in shown]
    reach = max(
        (f[["low", "high"]].abs().to_numpy().max() for f in bars if f is not None), default=0.0
    )
    plots = [
        None
        if each.small
        else stacks(
            each.config,
            each.weights,
            state.thresholds,
            side=side,
            smallest=MIN_BLOCK if each.model else _MIN_LIVE_BLOCK,
            first=FIRST_NEURONS if state.neurons == "first" else None,
        )
        for each in shown
    ]
    highest = max((plot.highest for plot in plots if plot), default=0)
    top = max(_LOWEST_TOP, math.ceil(highest * 1.05))

    def show(number: int) -> None:
        each, plot, bar = shown[number], plots[number], bars[number]
        n, theme = each.config.n_features, colours()
        key = f"weights-{side}-{number}-{bool(each.model)}"
        opens = opens_shown(key, state, number, each)
        if bar is not None:
            chart = weight_bars(
                bar,
                n_features=n,
                title=_TITLES[side],
                theme=theme,
                reach=rounded_up(reach) or None,
                height=200,
            )
            draw(chart, key, **opens)
        if plot:
            chart = stack_plot(plot, n_features=n, top=top, theme=theme, colour=state.colour)
            what = "input weights |W₁|" if side == "input" else "output weights |W₂|"
            st.markdown(f"**{_TITLES[side]}**")
            draw(chart, key, alt=f"Neuron weight stack plot of the {what}", **opens)

    return [lambda number=number: show(number) for number in range(len(shown))]


def opens_shown(key: str, state: TrainState, number: int, each: Shown) -> dict[str, Any]:
    """The arguments with which a finished model's chart opens the page of a clicked neuron.

    Args:
        key: of the chart's element.
        state: of the page.
        number: 0 for the page's model, 1 for the one beside it.
        each: the model.
    """
    choice = state.other if number else state.choice
    if each.model is None or choice is None:
        return {}
    opens = opens_neuron(key, SELECTION, choice, each.chosen)
    return {"selection": SELECTION, "on_select": opens}


def link_explorers(state: TrainState, shown: Shown) -> None:
    """Draw links to the model's neurons, features and motifs."""
    link = explore_state(state.choice, shown.chosen).link
    motifs = MotifState.of_network(state.choice, shown.chosen).link
    pages = [(NEURONS, "Its neurons", link), (FEATURES, "Its features", link)]
    if shown.config.task == "abs" and shown.config.activation == "relu":
        pages.append((MOTIFS, "Its motifs", motifs))
    for page, label, its in pages:
        st.page_link(page.script, label=label, query_params=its)


def choose_look(
    state: TrainState, shown: Sequence[Shown], page: PageSession[Any] = TRAIN_PAGE
) -> None:
    """Draw the controls and the legend of stack plots.

    Args:
        state: of the page.
        shown: the models.
        page: whose settings the controls change.
    """
    most = max(each.config.n_neurons for each in shown)
    names = {"first": f"the first {FIRST_NEURONS}", "all": f"all {most:,}"}
    with st.container(horizontal=True):
        segments(page, "colour")
        if most > FIRST_NEURONS:
            segments(page, "neurons", names=names)
    stack_legend(
        "weight, |W₁| above and |W₂| below",
        "relative to the neuron's largest",
        state.colour,
        max(each.config.n_features for each in shown),
        "**Click a neuron** to look at it alone. " if all(each.model for each in shown) else "",
    )


def explain_bars(shown: Sequence[Shown]) -> None:
    """Draw the legend of the bars of a small model's weights."""
    st.caption(
        "Bars: one column is one neuron, by the feature that it holds most; one colour is one "
        "feature."
        + (" **Click a neuron** to look at it alone." if all(e.model for e in shown) else "")
    )


def stack_legend(
    weight: str,
    height: str,
    colour: Literal["superposition", "feature"],
    n_features: int,
    hint: str = "",
) -> None:
    """Draw the legend in a line: the classes as chips, and the colours; its text is folded.

    Args:
        weight: what a block is.
        height: what a block's height is.
        colour: what the colours mean.
        n_features: n.
        hint: what a click does.
    """
    theme = colours()
    chip = "display: inline-block; padding: 0 8px; margin-right: 6px; border-top: 3px solid"
    chips = "".join(
        f'<span style="{chip} {theme.class_ink[name]}; color: {theme.class_ink[name]}; '
        f'background: {theme.class_background[name]}">{name}</span>'
        for name in CLASSES
    )
    low, high, title = _ends(colour, n_features)
    bar = (
        "display: inline-block; width: 110px; height: 12px; margin: 0 6px; vertical-align: middle; "
        f"background: linear-gradient(to right, {colour_stops(colour, n_features)})"
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            f'<div style="font-size: 0.875rem; line-height: 1.9">{chips}'
            f'<span>{title}: {low}<span style="{bar}" role="img" '
            f'aria-label="Colours from {low} to {high}"></span>{high}</span></div>',
            width="content",
        )
        with st.popover("How to read it", type="tertiary"):
            st.markdown(
                "One column is one neuron, sorted by the importance of its largest feature. One "
                f"block is one {weight}, {height}, the largest at the bottom; grey on top: the "
                f"weights too small to draw, together. {hint}The background is the neuron's "
                "class, by its input weights."
            )


def _ends(colour: str, n_features: int) -> tuple[str, str, str]:
    if colour == "superposition":
        return "0", "1+", "superposition of the feature"
    return "f0", f"f{n_features - 1:,}", "feature"
