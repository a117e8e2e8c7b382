"""The paper's motif: asymmetric superposition with inhibition."""

from functools import partial

import streamlit as st

from pages.motif.controls import (
    choose_member,
    choose_models,
    choose_thresholds,
    other_settings,
)
from pages.motif.ensemble import Ensemble, draw_live
from pages.motif.metrics import draw_metrics
from pages.motif.notes import EXAMPLES, draw_notes
from pages.motif.sections import decomposed, draw_sections, tell_instance
from pages.motif.state import MOTIF_PAGE
from pages.shared.explorer.controls import draw_model_line
from pages.shared.head import draw_head
from pages.shared.messages import show_problems
from pages.shared.models import say_where_from
from pages.shared.navigation import MOTIFS
from pages.shared.resources import store
from pages.shared.training.panel import offer_training, progress_of, watch_training

state, problems = MOTIF_PAGE.open()
# In this order: a training that ends in between is then among the models.
progress = progress_of(state.configs, state.choice.recipe)
ensemble = Ensemble.of(state)
shown = ensemble.shown(state)
trains = bool(ensemble.missing and progress and progress.active)
found = None if trains or shown is None else decomposed(state, shown)
if found:
    state, problems = tell_instance(state, found, problems)

with st.sidebar:
    choose_models(state)
    choose_member(state, ensemble.table)
    other_settings(state)
    choose_thresholds()

draw_head(
    MOTIFS,
    "Asymmetric superposition works through inhibition",
    "A neuron holds two features, the first with a large input weight and a small output weight, "
    "the second the other way round: so the first disturbs the second, and hardly the reverse. "
    "Other neurons inhibit what it disturbs.",
    EXAMPLES,
)
show_problems(problems, tuple(store().notes))
if trains:
    watch_training(state.configs, state.choice.recipe, partial(draw_live, state))
elif ensemble.missing:
    offer_training(state.configs, state.choice.recipe, missing=ensemble.missing)
if shown and found:
    say_where_from(shown.config, shown.recipe)
    draw_model_line(shown)
    draw_metrics(shown, found)
draw_sections(ensemble, shown, found)
draw_notes()
