"""The paper's motif: asymmetric superposition with inhibition."""

from functools import partial

import streamlit as st

from pages.motif.controls import (
    choose_member,
    choose_models,
    choose_thresholds,
    other_settings,
)
from pages.motif.ensemble import Ensemble, draw_all, draw_live
from pages.motif.frequency import draw_frequency
from pages.motif.inhibition import draw_inhibition
from pages.motif.inhibitors import draw_inhibitors
from pages.motif.instances import draw_instances
from pages.motif.metrics import draw_metrics
from pages.motif.notes import draw_notes
from pages.motif.panels import draw_panels
from pages.motif.paper_sweep import draw_sweep
from pages.motif.remaining_weights import draw_rest
from pages.motif.state import MAX_TAKEN_APART, MOTIF_PAGE
from pages.shared.cached_analysis import cached_decomposition
from pages.shared.explorer_controls import draw_model_line
from pages.shared.messages import show_problems
from pages.shared.models import say_where_from
from pages.shared.resources import store
from pages.shared.training_panel import offer_training, progress_of, watch_training

state, problems = MOTIF_PAGE.open()
# In this order: a training that ends in between is then among the models.
progress = progress_of(state.configs, state.choice.recipe)
ensemble = Ensemble.of(state)
shown = ensemble.shown(state)
config = state.choice.config

with st.sidebar:
    choose_models(state)
    choose_member(state, ensemble.table)
    other_settings(state)
    choose_thresholds()

st.title("Asymmetric superposition works through inhibition")
st.markdown(
    r"A neuron $j$ holds two features with very different input weights $W_1[j,i]$ and with output "
    r"weights $W_2[i,j]$ that differ the other way round. The first feature then interferes with "
    "the second, but the second hardly with the first. Other neurons take that interference away."
)
show_problems(problems, tuple(store().notes))
if ensemble.missing and progress and progress.active:
    watch_training(state.configs, state.choice.recipe, partial(draw_live, state))
else:
    if ensemble.missing:
        offer_training(state.configs, state.choice.recipe, missing=ensemble.missing)
    if shown is None:
        pass
    elif config.task != "abs":
        st.info("The motif occurs in networks that compute |x|; this one computes x.")
    elif config.activation != "relu":
        st.info("The motif is one of neurons with a ReLU; this network's hidden layer is linear.")
    elif max(config.n_features, config.n_neurons) > MAX_TAKEN_APART:
        st.info(
            f"This page takes apart networks of up to {MAX_TAKEN_APART} features and "
            f"{MAX_TAKEN_APART} neurons."
        )
    else:
        say_where_from(shown.config, shown.recipe)
        draw_model_line(shown)
        found = cached_decomposition(shown.name, shown, state.thresholds)
        draw_metrics(shown, found)
        draw_panels(state, shown, found)
        draw_instances(state, shown, found)
        draw_inhibition(state, shown, found)
        draw_inhibitors(state, ensemble, shown)
        draw_rest(state, shown)
        draw_all(state, ensemble, shown)
draw_frequency(state)
draw_sweep(state)
draw_notes()
