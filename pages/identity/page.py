"""Networks that copy their features, and why networks that compute |x| are studied instead."""

import streamlit as st

from pages.identity.limits import draw_limits
from pages.identity.notes import draw_notes
from pages.identity.state import IDENTITY_PAGE
from pages.identity.sweep import draw_sweep
from pages.shared.messages import show_problems
from pages.shared.resources import store
from toymodel.sweeps.shipped import IDENTITY

state, problems = IDENTITY_PAGE.open()
config = IDENTITY.configs[0]

st.title("Given the chance, a network that copies its features does without its ReLU")
st.markdown(
    "The paper studies this task before the absolute value: "
    f"{config.n_features} features, {config.n_neurons} neurons, "
    r"$y = \mathrm{ReLU}(W^\top\mathrm{ReLU}(W x) + b)$ should be $x$ itself, "
    f"$I_i = {config.importance_decay:g}^i$. A feature is 0 with probability $S$, otherwise "
    "uniform on [0, 1]. The weights are tied: each neuron reads and writes the same features."
)
show_problems(problems, tuple(store().notes))
draw_sweep(state)
draw_limits()
draw_notes()
