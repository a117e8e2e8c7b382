"""The prediction that monosemantic and polysemantic neurons stand in one layer."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import streamlit as st

from pages.real import numbers
from pages.real.models import MAIN, Sweeps, choice_of
from pages.real.predictions import Evidence, Link, Prediction
from pages.shared.chart import draw, opens_neuron
from pages.shared.explorer.state import DEFAULT
from pages.shared.navigation import SWEEP
from pages.shared.resources import colours
from pages.sweep.state import SweepState
from toymodel.analysis.polysemanticity import CLASSES, neurons, paper_order
from toymodel.analysis.predictions import MixedLayers, Mixture
from toymodel.charts.network.stack_plot import SELECTION, stack_plot, stacks
from toymodel.text import number


def mixed_layers(found: Sweeps) -> Prediction:
    """Monosemantic and polysemantic neurons stand in one layer."""
    measured = found.mixed
    return Prediction(
        name="together",
        title="Monosemantic and polysemantic neurons stand in one layer",
        paper="Real layers often have both cleanly interpretable neurons and polysemantic ones. "
        "The toy model has both at intermediate sparsity, where the neurons of the most important "
        "features tend to be the monosemantic ones.",
        rule=MixedLayers.rule,
        verdict=measured.verdict if measured else None,
        evidence=partial(_evidence, found, measured) if measured else None,
        against_real="all neurons of a layer hold about equally many features, or the network's "
        "loss depends less on the features of clean neurons than on those of polysemantic ones.",
        against_toy="every network has neurons of one kind only, or the clean neurons hold the "
        "least important features.",
        open="That a clean neuron of a real network holds an important feature. Here importance is "
        "given, and each feature has four fifths of the importance of the one before; in a real "
        "network importance has to be measured. The classes depend on thresholds, which the "
        "sidebar can move.",
        links=partial(_polysemantic_neuron, found, measured.shown if measured else None),
    )


def _evidence(found: Sweeps, measured: MixedLayers) -> Evidence:
    return Evidence(
        (numbers.of_mixtures(measured, len(found.models[MAIN])),),
        partial(_draw, found, measured.shown),
    )


def _polysemantic_neuron(found: Sweeps, shown: Mixture | None) -> tuple[Link, ...]:
    model = found.at(shown.density) if shown else None
    if model is None:
        return ()
    order = paper_order(model.W1)
    classes = np.array(neurons(model.W1, found.thresholds).classes, dtype=object)[order]
    first = int(order[np.argmax(classes == CLASSES[2])])
    density = model.config.feature_probability
    return (
        Link(
            SWEEP.script,
            "Its most important polysemantic neuron",
            SweepState(thresholds=found.thresholds, at=density, neuron=first).link,
            f"Neuron {first} at 1 − S = {number(density)}, marked in the sweep.",
        ),
    )


def _draw(found: Sweeps, shown: Mixture | None) -> None:
    model = found.at(shown.density if shown else DEFAULT.config.feature_probability)
    if model is None:
        return
    density = model.config.feature_probability
    st.markdown(f"**Neurons by the importance of their primary feature**, 1 − S = {density:g}")
    stacked = stacks(model.config, model.weights, found.thresholds)
    draw(
        stack_plot(
            stacked,
            n_features=model.config.n_features,
            top=math.ceil(1.05 * max(1, stacked.highest)),
            theme=colours(),
            height=230,
            axis_title="relative |W₁|, stacked",
        ),
        "real-stack",
        selection=SELECTION,
        on_select=opens_neuron("real-stack", SELECTION, choice_of(model)),
        alt=f"Stack plot at density {density:g}: classes by the rank of the neuron",
    )
    st.caption(
        "A column is a neuron, the most important primary feature on the left. A block is an "
        "input weight, relative to the neuron's largest. The background is the neuron's class. "
        "**Click a neuron** to look at it."
    )
