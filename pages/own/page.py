"""A visitor's own weights, shown like the models that were trained here."""

import streamlit as st

from pages.own.controls import controls, draw_assignment
from pages.own.file import draw_sample, draw_upload, model_of, own_file, settled
from pages.own.state import OWN_PAGE
from pages.own.view import draw_model, explain_file, say_assumptions
from pages.shared.head import draw_head
from pages.shared.messages import plain, show_problems
from pages.shared.model_choice import target
from pages.shared.navigation import OWN
from toymodel.storage.weight_file import UnusableWeights

state, problems = OWN_PAGE.open()
with st.sidebar:
    controls(state)

draw_head(
    OWN,
    "Your own weights, taken apart like trained ones",
    r"Upload a network $y = \mathrm{ReLU}(W_2\,\mathrm{ReLU}(W_1 x + c) + b)$ to see what its "
    f"neurons hold. Its loss is that of computing {target(state.config)}, on features as the "
    "sidebar has them.",
)
show_problems(problems)
draw_upload()
draw_sample()
file = own_file()
if file:
    state = settled(state, file)
    draw_assignment(state, file)
    try:
        model = model_of(file, state)
    except UnusableWeights as error:
        st.error(plain(f"{error}."))
    else:
        say_assumptions(state, file)
        draw_model(state, model)
explain_file(folded=file is not None)
