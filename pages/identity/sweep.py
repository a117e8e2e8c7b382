"""The sweep of networks that copy their features: stack plots and matrices."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from pages.identity.models import models_of
from pages.identity.state import IDENTITY_PAGE, IdentityState
from pages.shared.chart import draw, opens_neuron
from pages.shared.model_choice import Choice
from pages.shared.resources import colours
from pages.shared.weights_view import stack_legend
from pages.shared.widgets import segments
from toymodel.analysis.loss import no_superposition_loss, superposition_gain
from toymodel.charts.network.stack_plot import SELECTION, stack_plot, stacks
from toymodel.charts.network.weight_matrix import SELECTION as CELL
from toymodel.charts.network.weight_matrix import weight_matrix
from toymodel.model import Model
from toymodel.sweeps.shipped import IDENTITY, IDENTITY_BIAS
from toymodel.text import estimate, number


def draw_sweep(state: IdentityState) -> None:
    """Draw a row a density: its loss and gain, the stack plot, and the matrix."""
    st.header("From dense to sparse")
    segments(IDENTITY_PAGE, "hidden")
    family = IDENTITY_BIAS if state.hidden == "with" else IDENTITY
    models = models_of(family)
    if not models:
        st.info("These networks are not in the store: `python -m toymodel cache --ship`.")
        return
    first = family.configs[0]
    stack_legend(
        "weight |W|",
        "relative to the neuron's largest",
        "superposition",
        first.n_features,
        "In the matrix a row is a neuron, from the same order; red is positive, blue negative. "
        "**Click a neuron** to look at it. ",
    )
    drawn = {config: stacks(config, model.weights) for config, model in models.items()}
    top = math.ceil(1.05 * max(1, *(each.highest for each in drawn.values())))
    for config, model in models.items():
        name = f"{state.hidden}-{number(config.feature_probability).replace('.', '-')}"
        choice = Choice.of(config, model.recipe)
        words, stack, matrix = st.columns([3, 4, 4], vertical_alignment="center")
        with words:
            _draw_loss(model)
        with stack:
            chart = stack_plot(
                drawn[config],
                n_features=config.n_features,
                top=top,
                theme=colours(),
                height=130,
            )
            key = f"identity-stack-{name}"
            draw(
                chart,
                key,
                selection=SELECTION,
                on_select=opens_neuron(key, SELECTION, choice),
                alt=f"Stack plot at density {number(config.feature_probability)}",
            )
        with matrix:
            key = f"identity-matrix-{name}"
            draw(
                weight_matrix(model.weights, theme=colours(), height=150),
                key,
                selection=CELL,
                on_select=opens_neuron(key, CELL, choice),
                alt=f"Weights as a matrix at density {number(config.feature_probability)}",
            )


def _draw_loss(model: Model) -> None:
    config = model.config
    gain = superposition_gain(config, model.loss)
    lines = [
        f"**1 − S = {number(config.feature_probability)}**",
        f":gray[Loss {estimate(model.loss, model.loss_error)}, no-superposition baseline "
        f"{no_superposition_loss(config):.3g},] gain **{gain:.2f}**",
    ]
    if config.hidden_bias:
        each = ", ".join(f"{bias:+.2f}" for bias in np.sort(model.b_hidden)[::-1])
        lines.append(f"Hidden biases {each.replace('-', '−')}")
    st.markdown("\n\n".join(lines))
