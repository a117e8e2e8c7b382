"""Measures of models, each computed once for all visitors.

The argument `name` is `Shown.name`, which tells models apart by their weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.models import Shown
from pages.shared.resources import store
from toymodel.analysis.ablation import (
    SHARES,
    Ablation,
    Intervention,
    ablate,
    interventions,
    loss_by_inhibition,
)
from toymodel.analysis.activations import Activity, activity, histograms_of_all, shares_of_all
from toymodel.analysis.decomposition import Decomposition, Shift, decompose, shifts_of_the_rest
from toymodel.analysis.loss import loss_by_feature
from toymodel.analysis.motifs import Motif, MotifThresholds
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.analysis.predictions import density_table
from toymodel.charts.neuron.neuron_weights import neuron_weights
from toymodel.charts.phase.network_curves import network_table
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import RECIPES, Recipe
from toymodel.storage.model_file import model_key
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.sweeps.shipped import Family

MIN_SHIFT = 0.02
"""Smaller shifts of an output by the remaining weights are not listed."""

BY_TEXT: dict[Any, Any] = {
    MotifThresholds: MotifThresholds.canonical,
    Thresholds: Thresholds.canonical,
}
"""How Streamlit's cache tells thresholds apart."""

_MEASURING = "Measuring the model."


@st.cache_data(show_spinner=False, max_entries=200)
def weights_of(name: str, _shown: Shown, neuron: int) -> pd.DataFrame:
    """The `neuron_weights` of a neuron."""
    return neuron_weights(_shown.config, _shown.weights, neuron)


@st.cache_data(show_spinner=_MEASURING, max_entries=200)
def activity_of(name: str, _shown: Shown, neuron: int) -> Activity:
    """The `activity` of a neuron."""
    return activity(_shown.config, _shown.weights, neuron)


@st.cache_data(show_spinner=_MEASURING, max_entries=200)
def ablation_of(name: str, _shown: Shown, neuron: int) -> Ablation:
    """The `ablate` result of a neuron."""
    return ablate(_shown.config, _shown.weights, neuron)


@st.cache_data(show_spinner=_MEASURING, max_entries=50)
def shares_of(name: str, _shown: Shown) -> np.ndarray:
    """The `shares_of_all` neurons: how often each one's primary feature contributes most."""
    return shares_of_all(_shown.config, _shown.weights)


@st.cache_data(show_spinner=_MEASURING, max_entries=50)
def histograms_of(name: str, _shown: Shown) -> np.ndarray:
    """The `histograms_of_all` neurons: how often each one is how active."""
    return histograms_of_all(_shown.config, _shown.weights)


@st.cache_data(show_spinner=_MEASURING, max_entries=50)
def losses_of(name: str, _shown: Shown) -> np.ndarray:
    """The `loss_by_feature` of the model."""
    return loss_by_feature(_shown.config, _shown.weights)


@st.cache_data(show_spinner=_MEASURING, max_entries=100, hash_funcs=BY_TEXT)
def cached_decomposition(name: str, _shown: Shown, thresholds: MotifThresholds) -> Decomposition:
    """The decomposition of the model's weights by role."""
    return decompose(_shown.config, _shown.weights, thresholds)


@st.cache_data(show_spinner=_MEASURING, max_entries=100, hash_funcs=BY_TEXT)
def shifts_of(name: str, _shown: Shown, thresholds: MotifThresholds) -> list[Shift]:
    """The `shifts_of_the_rest`: what the weights without a role do."""
    found = cached_decomposition(name, _shown, thresholds)
    return shifts_of_the_rest(_shown.config, _shown.weights, found, MIN_SHIFT)


@st.cache_data(show_spinner=_MEASURING, max_entries=200)
def interventions_of(name: str, _shown: Shown, motif: Motif) -> list[Intervention]:
    """The `interventions` on an instance of the motif."""
    return interventions(_shown.config, _shown.weights, motif)


@st.cache_data(show_spinner=_MEASURING, max_entries=200)
def losses_by_inhibition(name: str, _shown: Shown, motifs: tuple[Motif, ...]) -> np.ndarray:
    """The `loss_by_inhibition` at each of `SHARES`."""
    return loss_by_inhibition(_shown.config, _shown.weights, motifs, SHARES)


def stored_settings(families: Iterable[Family]) -> dict[str, tuple[Config, Recipe]]:
    """The settings of the families' models that are in the store, by model key."""
    # By file names alone: reading the models takes longer, and their measures are cached.
    names = store().keys()
    settings = ((config, family.recipe) for family in families for config in family.configs)
    keys = {model_key(*each): each for each in settings}
    return {key: each for key, each in keys.items() if key in names}


def stored_models(settings: Iterable[tuple[Config, Recipe]]) -> list[Model]:
    """The models of these settings that are in the store."""
    return [model for each in settings if (model := store().get(*each))]


def measures_of_networks(
    settings: Mapping[str, tuple[Config, Recipe]], thresholds: Thresholds
) -> pd.DataFrame:
    """The `network_table` of models in the store, given as `stored_settings` gives them."""
    return _network_table(tuple(settings), thresholds, tuple(settings.values()))


@st.cache_data(show_spinner="Measuring the networks.", max_entries=40, hash_funcs=BY_TEXT)
def _network_table(
    keys: tuple[str, ...], thresholds: Thresholds, _settings: Sequence[tuple[Config, Recipe]]
) -> pd.DataFrame:
    return network_table(stored_models(_settings), thresholds)


def paper_sweep(preset: str) -> list[Model]:
    """The paper's sweep by one recipe; empty where a model is missing."""
    configs = sweep(PAPER_CONFIG, PAPER_DENSITIES)
    models = stored_models((config, RECIPES[preset]) for config in configs)
    return models if len(models) == len(configs) else []


def measures_by_density(models: Sequence[Model], thresholds: Thresholds) -> pd.DataFrame:
    """The `density_table` of a sweep."""
    keys = tuple(model_key(model.config, model.recipe) for model in models)
    return _density_table(keys, thresholds, models)


@st.cache_data(show_spinner="Measuring the networks.", max_entries=60, hash_funcs=BY_TEXT)
def _density_table(
    keys: tuple[str, ...], thresholds: Thresholds, _models: Sequence[Model]
) -> pd.DataFrame:
    return density_table(_models, thresholds)
