"""The paper's main figure: stack plots from dense to sparse features."""

from functools import partial

import streamlit as st

from pages.shared.head import draw_head
from pages.shared.messages import note_linear, show_problems
from pages.shared.model_choice import formula, target, values
from pages.shared.navigation import SWEEP
from pages.shared.resources import store
from pages.shared.training.live import draw_standing
from pages.shared.training.panel import train_with_before
from pages.sweep.controls import controls
from pages.sweep.legend import claim
from pages.sweep.sections import EXAMPLES, draw_sections
from pages.sweep.state import SWEEP_PAGE
from pages.sweep.strips import draw_before, draw_live, draw_sweep, sweep_name

state, problems = SWEEP_PAGE.open()
config = state.config
with st.sidebar:
    controls(state)

models = {each: store().get(each, state.recipe) for each in state.configs}

draw_head(
    SWEEP,
    claim(state, models),
    f"{config.n_features:,} features, {config.n_neurons:,} neurons, {formula(config)} computes "
    f"{target(config)}; importance $I_i = {config.importance_decay:g}^i$. A feature is 0 with "
    f"probability $S$, else uniform on {values(config)}. Each strip is one trained model.",
    EXAMPLES,
)
show_problems(problems, tuple(store().notes))
note_linear(config)


def _draw() -> None:
    draw_sweep(models)
    draw_sections(models)


if missing := list(models.values()).count(None):
    train_with_before(
        SWEEP_PAGE,
        state.configs,
        state.recipe,
        draw_before=draw_before,
        name_before=sweep_name,
        what="sweep",
        draw=partial(draw_live, models),
        draw_there=_draw,
        missing=missing,
    )
else:
    draw_standing(SWEEP_PAGE, _draw)
