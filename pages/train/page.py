"""Train one model: choose it, watch it learn, see why it went well or badly, download it."""

from functools import partial

import streamlit as st

from pages.shared.messages import show_problems
from pages.shared.metrics import choose_restart, draw_metrics
from pages.shared.model_choice import formula, target
from pages.shared.models import Shown, find_model, say_where_from
from pages.shared.resources import store
from pages.shared.training_panel import (
    link_own_weights,
    offer_training,
    progress_of,
    say_what_happened,
    watch_training,
)
from pages.shared.weights_view import link_explorers
from pages.train.charts import draw_charts
from pages.train.comparison import draw_comparison
from pages.train.controls import controls
from pages.train.diagnosis import draw_diagnosis, draw_divergence
from pages.train.downloads import draw_downloads
from pages.train.history import draw_tried, note_tried
from pages.train.live import draw_live, offer_more, train
from pages.train.notes import draw_notes
from pages.train.state import TRAIN_PAGE
from pages.train.upload import draw_upload
from toymodel.text import count, number

state, problems = TRAIN_PAGE.open()
with st.sidebar:
    controls(state)
choice, config, recipe = state.choice, state.config, state.recipe

# In this order: a training that ends in between is then found.
progress = progress_of([config], recipe)
model = find_model(config, recipe)

st.title(f"A small network learns to compute {config.definition.symbol}")
st.markdown(
    f"{count(config.n_features, 'feature')}, {count(config.n_neurons, 'neuron')}: "
    f"{formula(config)} should be {target(config)} for every feature, "
    f"which is there with probability $1 - S$ = {number(config.feature_probability)} and matters "
    f"by $I_i = d^i$, d = {number(config.importance_decay)}. Set a model in the sidebar, train it, "
    "and watch."
)
show_problems(problems, tuple(store().notes))
if state.other:
    draw_comparison(state, state.other)
elif recipe.weights and model:
    st.info("These are weights that you uploaded. This page trains models.")
    link_own_weights(config)
elif model:
    note_tried(choice)
    say_what_happened()
    brought = say_where_from(config, recipe)
    shown = Shown.of(model, state.restart)
    draw_metrics(shown, state.thresholds)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choose_restart(shown, range(len(model.restarts)))
        if not brought:
            offer_more(choice)
        link_explorers(state, shown)
    draw_charts(state, [shown])
    if config.activation == "relu":  # its baseline is that of neurons with a ReLU
        draw_diagnosis(model, shown)
    draw_downloads(state, model, shown, brought=brought)
elif progress and progress.active:
    watch_training([config], recipe, draw_live)
else:
    if progress:
        note_tried(choice)
    on_failure = partial(draw_divergence, choice)
    offer_training([config], recipe, on_train=train, on_failure=on_failure)
    if progress and progress.state == "paused":
        draw_live(progress)
draw_tried(state.thresholds)
draw_upload()
draw_notes()
