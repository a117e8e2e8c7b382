"""Charts of one model, or of two side by side: weights, losses, responses, the network."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.chart import draw
from pages.shared.models import Shown
from pages.shared.resources import colours
from pages.shared.weights_view import (
    Cell,
    choose_look,
    explain_bars,
    opens_shown,
    weight_cells,
)
from pages.shared.widgets import segments
from pages.train.state import MAX_FEATURES, TRAIN_PAGE, TrainState
from toymodel.analysis.loss import no_superposition_loss
from toymodel.charts.network.loss_curve import loss_curve, loss_range, loss_records
from toymodel.charts.network.network_graph import network_graph
from toymodel.charts.network.output_response import output_response
from toymodel.charts.scales import rounded_up

_MAX_BESIDE = 50  # neurons, up to which input and output weights stand side by side
_LOSS_LINES = (
    "Blue: the restart that is shown; grey: the others. Training losses, which are noisy: at first "
    "features may be sparser, and outputs may have a slope below zero."
)


def draw_weights(state: TrainState, shown: Sequence[Shown]) -> None:
    """Draw input and output weights; two models side by side have the same axes."""
    left, right = weight_cells(state, shown)
    if len(shown) == 1 and shown[0].config.n_neurons <= _MAX_BESIDE:
        _rows([*left, *right])
    else:
        _rows(left, right)
    if any(each.small for each in shown):
        explain_bars(shown)
    if not all(each.small for each in shown):
        choose_look(state, shown)


def _rows(*rows: Sequence[Cell]) -> None:
    for row in rows:
        if len(row) == 1:
            row[0]()
            continue
        for cell, show in zip(st.columns(len(row)), row, strict=True):
            with cell:
                show()


def draw_losses(state: TrainState, shown: Sequence[Shown]) -> None:
    """Draw the loss of every restart during the training."""
    _choose_axis(state)
    against = "step" if state.against == "steps" else "seconds"
    records = [loss_records(each.history) for each in shown]
    ranges = [
        loss_range(table["loss"], no_superposition_loss(each.config))
        for table, each in zip(records, shown, strict=True)
    ]
    domain = (
        1 / rounded_up(1 / min(low for low, _ in ranges)),
        rounded_up(max(high for _, high in ranges)),
    )
    # The number of steps is known from the start, the seconds are not.
    ends = (
        [float(each.recipe.total_steps) for each in shown]
        if against == "step"
        else [rounded_up(table["seconds"].to_numpy().max()) for table in records if len(table)]
    )

    def show(number: int) -> None:
        each = shown[number]
        chart = loss_curve(
            records[number],
            against=against,
            baseline=no_superposition_loss(each.config),
            shown=each.restart,
            theme=colours(),
            domain=domain,
            reach=max(ends, default=None),
        )
        draw(chart, f"loss-{number}-{bool(each.model)}")

    _rows([lambda n=n: show(n) for n in range(len(shown))])
    st.caption(_LOSS_LINES)


def draw_outputs(state: TrainState, shown: Sequence[Shown]) -> None:
    """Draw the outputs of some features, each of which is there alone."""
    _choose_features(state, shown)

    def show(number: int, each: Shown) -> None:
        chosen = [i for i in _features(state, shown) if i < each.config.n_features]
        chart = output_response(each.config, each.weights, chosen, theme=colours())
        draw(chart, f"response-{number}-{bool(each.model)}")

    _rows([lambda n=n, each=each: show(n, each) for n, each in enumerate(shown)])
    st.caption(f"Dashed: the target, {shown[0].config.definition.symbol}.")


def draw_network(state: TrainState, shown: Sequence[Shown]) -> None:
    """Draw inputs, neurons and outputs as a graph."""

    def show(number: int, each: Shown) -> None:
        if not each.small:
            st.caption("Too large to draw as a graph.")
            return
        chart = network_graph(each.weights, theme=colours())
        key = f"network-{number}-{bool(each.model)}"
        draw(chart, key, **opens_shown(key, state, number, each))

    st.markdown("**The network**: inputs above, neurons in the middle, outputs below.")
    _rows([lambda n=n, each=each: show(n, each) for n, each in enumerate(shown)])
    st.caption(
        "Solid red edges are positive, dashed blue ones negative; thicker is larger. Edges below "
        "3 % of their layer's largest are left out, but for the main ones of a feature."
    )


def _features(state: TrainState, shown: Sequence[Shown]) -> Sequence[int]:
    fewest = min(each.config.n_features for each in shown)
    return state.features or range(min(6, fewest))


def _choose_axis(state: TrainState) -> None:
    st.markdown("**Loss of every restart**")
    segments(TRAIN_PAGE, "against", hide_label=True)


def _choose_features(state: TrainState, shown: Sequence[Shown]) -> None:
    st.markdown("**Output of a feature that is there alone**, against its value")
    most = shown[0].config.n_features
    st.multiselect(
        "Features",
        range(most),
        max_selections=MAX_FEATURES,
        label_visibility="collapsed",
        placeholder="Features to draw",
        **TRAIN_PAGE.bound(
            "features",
            value=list(_features(state, shown)),
            read=lambda chosen: tuple(chosen) or None,
            by="default",
        ),
    )
