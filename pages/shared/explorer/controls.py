"""Controls of both explorers: the model, its restart, and the neuron or feature."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Literal

import streamlit as st

from pages.own.state import OwnState
from pages.shared.chart import open_page
from pages.shared.explorer.state import EXPLORER_PAGES, ExplorerState
from pages.shared.messages import note_linear, plain
from pages.shared.metrics import choose_restart, figure
from pages.shared.model_choice import Choice, left_out
from pages.shared.models import Shown, brought, find_model
from pages.shared.navigation import OWN, TRAIN
from pages.shared.page_session import current_page, watched
from pages.shared.resources import store
from pages.train.state import TrainState
from toymodel.analysis.loss import superposition_gain
from toymodel.analysis.polysemanticity import first_shown, neurons
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import RECIPES, Recipe, recipe_name
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.text import count, number

Settings = tuple[Config, Recipe]

_SAID = "explore.go.said"
_SHOWN = 30


def choose_model(state: ExplorerState, model: Model | None) -> None:
    """Draw the boxes for the model (the paper's sweep first) and for its restart."""
    EXPLORER_PAGES.show_refused()
    # A stored model has what its recipe chose, and so have the settings that are looked for there.
    shown: Settings = (state.choice.config, state.choice.resolved)
    options = [*_stored(frozenset(store().keys()))]
    options += [one for one in brought() if one not in options]
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


@lru_cache(maxsize=8)
def _stored(keys: frozenset[str]) -> list[Settings]:
    # Reading the settings of hundreds of files takes longer than the rest of the page.
    papers = sweep(PAPER_CONFIG, PAPER_DENSITIES)
    first = [(config, RECIPES["standard"].resolve(config)) for config in papers]
    there = dict.fromkeys(store().contents())
    return list(dict.fromkeys([*(one for one in first if one in there), *there]))


def draw_jump(state: ExplorerState, alone: Literal["n", "f"]) -> None:
    """Draw the box that leads to a neuron or a feature by its name.

    Args:
        state: of the page.
        alone: what a number without a letter means.
    """
    what = {"n": "neuron", "f": "feature"}[alone]
    st.text_input(
        "Go to",
        placeholder="n16 or f9",
        help=f"n16 opens neuron 16 and f9 opens feature 9; a number alone is a {what}.",
        **watched("explore.go", "", lambda text: _jump(text, alone)),
        value="",
    )
    if said := st.session_state.pop(_SAID, None):
        st.error(said)


def _jump(text: str, alone: str) -> None:
    state = EXPLORER_PAGES.state
    config = state.choice.config
    name = text.strip().lower()
    found = re.fullmatch(r"([nf]?)([0-9]{1,9})", name)
    if not name:
        return
    if not found:
        st.session_state[_SAID] = f"{plain(text[:_SHOWN])}: type a name such as n16 or f9."
        return
    number, letter = int(found[2]), found[1] or alone
    path, what, last = {
        "n": ("neurons", "neuron", config.n_neurons - 1),
        "f": ("features", "feature", config.n_features - 1),
    }[letter]
    if number > last:
        st.session_state[_SAID] = (
            f"There is no {letter}{number}: {what}s go from {letter}0 to {letter}{last}."
        )
        return
    asked = state.changed(**{what: number})
    if current_page() == path:
        EXPLORER_PAGES.show(asked)
    else:
        open_page(path, asked)


def draw_steps(what: str, chosen: int, orders: Mapping[str, tuple[Sequence[int], str]]) -> None:
    """Draw buttons to the previous and the next neuron or feature.

    Args:
        what: "neuron" or "feature".
        chosen: the number of the one that is shown.
        orders: by what the order is called, all numbers in that order, and its explanation.
    """
    for name, (order, explanation) in orders.items():
        place = list(order).index(chosen)
        for step, at in (("Next", place + 1), ("Previous", place - 1)):
            there = 0 <= at < len(order)
            st.button(
                f"{step} {name}",
                on_click=look_at(**{what: int(order[at])}) if there else None,
                disabled=not there,
                width="stretch",
                help=explanation,
            )


def draw_finders(what: str, finders: Sequence[tuple[str, str, int | None]]) -> None:
    """Draw a button to each instructive neuron or feature.

    Args:
        what: "neuron" or "feature".
        finders: a button each: its label, what it finds, and the number that it finds (None if
            the model has none).
    """
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
    """Draw the model's settings, loss and gain in a line, and a link to the whole model."""
    config = shown.config
    gain = superposition_gain(config, shown.loss)
    restart = f", restart {shown.restart}" if shown.recipe.restarts > 1 else ""
    task = "" if config.task == "abs" else f"{config.task} task, "
    hidden = "linear hidden layer, " if config.activation == "none" else ""
    hidden += "hidden biases, " if shown.weights.b_hidden.any() else ""
    came = f"seed {config.seed}{restart}, {recipe_name(shown.recipe, config)}"
    if shown.recipe.weights:
        came = recipe_name(shown.recipe)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**Model**: {task}{hidden}{count(config.n_features, 'feature')}, "
            f"{count(config.n_neurons, 'neuron')}, 1 − S = {number(config.feature_probability)}, "
            f"d = {number(config.importance_decay)}, {came}. Normalised loss {figure(shown.loss)}"
            + ("." if math.isnan(gain) else f", gain {gain:.2f}."),
            help=left_out(config, shown.recipe) or None,
            width="content",
        )
        script, link = _whole(shown)
        st.page_link(script, label="The whole model", query_params=link)
    note_linear(config)


def _whole(shown: Shown) -> tuple[str, dict[str, str]]:
    if shown.recipe.weights:
        return OWN.script, OwnState.of(shown.config).link
    whole = TrainState(choice=shown.choice)
    if shown.chosen is not None:
        whole = whole.changed(restart=shown.chosen)
    return TRAIN.script, whole.link


@lru_cache(maxsize=2_000)
def model_name(settings: Settings, seeds: int = 1, densities: tuple[float, ...] = ()) -> str:
    """A model's settings in one line.

    Args:
        settings: the model's.
        seeds: of how many models with seeds from this one on.
        densities: of models at these densities; its own unless given.
    """
    config, recipe = settings
    p = ", ".join(map(number, densities or (config.feature_probability,)))
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
        f"{many}{task}1 − S = {p}, {recipe_name(recipe, config)}: "
        f"n = {config.n_features:,}, m = {config.n_neurons:,}{d}{hidden}{seed}"
    )


def state_name(state: ExplorerState) -> str:
    """The settings of a state's model in one line."""
    return model_name((state.choice.config, state.choice.recipe))


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
