"""The sweep's panels: a stack plot, its numbers, and the selected neuron."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import streamlit as st

from pages.shared.chart import clicked, draw, explore_state, opens_neuron
from pages.shared.model_choice import Choice
from pages.shared.navigation import NEURONS, TRAIN
from pages.shared.resources import colours
from pages.sweep.state import SWEEP_PAGE, SweepState
from pages.train.state import TrainState
from toymodel.analysis.loss import dead_outputs, no_superposition_loss, superposition_gain
from toymodel.analysis.polysemanticity import neurons
from toymodel.charts.network.stack_plot import MIN_BLOCK, SELECTION, Stacks, stack_plot, stacks
from toymodel.config import Config
from toymodel.jobs.job import Progress
from toymodel.model import Model, Weights
from toymodel.storage.model_file import model_key
from toymodel.sweeps.paper import paper_panel
from toymodel.text import estimate, number

_MIN_LIVE_BLOCK = 0.15  # fewer blocks, so that a slow browser keeps up with a training
_LOWEST_TOP = 9.0  # the paper's panels leave room for a stack of about this height


def draw_panels(
    state: SweepState,
    models: Mapping[Config, Model | None],
    live: Mapping[str, Weights] | None = None,
) -> None:
    """Draw every panel of the sweep.

    Args:
        state: of the page.
        models: by config; None for one that is not trained.
        live: the weights of models in training, by model key.
    """
    drawn: dict[Config, Weights] = {}
    for config, model in models.items():
        weights = model.weights if model else (live or {}).get(model_key(config, state.recipe))
        if weights and weights.finite:
            drawn[config] = weights
    plots = {
        config: stacks(
            config,
            weights,
            state.thresholds,
            side=state.weights,
            relative=state.heights == "relative",
            smallest=MIN_BLOCK if models[config] else _MIN_LIVE_BLOCK,
        )
        for config, weights in drawn.items()
    }
    highest = max((plot.highest for plot in plots.values()), default=0)
    top = (
        max(_LOWEST_TOP, math.ceil(highest * 1.05))
        if state.heights == "relative"
        else highest * 1.25 or 1.0
    )
    for config, model in models.items():
        p = config.feature_probability
        with st.container(key=f"panel-{number(p).replace('.', '-')}"):
            left, right = st.columns([7, 3], vertical_alignment="top")
            with right:
                _text(state, config, model, drawn.get(config))
            with left:
                st.markdown(f"**1 − S = {number(p)}**")
                if config in drawn:
                    _chart(state, config, drawn[config], plots[config], top, finished=bool(model))
                else:
                    st.info(
                        "Waiting for its first weights." if live is not None else "Not trained yet."
                    )
            if state.at == p and state.neuron is not None and model:
                _selected(state, model)


def draw_live(state: SweepState, models: Mapping[Config, Model | None], progress: Progress) -> None:
    """Draw every panel of the sweep while some of its models train."""
    live = {key: model.leading for key, model in progress.models.items()}
    draw_panels(state, models, live)


def _chart(
    state: SweepState,
    config: Config,
    weights: Weights,
    plot: Stacks,
    top: float,
    *,
    finished: bool,
) -> None:
    p, theme = config.feature_probability, colours()
    chart = stack_plot(
        plot,
        n_features=config.n_features,
        top=top,
        theme=theme,
        colour=state.colour,
        selected=state.neuron if state.at == p else None,
        axis_title="" if state.heights == "raw" else None,
    )
    # A chart keeps its selection. After the mark moves, the chart has a new key, so that the same
    # neuron can be clicked again.
    key = f"{'stack' if finished else 'live'}-{p}-{state.at == p}"
    draw(
        chart,
        key,
        selection=SELECTION,
        on_select=_on_click(key, state, config) if finished else None,
        alt=f"Neuron weight stack plot at density {number(p)}: {_counts(state, weights)}",
    )


def _counts(state: SweepState, weights: Weights, emphasis: str = "") -> str:
    counts = neurons(weights.W1, state.thresholds).counts
    return ", ".join(f"{emphasis}{count}{emphasis} {name}" for name, count in counts.items())


def _on_click(key: str, state: SweepState, config: Config) -> Callable[[], None]:
    open_it = opens_neuron(key, SELECTION, _choice(state, config))

    def mark_and_open() -> None:
        neuron = clicked(key, SELECTION, "neuron")
        if neuron is not None:
            # A visitor who comes back sees the neuron marked.
            left = SWEEP_PAGE.state
            SWEEP_PAGE.settle(left.replace(at=config.feature_probability, neuron=neuron))
        open_it()

    return mark_and_open


def _choice(state: SweepState, config: Config) -> Choice:
    return Choice(config=config, preset=state.preset, recipe=state.recipe)


def _text(state: SweepState, config: Config, model: Model | None, weights: Weights | None) -> None:
    lines: list[str] = []
    if weights:
        counts = _counts(state, weights, "**").replace("slightly polysemantic", "slightly")
        lines.append(f"Here: {counts}")
    if paper := paper_panel(config):
        about = "about " if paper.about else ""
        lines.append(f"Paper: {about}{', '.join(map(str, paper.counts))}. {paper.message}")
    if model:
        gain = superposition_gain(config, model.loss)
        error = gain * model.loss_error / model.loss if model.loss else 0.0
        lines.append(
            f":gray[Loss {estimate(model.loss, model.loss_error)}, "
            f"without superposition {no_superposition_loss(config):.3g}:] "
            + ("nothing to gain" if math.isnan(gain) else f"gain **{gain:.2f}** ± {error:.1g}")
        )
        first = min(config.n_neurons, config.n_features)
        dead = _dead_outputs(model_key(config, state.recipe), model, first)
        if dead:
            are = "is" if dead == 1 else "are"
            lines[-1] += (
                f"  \n{dead} of the {first} most important outputs {are} dead: "
                "0 on every input tried"
            )
    if left := config.n_features - state.recipe.trained_features(config):
        lines.append(f":gray[Features left out of the training: {left:,} of {config.n_features:,}]")
    st.markdown("\n\n".join(lines))
    if model:
        alone = TrainState(choice=_choice(state, config))
        st.page_link(TRAIN.script, label="Look at this model alone", query_params=alone.link)


@st.cache_data(show_spinner=False, max_entries=1_000)
def _dead_outputs(key: str, _model: Model, first: int) -> int:
    return int(dead_outputs(_model.config, _model.weights)[:first].sum())


def _selected(state: SweepState, model: Model) -> None:
    neuron = state.neuron
    assert neuron is not None
    found = neurons(model.weights.W1, state.thresholds)
    st.markdown(
        f"**Neuron {neuron}** is {found.classes[neuron]}: primary feature {found.primary[neuron]}, "
        f"{found.effective_features[neuron]:.2f} effective features, "
        f"extra weight {found.extra_weight[neuron]:.2f}."
    )

    def clear() -> None:
        SWEEP_PAGE.show(state.replace(at=None, neuron=None))

    with st.container(horizontal=True, vertical_alignment="center"):
        opened = explore_state(_choice(state, model.config)).changed(neuron=neuron)
        st.page_link(NEURONS.script, label=f"Look at neuron {neuron}", query_params=opened.link)
        st.button("Close", on_click=clear, key="close-neuron")
