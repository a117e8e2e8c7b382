"""One panel of the sweep, large, with what there is to say about its model."""

from __future__ import annotations

import math

import streamlit as st

from pages.shared.chart import draw, explore_state, opens_neuron
from pages.shared.model_choice import Choice
from pages.shared.navigation import NEURONS, TRAIN
from pages.shared.resources import colours
from pages.sweep.state import SWEEP_PAGE, SweepState
from pages.train.state import TrainState
from toymodel.analysis.loss import dead_outputs, no_superposition_loss, superposition_gain
from toymodel.analysis.polysemanticity import neurons
from toymodel.charts.network.stack_plot import SELECTION, stack_plot, stacks
from toymodel.config import Config
from toymodel.model import Model, Weights
from toymodel.storage.model_file import model_key
from toymodel.sweeps.paper import paper_panel
from toymodel.text import estimate, number

_LOWEST_TOP = 4.0


def draw_large(state: SweepState, config: Config, model: Model | None, weights: Weights) -> None:
    """Draw the open panel: its stack plot, its numbers, and the selected neuron.

    Args:
        state: of the page.
        config: of the panel.
        model: None while it trains.
        weights: of the model, or as they are now.
    """
    with st.container(border=True, key="large"):
        heading, close = st.columns([7, 3], vertical_alignment="center")
        heading.subheader(f"1 − S = {number(config.feature_probability)}")
        close.button("Close", on_click=_close, key="close-large")
        left, right = st.columns([7, 3])
        with left:
            _draw_stack(state, config, model, weights)
        with right:
            _draw_text(state, config, model, weights)
        if model and state.neuron is not None:
            _draw_selected(state, model, state.neuron)


def _close() -> None:
    SWEEP_PAGE.show(SWEEP_PAGE.state.replace(at=None, neuron=None))


def _draw_stack(state: SweepState, config: Config, model: Model | None, weights: Weights) -> None:
    relative = state.heights == "relative"
    plot = stacks(config, weights, state.thresholds, side=state.weights, relative=relative)
    top = max(_LOWEST_TOP, math.ceil(plot.highest)) if relative else plot.highest or 1.0
    chart = stack_plot(
        plot,
        n_features=config.n_features,
        top=top,
        theme=colours(),
        colour=state.colour,
        selected=state.neuron,
        axis_title="",
        height=260,
    )
    key = f"large-{config.feature_probability}-{state.neuron}-{model is not None}"
    draw(
        chart,
        key,
        selection=SELECTION,
        on_select=opens_neuron(key, SELECTION, _choice(state, config)) if model else None,
        alt=f"Neuron weight stack plot at density {number(config.feature_probability)}",
    )


def _choice(state: SweepState, config: Config) -> Choice:
    return Choice(config=config, preset=state.preset, recipe=state.recipe)


def _draw_text(state: SweepState, config: Config, model: Model | None, weights: Weights) -> None:
    counts = neurons(weights.W1, state.thresholds).counts
    lines = ["Here: " + ", ".join(f"**{count}** {name}" for name, count in counts.items())]
    if paper := paper_panel(config):
        about = "about " if paper.about else ""
        lines.append(f"Paper: {about}{', '.join(map(str, paper.counts))}. {paper.message}")
    if model:
        gain = superposition_gain(config, model.loss)
        error = gain * model.loss_error / model.loss if model.loss else 0.0
        lines.append(
            f"Loss {estimate(model.loss, model.loss_error)}, "
            f"without superposition {no_superposition_loss(config):.3g}: "
            + ("nothing to gain" if math.isnan(gain) else f"gain **{gain:.2f}** ± {error:.1g}")
        )
        first = min(config.n_neurons, config.n_features)
        if dead := _dead_outputs(model_key(config, state.recipe), model, first):
            lines.append(f"Dead outputs: {dead} of the {first} most important, 0 on every input")
    if left := config.n_features - state.recipe.trained_features(config):
        lines.append(f"Features left out of the training: {left:,} of {config.n_features:,}")
    st.markdown("\n\n".join(lines))
    if model:
        alone = TrainState(choice=_choice(state, config))
        st.page_link(TRAIN.script, label="Look at this model alone", query_params=alone.link)


@st.cache_data(show_spinner=False, max_entries=1_000)
def _dead_outputs(key: str, _model: Model, first: int) -> int:
    return int(dead_outputs(_model.config, _model.weights)[:first].sum())


def _draw_selected(state: SweepState, model: Model, neuron: int) -> None:
    found = neurons(model.weights.W1, state.thresholds)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**Neuron {neuron}** is {found.classes[neuron]}: primary feature "
            f"{found.primary[neuron]}, {found.effective_features[neuron]:.2f} effective features, "
            f"extra weight {found.extra_weight[neuron]:.2f}.",
            width="content",
        )
        opened = explore_state(_choice(state, model.config)).changed(neuron=neuron)
        st.page_link(NEURONS.script, label=f"Look at neuron {neuron}", query_params=opened.link)
