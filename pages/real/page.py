"""What the paper predicts of real networks, measured in the toy model."""

from functools import partial

import streamlit as st

from pages.real.activations import top_versus_bottom
from pages.real.existence import existence
from pages.real.limits import draw_limits
from pages.real.mixed_layers import mixed_layers
from pages.real.models import MAIN, PLAIN_TITLE, sweeps
from pages.real.predictions import draw_prediction, draw_verdicts
from pages.real.sparsity import sparsest_setting, sparsity_trend
from pages.real.state import REAL_PAGE
from pages.shared.head import draw_head
from pages.shared.messages import show_problems
from pages.shared.model_choice import formula
from pages.shared.navigation import REAL
from pages.shared.resources import store
from pages.shared.sections import expander
from pages.shared.widgets import threshold_inputs
from toymodel.analysis.predictions import CONFIRMED
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
verdicts = [each.verdict for each in predictions]

draw_head(
    REAL,
    PLAIN_TITLE
    if None in verdicts
    else f"{verdicts.count(CONFIRMED)} of {len(verdicts)} predictions about real networks come "
    "true in the toy model",
    "The paper names what should be seen in real networks if they compute in superposition; this "
    f"page measures it in the toy model ({formula(PAPER_CONFIG)}, {PAPER_CONFIG.n_features} "
    f"features, {PAPER_CONFIG.n_neurons} neurons, $I_i = {PAPER_CONFIG.importance_decay:g}^i$, "
    f"recipe `{MAIN}`). No real network was measured.",
)
show_problems(problems, tuple(store().notes))
draw_verdicts(predictions)
for number, each in enumerate(predictions, 1):
    expander(
        REAL_PAGE, "open", each.name, f"{number}. {each.title}", partial(draw_prediction, each)
    )
expander(REAL_PAGE, "open", "limits", "What does not follow", partial(draw_limits, found))
