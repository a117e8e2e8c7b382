"""The sweep's strips: a low stack plot a density with its numbers, and the neurons in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from pages.shared.chart import clicked, draw, opens_neuron
from pages.shared.explorer.controls import model_name
from pages.shared.model_choice import Choice
from pages.shared.resources import colours, store
from pages.shared.strips import Heading, draw_strips
from pages.sweep.large import draw_large
from pages.sweep.legend import draw_side
from pages.sweep.state import SWEEP_PAGE, SweepState
from toymodel.analysis.loss import superposition_gain
from toymodel.analysis.polysemanticity import CLASSES, neurons
from toymodel.charts.network.stack_plot import stacks
from toymodel.charts.sweep.strips import SELECTION, Strip, stack_strips
from toymodel.config import Config
from toymodel.jobs.job import Progress
from toymodel.model import Model, Weights
from toymodel.storage.model_file import model_key
from toymodel.sweeps.paper import paper_panel
from toymodel.text import number

_MIN_BLOCK = 0.05  # smaller weights are a third of a pixel high
_MIN_LIVE_BLOCK = 0.15  # fewer blocks, so that a slow browser keeps up with a training
_SHORT: dict[str, str] = dict(zip(CLASSES, ("mono", "slightly", "poly"), strict=True))
_LOWEST_TOP = 9.0  # the paper's panels leave room for a stack of about this height


def draw_sweep(
    models: Mapping[Config, Model | None], live: Mapping[str, Weights] | None = None
) -> None:
    """Draw the open panel, every strip, and what they mean beside them.

    Args:
        models: by config; None for one that is not trained.
        live: the weights of models in training, by model key.
    """
    state = SWEEP_PAGE.state
    drawn: dict[Config, Weights] = {}
    for config, model in models.items():
        weights = model.weights if model else (live or {}).get(model_key(config, state.recipe))
        if weights and weights.finite:
            drawn[config] = weights
    for config, weights in drawn.items():
        if config.feature_probability == state.at:
            draw_large(state, config, models[config], weights)
    left, right = st.columns([7, 3], gap="medium")
    with left:
        draw_strips(
            partial(_draw_chart, state, models, drawn) if drawn else None,
            [
                _heading(state, config, model, drawn.get(config), waits=live is not None)
                for config, model in models.items()
            ],
        )
    with right:
        draw_side(state, models)


def draw_live(models: Mapping[Config, Model | None], progress: Progress) -> None:
    """Draw the sweep while some of its models train."""
    draw_sweep(models, {key: model.leading for key, model in progress.models.items()})


def draw_before() -> None:
    """Draw the strips of the page's state, which are there."""
    state = SWEEP_PAGE.state
    models = {config: store().get(config, state.recipe) for config in state.configs}
    if all(models.values()):  # it was greyed, and some may no longer be stored
        draw_sweep(models)


def sweep_name(state: SweepState) -> str:
    """A sweep's settings in one line."""
    return model_name((state.config, state.recipe), densities=state.densities)


def _draw_chart(
    state: SweepState, models: Mapping[Config, Model | None], drawn: Mapping[Config, Weights]
) -> None:
    strips: list[Strip] = []
    for config, model in models.items():
        paper, weights = paper_panel(config), drawn.get(config)
        plot = weights and stacks(
            config,
            weights,
            state.thresholds,
            side=state.weights,
            relative=state.heights == "relative",
            smallest=_MIN_BLOCK if model else _MIN_LIVE_BLOCK,
        )
        strips.append(Strip(plot, paper.counts if paper else None, finished=model is not None))
    highest = max(strip.stacks.highest for strip in strips if strip.stacks)
    selected = None
    if state.at is not None and state.neuron is not None:
        selected = (state.densities.index(state.at), state.neuron)
    chart = stack_strips(
        strips,
        n_features=state.config.n_features,
        top=max(_LOWEST_TOP, highest) if state.heights == "relative" else highest or 1.0,
        theme=colours(),
        colour=state.colour,
        selected=selected,
    )
    # A chart keeps its selection. After the mark moves, the chart has a new key, so that the same
    # neuron can be clicked again.
    key = f"{'live' if None in models.values() else 'sweep'}-chart-{selected}"
    counts = (f"{number(c.feature_probability)}: {_counts(state, w)}" for c, w in drawn.items())
    draw(
        chart,
        key,
        selection=SELECTION,
        on_select=_on_click(key, state),
        alt=f"Neuron weight stack plots by density. {'; '.join(counts)}",
    )


def _on_click(key: str, state: SweepState) -> Callable[[], None]:
    def open_it() -> None:
        strip = clicked(key, SELECTION, "strip")
        if strip is None:
            return
        choice = Choice(config=state.configs[strip], preset=state.preset, recipe=state.recipe)
        opens_neuron(key, SELECTION, choice)()

    return open_it


def _heading(
    state: SweepState, config: Config, model: Model | None, weights: Weights | None, *, waits: bool
) -> Heading:
    p = config.feature_probability
    said = [f"**1 − S = {number(p)}**"]
    if model:
        gain = superposition_gain(config, model.loss)
        said.append("nothing to gain" if math.isnan(gain) else f"gain **{gain:.2f}**")
    if weights:
        said.append(_counts(state, weights))
    else:
        said.append("waiting for its first weights" if waits else "not trained yet")
    key = f"panel-{number(p).replace('.', '-')}"
    control = partial(_draw_opener, p) if weights and state.at != p else None
    return Heading(key, "&ensp;".join(said), control)


def _draw_opener(p: float) -> None:
    st.button("Open large", type="tertiary", key=f"open-{p}", on_click=_open, args=(p,))


def _open(p: float) -> None:
    SWEEP_PAGE.show(SWEEP_PAGE.state.replace(at=p, neuron=None))


def _counts(state: SweepState, weights: Weights) -> str:
    counts = neurons(weights.W1, state.thresholds).counts
    return ", ".join(f"{count} {_SHORT.get(name, name)}" for name, count in counts.items())
