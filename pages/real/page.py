"""What the paper expects of real networks, as far as the toy model can say."""

import streamlit as st

from pages.real.limits import draw_limits
from pages.real.models import MAIN, sweeps
from pages.real.neurons import exist, reading, side_by_side
from pages.real.predictions import badge, draw_prediction
from pages.real.sparsity import all_when_sparsest, more_when_sparser
from pages.real.state import REAL_PAGE
from pages.real.words import title
from pages.shared.messages import show_problems
from pages.shared.resources import store
from pages.shared.task_words import formula
from pages.shared.widgets import threshold_inputs
from toymodel.analysis.predictions import Verdict
from toymodel.sweeps.paper import PAPER_CONFIG

state, problems = REAL_PAGE.open()
with st.sidebar:
    REAL_PAGE.show_refused()
    threshold_inputs(REAL_PAGE)
found = sweeps(state.thresholds)
predictions = (
    exist(found),
    side_by_side(found),
    more_when_sparser(found),
    all_when_sparsest(found),
    reading(found),
)
verdicts: list[Verdict | None] = [
    each.evidence.verdict if each.evidence else None for each in predictions
]

st.title(title(verdicts))
st.markdown(
    "The paper asks how far superposition is found in real networks, and names what agrees with "
    "its toy model. Here every such prediction is measured in that model: "
    f"{formula(PAPER_CONFIG)}, {PAPER_CONFIG.n_features} features, {PAPER_CONFIG.n_neurons} "
    f"neurons, $I_i = {PAPER_CONFIG.importance_decay:g}^i$, the `{MAIN}` recipe unless it says "
    "otherwise. No real network was measured."
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
