"""How many asymmetric neurons the networks of the paper's sweep have."""

from __future__ import annotations

import streamlit as st

from pages.motif.state import MotifState
from pages.shared.cached_analysis import BY_TEXT
from pages.shared.model_choice import Choice
from pages.shared.navigation import MOTIFS, link_to
from pages.shared.resources import store
from toymodel.analysis.motifs import MotifThresholds, count_words, find_motifs
from toymodel.config import Config
from toymodel.recipe import RECIPES, Recipe
from toymodel.storage.model_file import model_key
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.text import number

_PRESETS = ("standard", "thorough")


def draw_sweep(state: MotifState) -> None:
    """Draw the asymmetric neurons of every network of the paper's sweep, for two recipes."""
    st.header("In the paper's sweep")
    config = PAPER_CONFIG
    st.markdown(
        f"n = {config.n_features}, m = {config.n_neurons}: asymmetric neurons, and the pairs of "
        "features in them, from dense to sparse."
    )
    for cell, preset in zip(st.columns(len(_PRESETS)), _PRESETS, strict=True):
        with cell:
            _draw_preset(state, preset)


def _draw_preset(state: MotifState, preset: str) -> None:
    recipe = RECIPES[preset]
    st.markdown(f"**Recipe {preset}**, restarts: {recipe.restarts}")
    for config in sweep(PAPER_CONFIG, PAPER_DENSITIES):
        label = f"1 − S = {number(config.feature_probability)}"
        try:
            words = _counted(model_key(config, recipe), config, recipe, state.thresholds)
        except LookupError:
            st.markdown(f"{label}: not trained here")
            continue
        opened = state.showing(Choice.of(config, recipe), seeds=1)
        link_to(MOTIFS, f"{label}: {words}", opened.link)


@st.cache_data(show_spinner="Looking for instances.", max_entries=200, hash_funcs=BY_TEXT)
def _counted(key: str, _config: Config, _recipe: Recipe, thresholds: MotifThresholds) -> str:
    model = store().get(_config, _recipe)
    if model is None:
        raise LookupError
    return count_words(find_motifs(model.W1, model.W2, thresholds))
