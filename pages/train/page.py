"""Train one model: choose it, watch it learn, see why it went well or badly, download it."""

from functools import partial

import streamlit as st

from pages.shared.explorer.controls import model_name
from pages.shared.head import draw_head
from pages.shared.messages import show_problems
from pages.shared.model_choice import formula, target
from pages.shared.models import find_model, say_where_from
from pages.shared.navigation import TRAIN
from pages.shared.resources import store, warm_worker
from pages.shared.sections import expander
from pages.shared.training.live import keep_standing
from pages.shared.training.panel import (
    link_own_weights,
    progress_of,
    train_with_before,
    training_place,
)
from pages.train.comparison import draw_comparison
from pages.train.controls import controls
from pages.train.diagnosis import draw_divergence
from pages.train.examples import links
from pages.train.history import draw_tried, keep_tried, note_tried, tried_label
from pages.train.live import draw_live
from pages.train.model import draw_actions, draw_model
from pages.train.notes import draw_what_to_notice
from pages.train.scroll import scroll_up
from pages.train.start import train
from pages.train.state import TRAIN_PAGE
from pages.train.upload import draw_upload
from toymodel.text import count, number

state, problems = TRAIN_PAGE.open()
choice, config, recipe = state.choice, state.config, state.recipe
warm_worker()
with st.sidebar:
    controls(state)

# In this order: a training that ends in between is then found.
progress = progress_of([config], recipe)
model = find_model(config, recipe)

draw_head(
    TRAIN,
    f"A small network learns to compute {config.definition.symbol}",
    f"{count(config.n_features, 'feature')}, {count(config.n_neurons, 'neuron')}: "
    f"{formula(config)} should be {target(config)} for every feature, "
    f"which is there with probability $1 - S$ = {number(config.feature_probability)} and matters "
    f"by $I_i = d^i$, d = {number(config.importance_decay)}.",
    links(),
)
show_problems(problems, tuple(store().notes))
if state.other:
    draw_comparison(state, state.other)
elif recipe.weights and model:
    st.info("These are weights that you uploaded. This page trains models.")
    link_own_weights(config)
elif model:
    note_tried(choice)
    brought = say_where_from(config, recipe)
    with training_place():
        draw_actions(state, model, brought=brought)
    keep_standing(TRAIN_PAGE)
    draw_model()
else:
    if progress:
        note_tried(choice)
    train_with_before(
        TRAIN_PAGE,
        [config],
        recipe,
        draw_before=draw_model,
        name_before=lambda before: model_name((before.config, before.recipe)),
        draw=draw_live,
        on_train=train,
        on_failure=partial(draw_divergence, choice),
    )
keep_tried()
expander(TRAIN_PAGE, "open", "tried", tried_label(), draw_tried)
expander(TRAIN_PAGE, "open", "file", "Open a model's file", draw_upload)
draw_what_to_notice()
scroll_up()
