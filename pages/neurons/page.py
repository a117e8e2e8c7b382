"""The neuron explorer: what makes a neuron fire, and what it does."""

import streamlit as st

from pages.neurons.activity import draw_activity, draw_examples
from pages.neurons.all_neurons import draw_all
from pages.neurons.beside import draw_beside
from pages.neurons.controls import choose_neuron, settled
from pages.neurons.entered_input import draw_given
from pages.neurons.notes import EXAMPLES, draw_notes
from pages.neurons.response import draw_responses
from pages.neurons.view import draw_metrics, draw_name, draw_stack, draw_weights
from pages.shared.explorer.controls import choose_model, draw_model_line
from pages.shared.explorer.state import EXPLORER_PAGES
from pages.shared.head import draw_head
from pages.shared.messages import show_problems
from pages.shared.models import Shown, find_model, say_where_from
from pages.shared.navigation import NEURONS
from pages.shared.resources import store
from pages.shared.sections import tabs
from pages.shared.training.panel import train_missing
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

draw_head(
    NEURONS,
    "Large activations come from one feature, small from many",
    r"$h_j = \mathrm{ReLU}(\sum_i W_1[j,i]\,x_i)$. *Primary*: the feature with the largest "
    r"$|W_1[j,i]|$; *secondary*: others that matter.",
    EXAMPLES,
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
        draw_name(state, shown)
        draw_metrics(state, shown)

        def _fires() -> None:
            draw_activity(EXPLORER_PAGES.state, shown)
            draw_examples(EXPLORER_PAGES.state, shown)

        draws = {
            "fires": ("Fires on", _fires),
            "answers": ("Answers", lambda: draw_responses(EXPLORER_PAGES.state, shown)),
            "weights": ("Weights", lambda: draw_weights(EXPLORER_PAGES.state, shown)),
            "input": ("Enter an input", lambda: draw_given(EXPLORER_PAGES.state, shown)),
            "all": ("All neurons", lambda: draw_all(EXPLORER_PAGES.state, shown)),
            "beside": ("Beside another", lambda: draw_beside(EXPLORER_PAGES.state, shown)),
        }
        own = frozenset({"above", "counts", "second", "output", "given", "beside"})
        tabs(EXPLORER_PAGES, "tab", draws, own=own)
draw_notes()
