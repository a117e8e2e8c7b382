"""The neuron explorer: what makes a neuron fire, and what it does."""

import streamlit as st

from pages.neurons.controls import choose_neuron
from pages.neurons.model import draw_model
from pages.neurons.notes import EXAMPLES, draw_notes
from pages.shared.explorer.controls import choose_model, state_name, with_neuron
from pages.shared.explorer.state import EXPLORER_PAGES
from pages.shared.head import draw_head
from pages.shared.messages import show_problems
from pages.shared.models import find_model
from pages.shared.navigation import NEURONS
from pages.shared.resources import store
from pages.shared.training.live import draw_standing
from pages.shared.training.panel import train_with_before
from pages.shared.widgets import threshold_inputs

state, problems = EXPLORER_PAGES.open()
model = find_model(state.choice.config, state.choice.recipe)
if model:
    state = with_neuron(state, model)
    EXPLORER_PAGES.settle(state)

with st.sidebar:
    choose_model(state, model)
    if model:
        choose_neuron(state, model)
    threshold_inputs(EXPLORER_PAGES)

draw_head(
    NEURONS,
    "Large activations come from one feature, small from many",
    r"$h_j = \mathrm{ReLU}(\sum_i W_1[j,i]\,x_i)$. *Primary*: the feature with the largest "
    r"$|W_1[j,i]|$; *secondary*: others that matter.",
    EXAMPLES,
)
show_problems(problems, tuple(store().notes))
if model:
    draw_standing(EXPLORER_PAGES, draw_model)
else:
    train_with_before(
        EXPLORER_PAGES,
        [state.choice.config],
        state.choice.recipe,
        draw_before=draw_model,
        name_before=state_name,
    )
draw_notes()
