"""The feature explorer: the neurons that carry a feature, its output, and interference."""

import streamlit as st

from pages.features.controls import choose_feature, settled
from pages.features.interference import draw_interference, draw_map
from pages.features.notes import EXAMPLES, draw_notes
from pages.features.view import draw_carriers, draw_metrics, draw_numbers
from pages.shared.explorer.controls import choose_model, draw_model_line
from pages.shared.explorer.state import EXPLORER_PAGES
from pages.shared.head import draw_head
from pages.shared.messages import show_problems
from pages.shared.models import Shown, find_model, say_where_from
from pages.shared.navigation import FEATURES
from pages.shared.resources import store
from pages.shared.sections import tabs
from pages.shared.training.panel import train_missing
from pages.shared.widgets import threshold_inputs
from toymodel.analysis.features import interference

state, problems = EXPLORER_PAGES.open()
model = find_model(state.choice.config, state.choice.recipe)
shown = Shown.of(model, state.restart) if model else None
found = interference(shown.config, shown.weights) if shown else None
if shown and found:
    state = settled(state, shown)

with st.sidebar:
    choose_model(state, model)
    if shown and found:
        choose_feature(state, shown, found)
    threshold_inputs(EXPLORER_PAGES)

draw_head(
    FEATURES,
    "Features correspond to sets of neurons",
    r"Through neuron $j$ feature $i$ reaches its own output with the *path gain* "
    r"$|W_1[j,i]|\,W_2[i,j]$, on the side of $x_i$ that drives the neuron. On either side the "
    r"gains should add up to 1, and no other feature should reach this output.",
    EXAMPLES,
)
show_problems(problems, tuple(store().notes))
if shown and found:
    say_where_from(shown.config, shown.recipe)
    draw_model_line(shown)
    draw_metrics(state, shown, found)
    draw_carriers(state, shown)
    explored, effects = shown, found
    draws = {
        "interference": (
            "Interference",
            lambda: draw_interference(EXPLORER_PAGES.state, explored, effects),
        ),
        "map": (
            "Every feature on every output",
            lambda: draw_map(EXPLORER_PAGES.state, explored, effects),
        ),
        "numbers": (
            "Its neurons in numbers",
            lambda: draw_numbers(EXPLORER_PAGES.state, explored),
        ),
    }
    tabs(EXPLORER_PAGES, "section", draws, own=frozenset({"weighted"}))
else:
    train_missing(state.choice.config, state.choice.recipe)
draw_notes()
