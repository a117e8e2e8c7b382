"""Controls of both explorers: the model, its restart, and the neuron or feature."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import streamlit as st

from pages.own.state import OwnState
from pages.shared.explorer_state import EXPLORER_PAGES, ExplorerState
from pages.shared.messages import note_linear
from pages.shared.metrics import choose_restart, figure
from pages.shared.model_choice import Choice, left_out
from pages.shared.models import Shown, brought, find_model
from pages.shared.navigation import OWN, TRAIN
from pages.shared.page_session import watched
from pages.shared.resources import store
from pages.shared.widgets import number_box
from pages.train.state import TrainState
from toymodel.analysis.loss import superposition_gain
from toymodel.analysis.polysemanticity import first_shown, neurons
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import RECIPES, Recipe, recipe_name
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.text import count, number

Settings = tuple[Config, Recipe]


def choose_model(state: ExplorerState, model: Model | None) -> None:
    """Draw the boxes for the model (the paper's sweep first) and for its restart."""
    EXPLORER_PAGES.show_refused()
    # A stored model has what its recipe chose, and so have the settings that are looked for there.
    shown: Settings = (state.choice.config, state.choice.resolved)
    papers = sweep(PAPER_CONFIG, PAPER_DENSITIES)
    first = [(config, RECIPES["standard"].resolve(config)) for config in papers]
    there = [*brought(), *store().contents()]
    options = [one for one in first if one in there]
    options += [one for one in there if one not in options]
    if shown not in options:
        options.insert(0, shown)
    st.selectbox(
        "Model",
        options,
        index=options.index(shown),
        format_func=model_name,
        **watched("explore.model", shown, _show_model),
        help="Every model that is stored here, the paper's sweep first. Others are trained on the "
        "pages *Sparsity sweep* and *Train your own*.",
    )
    if model and len(model.restarts) > 1:
        choose_restart(Shown.of(model, state.restart), range(len(model.restarts)), EXPLORER_PAGES)


def choose_one(
    what: str,
    chosen: int,
    order: Sequence[int],
    finders: Sequence[tuple[str, str, int | None]],
) -> None:
    """Draw the controls that choose a neuron or a feature.

    Args:
        what: "neuron" or "feature".
        chosen: the number of the one that is shown.
        order: all numbers, in the order of the buttons Previous and Next.
        finders: a button each: its label, what it finds, and the number that it finds (None if
            the model has none).
    """
    place = list(order).index(chosen)
    number_box(EXPLORER_PAGES, what, value=chosen, limits=(0, len(order) - 1))
    left, right = st.columns(2)
    for cell, label, at in ((left, "Previous", place - 1), (right, "Next", place + 1)):
        there = 0 <= at < len(order)
        cell.button(
            label,
            on_click=look_at(**{what: int(order[at])}) if there else None,
            disabled=not there,
            width="stretch",
            help="As they stand in the stack plot." if what == "neuron" else "By importance.",
            key=f"{what}-{label}",
        )
    for label, explanation, found in finders:
        st.button(
            label,
            on_click=None if found is None else look_at(**{what: found}),
            disabled=found is None,
            width="stretch",
            help=explanation if found is not None else f"{explanation} This model has none.",
        )


def look_at(**view: object) -> Callable[[], None]:
    """A button's callback that changes settings of the explorers' state."""

    def look() -> None:
        EXPLORER_PAGES.show(EXPLORER_PAGES.state.changed(**view))

    return look


def draw_model_line(shown: Shown) -> None:
    """Draw the model's settings, loss and gain, and a link to the whole model."""
    config = shown.config
    gain = superposition_gain(config, shown.loss)
    restart = f", restart {shown.restart}" if shown.recipe.restarts > 1 else ""
    importance = f"$I_i = {number(config.importance_decay)}^i$"
    if config.importance_decay == 1:
        importance = "all features equally important"
    task = "" if config.task == "abs" else f"{config.task} task, "
    hidden = "linear hidden layer, " if config.activation == "none" else ""
    hidden += "hidden biases, " if shown.weights.b_hidden.any() else ""
    came = f"seed {config.seed}{restart}, recipe {recipe_name(shown.recipe, config)}"
    if shown.recipe.weights:
        came = recipe_name(shown.recipe)
    left, right = st.columns([8, 2], vertical_alignment="center")
    left.markdown(
        f"**Model**: {task}{hidden}{count(config.n_features, 'feature')}, "
        f"{count(config.n_neurons, 'neuron')}, 1 − S = {number(config.feature_probability)}, "
        f"{importance}, {came}. Normalised loss {figure(shown.loss)}"
        + ("." if math.isnan(gain) else f", superposition gain {gain:.2f}.")
    )
    script, link = _whole(shown)
    right.page_link(script, label="The whole model", query_params=link)
    if words := left_out(config, shown.recipe):
        st.caption(words)
    note_linear(config)


def _whole(shown: Shown) -> tuple[str, dict[str, str]]:
    if shown.recipe.weights:
        return OWN.script, OwnState.of(shown.config).link
    whole = TrainState(choice=shown.choice)
    if shown.chosen is not None:
        whole = whole.changed(restart=shown.chosen)
    return TRAIN.script, whole.link


def model_name(settings: Settings, seeds: int = 1) -> str:
    """A model's settings in one line; seeds: of how many models with seeds from this one on."""
    config, recipe = settings
    seed = f", seed {config.seed}" if config.seed else ""
    many = ""
    if seeds > 1:
        many = f"{seeds} seeds: "
        seed = f", seeds {config.seed} to {config.seed + seeds - 1}"
    d = f", d = {number(config.importance_decay)}" if config.importance_decay != 0.8 else ""
    task = "" if config.task == "abs" else f"{config.task}: "
    hidden = ", hidden bias" if config.hidden_bias else ""
    hidden += ", linear hidden layer" if config.activation == "none" else ""
    return (
        f"{many}{task}1 − S = {number(config.feature_probability)}, {recipe_name(recipe, config)}: "
        f"n = {config.n_features:,}, m = {config.n_neurons:,}{d}{hidden}{seed}"
    )


def _show_model(chosen: Settings) -> None:
    config, recipe = chosen
    state = EXPLORER_PAGES.state.showing(Choice.of(config, recipe))
    model = find_model(config, recipe)
    # With a neuron from the start, so that one step back leaves the model.
    EXPLORER_PAGES.show(with_neuron(state, model) if model else state)


def with_neuron(state: ExplorerState, model: Model) -> ExplorerState:
    """The state with a neuron chosen; if none is, one with clear secondary features."""
    if state.neuron is not None:
        return state
    W1 = Shown.of(model, state.restart).weights.W1
    return state.changed(neuron=first_shown(W1, neurons(W1, state.thresholds)))
