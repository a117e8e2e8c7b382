"""What the paper predicts of real networks, measured in the toy model."""

import streamlit as st

from pages.real.activations import top_versus_bottom
from pages.real.existence import existence
from pages.real.limits import draw_limits
from pages.real.mixed_layers import mixed_layers
from pages.real.models import MAIN, PLAIN_TITLE, sweeps
from pages.real.predictions import badge, draw_prediction
from pages.real.sparsity import sparsest_setting, sparsity_trend
from pages.real.state import REAL_PAGE
from pages.shared.messages import show_problems
from pages.shared.model_choice import formula
from pages.shared.resources import store
from pages.shared.widgets import threshold_inputs
from toymodel.analysis.predictions import CONFIRMED, Verdict
from toymodel.sweeps.paper import PAPER_CONFIG

state, problems = REAL_PAGE.open()
with st.sidebar:
    REAL_PAGE.show_refused()
    threshold_inputs(REAL_PAGE)
found = sweeps(state.thresholds)
predictions = (
    existence(found),
    mixed_layers(found),
    sparsity_trend(found),
    sparsest_setting(found),
    top_versus_bottom(found),
)
verdicts: list[Verdict | None] = [
    each.evidence.verdict if each.evidence else None for each in predictions
]

st.title(
    PLAIN_TITLE
    if None in verdicts
    else f"{verdicts.count(CONFIRMED)} of {len(verdicts)} predictions about real networks come "
    "true in the toy model"
)
st.markdown(
    "The paper asks how far superposition occurs in real networks, and names observations that "
    "agree with its toy model. This page measures each of these predictions in that model: "
    f"{formula(PAPER_CONFIG)}, {PAPER_CONFIG.n_features} features, {PAPER_CONFIG.n_neurons} "
    f"neurons, $I_i = {PAPER_CONFIG.importance_decay:g}^i$, trained by the `{MAIN}` recipe unless "
    "it says otherwise. No real network was measured."
)
show_problems(problems, tuple(store().notes))
st.markdown(
    "\n".join(
        f"{number}. {each.title}: {badge(verdict)}"
        for number, (each, verdict) in enumerate(zip(predictions, verdicts, strict=True), 1)
    )
)
for number, each in enumerate(predictions, 1):
    draw_prediction(number, each)
draw_limits(found)
