"""The feature explorer: the neurons that carry a feature, its output, and interference."""

from functools import partial

import streamlit as st

from pages.features.controls import choose_feature, with_feature
from pages.features.model import draw_before, draw_model
from pages.features.notes import EXAMPLES, draw_notes
from pages.shared.explorer.controls import choose_model, state_name
from pages.shared.explorer.state import EXPLORER_PAGES
from pages.shared.head import draw_head
from pages.shared.messages import show_problems
from pages.shared.models import Shown, find_model
from pages.shared.navigation import FEATURES
from pages.shared.resources import store
from pages.shared.training.live import draw_standing
from pages.shared.training.panel import train_with_before
from pages.shared.widgets import threshold_inputs
from toymodel.analysis.features import interference

state, problems = EXPLORER_PAGES.open()
model = find_model(state.choice.config, state.choice.recipe)
shown = Shown.of(model, state.restart) if model else None
found = interference(shown.config, shown.weights) if shown else None
if shown:
    state = with_feature(state, shown)
    EXPLORER_PAGES.settle(state)

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
    draw_standing(EXPLORER_PAGES, partial(draw_model, state, shown, found))
else:
    train_with_before(
        EXPLORER_PAGES,
        [state.choice.config],
        state.choice.recipe,
        draw_before=draw_before,
        name_before=state_name,
    )
draw_notes()
