"""The neuron explorer: what makes a neuron fire, and what it does."""

import streamlit as st

from pages.neurons.activity import draw_activity, draw_examples
from pages.neurons.controls import choose_neuron, settled
from pages.neurons.entered_input import draw_given
from pages.neurons.notes import draw_notes
from pages.neurons.response import draw_responses
from pages.neurons.view import draw_metrics, draw_stack, draw_weights
from pages.shared.explorer_controls import choose_model, draw_model_line
from pages.shared.explorer_state import EXPLORER_PAGES
from pages.shared.messages import show_problems
from pages.shared.models import Shown, find_model, say_where_from
from pages.shared.resources import store
from pages.shared.training_panel import train_missing
from pages.shared.widgets import threshold_inputs

state, problems = EXPLORER_PAGES.open()
model = find_model(state.choice.config, state.choice.recipe)
if model:
    state = settled(state, model)

with st.sidebar:
    choose_model(state, model)
    if model:
        choose_neuron(state, model)
    threshold_inputs(EXPLORER_PAGES)

st.title(
    "A polysemantic neuron's largest activations come from one feature, its small ones from many"
)
st.markdown(
    r"Neuron $j$ answers $h_j = \mathrm{ReLU}(\sum_i W_1[j,i]\,x_i)$. The feature with the largest "
    r"$|W_1[j,i]|$ is its *primary* one; the others that matter are *secondary*."
)
show_problems(problems, tuple(store().notes))
if model is None:
    train_missing(state.choice.config, state.choice.recipe)
else:
    shown = Shown.of(model, state.restart)
    say_where_from(shown.config, shown.recipe)
    draw_model_line(shown)
    draw_stack(state, shown)
    if shown.config.activation == "relu":
        draw_metrics(state, shown)
        draw_weights(state, shown)
        draw_activity(state, shown)
        draw_examples(state, shown)
        draw_responses(state, shown)
        draw_given(state, shown)
draw_notes()
