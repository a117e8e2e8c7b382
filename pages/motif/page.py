"""The paper's motif: asymmetric superposition with inhibition."""

from functools import partial

import streamlit as st

from pages.motif.controls import (
    choose_member,
    choose_models,
    choose_thresholds,
    other_settings,
)
from pages.motif.ensemble import Ensemble, draw_live
from pages.motif.notes import EXAMPLES, draw_notes
from pages.motif.sections import decomposed, draw_before, draw_networks, tell_instance
from pages.motif.state import MOTIF_PAGE
from pages.shared.explorer.controls import model_name
from pages.shared.head import draw_head
from pages.shared.messages import show_problems
from pages.shared.navigation import MOTIFS
from pages.shared.resources import store
from pages.shared.training.live import draw_standing
from pages.shared.training.panel import progress_of, train_with_before

state, problems = MOTIF_PAGE.open()
# In this order: a training that ends in between is then among the models.
progress = progress_of(state.configs, state.choice.recipe)
ensemble = Ensemble.of(state)
trains = bool(ensemble.missing and progress and progress.active)
shown = None if trains else ensemble.shown(state)
found = decomposed(state, shown) if shown else None
if found:
    state, problems = tell_instance(state, found, problems)

with st.sidebar:
    choose_models(state)
    choose_member(state, ensemble.table)
    other_settings(state)
    choose_thresholds()

draw_head(
    MOTIFS,
    "Asymmetric superposition works through inhibition",
    "A neuron holds two features, the first with a large input weight and a small output weight, "
    "the second the other way round: so the first disturbs the second, and hardly the reverse. "
    "Other neurons inhibit what it disturbs.",
    EXAMPLES,
)
show_problems(problems, tuple(store().notes))
draw = partial(draw_networks, ensemble, shown, found)
if ensemble.missing:
    train_with_before(
        MOTIF_PAGE,
        state.configs,
        state.choice.recipe,
        draw_before=draw_before,
        name_before=lambda was: model_name((was.choice.config, was.choice.recipe), was.seeds),
        what="ensemble" if state.seeds > 1 else "model",
        draw=partial(draw_live, state),
        draw_there=draw,
        missing=ensemble.missing,
    )
else:
    draw_standing(MOTIF_PAGE, draw)
draw_notes()
