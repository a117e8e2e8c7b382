"""Cards that link to the pages, each with a chart of stored models."""

from __future__ import annotations

import math

import streamlit as st

from pages.shared.cached_analysis import (
    activity_of,
    measures_by_density,
    measures_of_networks,
    paper_sweep,
    stored_settings,
)
from pages.shared.chart import draw
from pages.shared.explorer_state import DEFAULT
from pages.shared.models import Shown
from pages.shared.navigation import (
    FEATURES,
    GRIDS,
    IDENTITIES,
    MOTIFS,
    NEURONS,
    OWN,
    PAGES,
    PHASE,
    REAL,
    SWEEP,
    TRAIN,
)
from pages.shared.resources import colours, store
from pages.sweep.state import SweepState
from toymodel.analysis.decomposition import ASYMMETRIC, INHIBITION, find_roles
from toymodel.analysis.features import interference
from toymodel.analysis.loss import no_superposition_loss
from toymodel.analysis.motifs import count_words, scale_neurons
from toymodel.analysis.polysemanticity import CLASSES, Thresholds, instructive, neurons
from toymodel.analysis.predictions import sparsity_trend
from toymodel.charts.feature.interference_map import interference_cells, interference_map
from toymodel.charts.motif.role_bars import role_bars
from toymodel.charts.network.loss_curve import loss_curve, loss_records
from toymodel.charts.network.stack_plot import stack_plot, stacks
from toymodel.charts.network.weight_bars import by_feature, clip_of, signed_bars, weight_bars
from toymodel.charts.network.weight_matrix import weight_matrix
from toymodel.charts.neuron.activation_histogram import activation_histogram
from toymodel.charts.phase.network_curves import class_curves
from toymodel.charts.sweep.density_lines import density_lines
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import Recipe
from toymodel.sweeps.measures import MEASURES
from toymodel.sweeps.shipped import DENSITY_SWEEP, IDENTITY, SMALL

_CARD_FEATURES = 40


def draw_cards() -> None:
    """Draw a card for each page that has a chart, and a line for each other page."""
    pages = [page for page in PAGES if page in _PICTURES]
    for row in range(0, len(pages), 2):
        pair = pages[row : row + 2]
        for cell, page in zip(st.columns(len(pair)), pair, strict=True):
            with cell.container(border=True, key=f"card-{page.path}"):
                st.page_link(page.script, label=f"**{page.title}**")
                st.markdown(page.claim)
                _PICTURES[page]()
    for page in (OWN, GRIDS):
        st.page_link(page.script, label=f"**{page.title}**: {page.claim}")


def _sweep_picture() -> None:
    state = SweepState()
    shown = [state.configs[i] for i in (0, 3, -1)]
    models = [model for config in shown if (model := store().get(config, state.recipe))]
    if len(models) < len(shown):
        st.caption("Not trained here yet.")
        return
    drawn = [stacks(model.config, model.weights) for model in models]
    top = math.ceil(1.05 * max(each.highest for each in drawn))
    for model, each in zip(models, drawn, strict=True):
        p = model.config.feature_probability
        st.caption(f"1 − S = {p:g}: {neurons(model.W1).counts[CLASSES[0]]} monosemantic neurons")
        chart = stack_plot(
            each,
            n_features=model.config.n_features,
            top=top,
            theme=colours(),
            height=70,
            class_names=False,
        )
        draw(chart, f"card-sweep-{p}", alt=f"Stack plot of the sweep's model at density {p:g}")


def _train_picture() -> None:
    (config,), recipe = SMALL
    model = _stored(config, recipe)
    if model is None:
        return
    st.caption(
        f"{config.n_features} features in {config.n_neurons} neurons: input weights, and how the "
        "loss of 8 restarts fell"
    )
    draw(
        weight_bars(
            signed_bars(model.weights),
            n_features=config.n_features,
            title="",
            theme=colours(),
            height=90,
        ),
        "card-train-weights",
    )
    draw(
        loss_curve(
            loss_records(model.history),
            against="step",
            baseline=no_superposition_loss(config),
            shown=model.best,
            theme=colours(),
            height=250,
        ),
        "card-train-loss",
    )


def _stored(config: Config, recipe: Recipe) -> Model | None:
    model = store().get(config, recipe)
    if model is None:
        st.caption("Not trained here yet.")
    return model


def _neuron_picture() -> None:
    config, model = DEFAULT.config, _stored(DEFAULT.config, DEFAULT.recipe)
    if model is None:
        return
    shown = Shown.of(model, None)
    neuron = instructive(model.W1, neurons(model.W1))["secondary"] or 0
    active = activity_of(shown.name, shown, neuron)
    st.caption(
        f"Activations of neuron {neuron} at 1 − S = {config.feature_probability:g}, by the feature "
        "that contributes most"
    )
    draw(
        activation_histogram(
            active,
            n_features=config.n_features,
            log=True,
            theme=colours(),
            height=350,
        ),
        "card-neuron",
    )


def _feature_picture() -> None:
    config, model = DEFAULT.config, _stored(DEFAULT.config, DEFAULT.recipe)
    if model is None:
        return
    first = range(_CARD_FEATURES)
    cells = interference_cells(config, interference(config, model.weights), features=first)
    st.caption(
        f"What each of the first {_CARD_FEATURES} features adds to the others' outputs, at "
        f"1 − S = {config.feature_probability:g}: most of it takes away"
    )
    draw(
        interference_map(
            cells, features=first, title="effect at worst", theme=colours(), height=350
        ),
        "card-feature",
    )


def _motif_picture() -> None:
    (config,), recipe = SMALL
    model = _stored(config, recipe)
    if model is None:
        return
    found = find_roles(model.weights)
    st.caption(
        f"{config.n_features} features in {config.n_neurons} neurons: the weights of the motif "
        f"({count_words(found.motifs)}), neurons scaled, input above, output below; the others in "
        "grey"
    )
    weights = scale_neurons(model.weights, found.motifs)
    for side in ("input", "output"):
        bars = role_bars(
            weights,
            found,
            (ASYMMETRIC, INHIBITION),
            side=side,
            neurons=by_feature(weights),
        )
        chart = weight_bars(
            bars,
            n_features=config.n_features,
            title="",
            theme=colours(),
            height=165,
            clip=clip_of(bars),
        )
        draw(chart, f"card-motif-{side}")


def _phase_picture() -> None:
    networks = measures_of_networks(stored_settings([DENSITY_SWEEP]), Thresholds())
    if networks.empty:
        st.caption("Not trained here yet.")
        return
    st.caption("Share of neurons of each class from dense to sparse, four networks a density")
    curves = class_curves(networks, against="density", theme=colours(), height=350)
    draw(curves, "card-phase")


def _identity_picture() -> None:
    for config in (IDENTITY.configs[0], IDENTITY.configs[-1]):
        model = _stored(config, IDENTITY.recipe)
        if model is None:
            return
        p = config.feature_probability
        st.caption(f"1 − S = {p:g}: {config.n_features} features in {config.n_neurons} neurons")
        draw(weight_matrix(model.weights, theme=colours(), height=165), f"card-identity-{p}")


def _real_picture() -> None:
    models = {preset: paper_sweep(preset) for preset in ("standard", "thorough")}
    if not all(models.values()):
        st.caption("Not trained here yet.")
        return
    tables = {preset: measures_by_density(sweep, Thresholds()) for preset, sweep in models.items()}
    trends = sparsity_trend(tables).trends
    st.caption("Polysemantic neurons in the paper's sweep, trained by two recipes")
    draw(density_lines(trends, up=MEASURES[CLASSES[2]], theme=colours()), "card-real")


_PICTURES = {
    SWEEP: _sweep_picture,
    TRAIN: _train_picture,
    NEURONS: _neuron_picture,
    FEATURES: _feature_picture,
    MOTIFS: _motif_picture,
    PHASE: _phase_picture,
    IDENTITIES: _identity_picture,
    REAL: _real_picture,
}
