"""Cards that lead to the pages, in the menu's groups; the first have charts of stored models."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from pages.shared.cached_analysis import activity_of
from pages.shared.chart import draw
from pages.shared.explorer.state import DEFAULT
from pages.shared.models import Shown
from pages.shared.navigation import MENU, MOTIFS, NEURONS, SWEEP, Entry
from pages.shared.resources import colours, store
from pages.shared.strips import Heading, draw_strips
from pages.sweep.state import SweepState
from toymodel.analysis.decomposition import ASYMMETRIC, INHIBITION, find_roles
from toymodel.analysis.motifs import scale_neurons
from toymodel.analysis.polysemanticity import CLASSES, instructive, neurons
from toymodel.charts.chart import Chart, Spec
from toymodel.charts.motif.role_bars import role_bars
from toymodel.charts.network.stack_plot import stacks
from toymodel.charts.network.weight_bars import Side, by_feature, clip_of, weight_bars
from toymodel.charts.neuron.activation_histogram import activation_histogram
from toymodel.charts.sweep.strips import Strip, stack_strips
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import Recipe
from toymodel.sweeps.shipped import SMALL

_COLUMNS = 3
_MIN_BLOCK = 0.15  # smaller weights are about a pixel high


def draw_cards() -> None:
    """Draw the cards of each group of the menu; a whole card is a link to its page."""
    for group, pages in MENU.items():
        if not group:
            continue
        st.header(group)
        for row in range(0, len(pages), _COLUMNS):
            shown = pages[row : row + _COLUMNS]
            for cell, page in zip(st.columns(_COLUMNS), shown, strict=False):
                with cell.container(border=True, height="stretch", key=f"card-{page.path}"):
                    _draw_card(page)


def _draw_card(page: Entry) -> None:
    st.page_link(page.script, label=f"**{page.title}** · Open")
    st.markdown(page.claim)
    if draw_picture := _PICTURES.get(page):
        draw_picture()


def _draw_sweep() -> None:
    state = SweepState()
    shown = [state.configs[i] for i in (0, 3, -1)]
    models = [model for config in shown if (model := _stored(config, state.recipe))]
    if len(models) < len(shown):
        return
    plots = [stacks(model.config, model.weights, smallest=_MIN_BLOCK) for model in models]
    chart = stack_strips(
        [Strip(plot) for plot in plots],
        n_features=state.config.n_features,
        top=max(plot.highest for plot in plots),
        theme=colours(),
    )
    headings = [
        Heading(
            f"sweep-strip-{number}",
            f"1 − S = {model.config.feature_probability:g}: "
            f"{neurons(model.W1).counts[CLASSES[0]]} monosemantic",
        )
        for number, model in enumerate(models)
    ]
    draw_strips(partial(draw, chart, "picture-sweep", alt="Three stack plots"), headings)


def _draw_neuron() -> None:
    model = _stored(DEFAULT.config, DEFAULT.recipe)
    if model is None:
        return
    shown = Shown.of(model, None)
    neuron = instructive(model.W1, neurons(model.W1))["secondary"] or 0
    chart = activation_histogram(
        activity_of(shown.name, shown, neuron),
        n_features=model.config.n_features,
        log=True,
        theme=colours(),
        height=270,
    )
    draw(
        _without_legends(chart),
        "picture-neuron",
        alt=f"Activations of neuron {neuron} by the feature that contributes most",
    )


def _without_legends(chart: Chart) -> Chart:
    # On a card there is no room for the names of features; the page has them.
    layers: list[Spec] = []
    for layer in chart.spec["layer"]:
        encoding = layer["encoding"].items()
        bare = {
            channel: what | {"legend": None}
            if isinstance(what, dict) and "legend" in what
            else what
            for channel, what in encoding
        }
        layers.append(layer | {"encoding": bare})
    return replace(chart, spec=chart.spec | {"layer": layers})


def _draw_motif() -> None:
    (config,), recipe = SMALL
    model = _stored(config, recipe)
    if model is None:
        return
    found = find_roles(model.weights)
    weights = scale_neurons(model.weights, found.motifs)
    sides: dict[Side, str] = {"input": "Weights in", "output": "Weights out"}
    for side, title in sides.items():
        bars = role_bars(
            weights, found, (ASYMMETRIC, INHIBITION), side=side, neurons=by_feature(weights)
        )
        chart = weight_bars(
            bars,
            n_features=config.n_features,
            title=title,
            theme=colours(),
            height=150,
            clip=clip_of(bars),
        )
        draw(chart, f"picture-motif-{side}", alt=f"{title} of the motif, the others in grey")


def _stored(config: Config, recipe: Recipe) -> Model | None:
    model = store().get(config, recipe)
    if model is None:
        st.caption("Not trained here yet.")
    return model


_PICTURES = {SWEEP: _draw_sweep, NEURONS: _draw_neuron, MOTIFS: _draw_motif}
