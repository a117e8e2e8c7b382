"""The sweep of networks that copy their features: stack plots, and the weights as matrices."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import streamlit as st

from pages.identity.models import models_of
from pages.identity.state import IDENTITY_PAGE, IdentityState
from pages.shared.chart import clicked, draw, opens_neuron
from pages.shared.model_choice import Choice
from pages.shared.resources import colours
from pages.shared.strips import Heading, class_meanings, draw_strips, superposition_meaning
from pages.shared.widgets import segments
from toymodel.analysis.loss import no_superposition_loss, superposition_gain
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.charts.network.stack_plot import stacks
from toymodel.charts.network.weight_matrix import SELECTION as CELL
from toymodel.charts.network.weight_matrix import weight_matrix
from toymodel.charts.sweep.strips import SELECTION, Strip, stack_strips
from toymodel.config import Config
from toymodel.model import Model
from toymodel.sweeps.shipped import IDENTITY, IDENTITY_BIAS
from toymodel.text import estimate, number

_HEADROOM = 1.35  # for the names of the classes
_NOT_HERE = "These networks are not in the store: `python -m toymodel cache --ship`."


def draw_sweep(state: IdentityState) -> None:
    """Draw a strip a density, and beside them what they mean."""
    models = _models(state)
    if not models:
        st.info(_NOT_HERE)
        return
    left, right = st.columns([7, 3], gap="medium")
    with left:
        draw_strips(
            partial(_draw_chart, state, models), [_heading(model) for model in models.values()]
        )
    with right:
        segments(IDENTITY_PAGE, "hidden")
        st.markdown(
            "**Click a neuron** to look at it alone. A column is a neuron, a block is one weight "
            "|W|, relative to the neuron's largest."
        )
        superposition_meaning()
        class_meanings(Thresholds())


def draw_matrices(state: IdentityState) -> None:
    """Draw the weights of each network as a matrix, with its loss."""
    models = list(_models(state).values())
    for row in range(0, len(models), 2):
        for cell, model in zip(st.columns(2, gap="medium"), models[row : row + 2], strict=False):
            with cell:
                _draw_matrix(state, model)


def _draw_matrix(state: IdentityState, model: Model) -> None:
    config = model.config
    p = number(config.feature_probability)
    st.markdown(
        f"**1 − S = {p}**&ensp;loss {estimate(model.loss, model.loss_error)}, without "
        f"superposition {no_superposition_loss(config):.3g}"
    )
    key = f"identity-matrix-{state.hidden}-{p.replace('.', '-')}"
    draw(
        weight_matrix(model.weights, theme=colours(), height=170),
        key,
        selection=CELL,
        on_select=opens_neuron(key, CELL, Choice.of(config, model.recipe)),
        alt=f"Weights as a matrix at density {p}",
    )
    if config.hidden_bias:
        each = ", ".join(f"{bias:+.2f}" for bias in np.sort(model.b_hidden)[::-1])
        st.caption(f"Hidden biases {each.replace('-', '−')}")


def _models(state: IdentityState) -> dict[Config, Model]:
    return models_of(IDENTITY_BIAS if state.hidden == "with" else IDENTITY)


def _heading(model: Model) -> Heading:
    p = number(model.config.feature_probability)
    gain = superposition_gain(model.config, model.loss)
    return Heading(f"identity-{p.replace('.', '-')}", f"**1 − S = {p}**&ensp;gain **{gain:.2f}**")


def _draw_chart(state: IdentityState, models: Mapping[Config, Model]) -> None:
    plots = [stacks(config, model.weights) for config, model in models.items()]
    chart = stack_strips(
        [Strip(plot) for plot in plots],
        n_features=IDENTITY.configs[0].n_features,
        top=_HEADROOM * max(plot.highest for plot in plots),
        theme=colours(),
    )
    key = f"identity-strips-{state.hidden}"

    def open_clicked() -> None:
        strip = clicked(key, SELECTION, "strip")
        if strip is not None:
            config, model = list(models.items())[strip]
            opens_neuron(key, SELECTION, Choice.of(config, model.recipe))()

    draw(
        chart,
        key,
        selection=SELECTION,
        on_select=open_clicked,
        alt=f"Neuron weight stack plots by density, {state.hidden} hidden bias",
    )
