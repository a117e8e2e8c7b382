"""The paper's main figure: stack plots from dense to sparse features."""

from functools import partial

import streamlit as st

from pages.shared.messages import note_linear, show_problems
from pages.shared.model_choice import formula, target, values
from pages.shared.resources import store
from pages.shared.training_panel import offer_training, progress_of, watch_training
from pages.sweep.basis import draw_basis
from pages.sweep.controls import controls
from pages.sweep.panels import draw_live, draw_panels
from pages.sweep.state import SWEEP_PAGE
from pages.sweep.summary import draw_left_out, draw_legend, draw_metrics, draw_notes, draw_summary

state, problems = SWEEP_PAGE.open()
config = state.config
with st.sidebar:
    controls(state)

# In this order: a training that ends in between is then among the models.
progress = progress_of(state.configs, state.recipe)
models = {each: store().get(each, state.recipe) for each in state.configs}

st.title("Neurons turn polysemantic as features get sparser")
st.markdown(
    f"A network with {config.n_features:,} inputs and {config.n_neurons:,} hidden neurons "
    f"computes {target(config)} for every feature: {formula(config)}, "
    f"importance $I_i = {config.importance_decay:g}^i$. A feature is 0 with probability $S$, "
    f"else uniform on {values(config)}. Every panel is one trained model."
)
show_problems(problems, tuple(store().notes))
note_linear(config)
draw_metrics(state, models)
draw_left_out(state)
draw_legend(state)
if None in models.values() and progress and progress.active:
    watch_training(state.configs, state.recipe, partial(draw_live, state, models))
else:
    if missing := list(models.values()).count(None):
        offer_training(state.configs, state.recipe, missing=missing)
    draw_panels(state, models)
    draw_summary(state, models)
    draw_basis(state, models)
    draw_notes()
