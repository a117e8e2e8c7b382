"""One feature: which neurons carry it, what comes out, and what features do to each other."""

import streamlit as st

from pages.shared.catalogue import begin
from pages.shared.explore_controls import choose_model, choose_thresholds, draw_model_line
from pages.shared.explore_state import EXPLORE_STATE
from pages.shared.feature_controls import choose_feature, settled
from pages.shared.feature_interference import draw_interference, draw_map
from pages.shared.feature_notes import draw_notes
from pages.shared.feature_view import draw_carriers, draw_figures_that_matter
from pages.shared.found import find_model, say_where_from
from pages.shared.missing import offer_missing
from pages.shared.problems import show_problems
from pages.shared.resources import store
from pages.shared.shown import Shown
from pages.shared.train_live import say_what_happened
from toymodel.features import interference

begin()
state, problems = EXPLORE_STATE.current()
model = find_model(state.choice.config, state.choice.recipe)
shown = Shown.of(model, state.view.restart) if model else None
found = interference(shown.config, shown.weights) if shown else None
if shown and found:
    state = settled(state, shown)

with st.sidebar:
    choose_model(state, model)
    if shown and found:
        choose_feature(state, shown, found)
    choose_thresholds(state)

st.title("Features correspond to sets of neurons")
st.markdown(
    r"Through neuron $j$ feature $i$ reaches its own output with the *path gain* "
    r"$|W_1[j,i]|\,W_2[i,j]$, on the side of $x_i$ that drives the neuron. On either side the "
    r"gains should add up to 1, and no other feature should reach this output."
)
show_problems(problems, tuple(store().notes))
say_what_happened()
if shown and found:
    say_where_from(shown.config, shown.recipe)
    draw_model_line(shown)
    draw_figures_that_matter(state, shown, found)
    draw_carriers(state, shown)
    draw_interference(state, shown, found)
    draw_map(state, shown, found)
else:
    offer_missing(state.choice, "explored")
draw_notes()
