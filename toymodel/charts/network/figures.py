"""Figures of a whole model: its weights, its loss, and what it answers."""

from __future__ import annotations

import math
from functools import partial
from typing import Literal

from toymodel.analysis.loss import no_superposition_loss
from toymodel.charts.figure import Figure, Subject, TitledChart
from toymodel.charts.network.loss_curve import loss_curve, loss_records
from toymodel.charts.network.network_graph import network_graph
from toymodel.charts.network.output_response import output_response
from toymodel.charts.network.stack_plot import stack_plot, stacks
from toymodel.charts.network.weight_bars import Side, signed_bars, weight_bars

_WEIGHTS = {"input": "W1", "output": "W2"}
_LOWEST_TOP = 9.0
"""The paper's panels leave room for a stack of about this height; fewer features need less."""


def _stacks(subject: Subject, *, of: Side) -> TitledChart:
    config, first, name = subject.config, subject.first, _WEIGHTS[of]
    n, m = config.n_features, config.n_neurons
    shown = stacks(config, subject.weights, subject.thresholds, side=of, first=first)
    chart = stack_plot(
        shown,
        n_features=n,
        top=max(min(_LOWEST_TOP, 1 + n / 3), math.ceil(1.2 * shown.highest)),
        theme=subject.theme,
        axis_title=f"|{name}| / the neuron's largest",
        height=240,
        legend=True,
    )
    part = f"; the first {first:,} of {m:,}" if first < m else ""
    notes = (
        f"A column a neuron, by the feature that it holds most{part}; "
        "a block a weight, grey for those too small to draw.",
        ", ".join(f"{count:,} {kind}" for kind, count in subject.neurons.counts.items()),
    )
    return TitledChart(f"Neuron weight stack plot: {of} weights |{name}|", chart, notes)


def _weights(subject: Subject, *, of: Side) -> TitledChart:
    title = f"{_WEIGHTS[of]}: {of} weights with their sign"
    chart = weight_bars(
        signed_bars(subject.weights, side=of),
        n_features=subject.config.n_features,
        title=title,
        theme=subject.theme,
        height=240,
        legend=True,
    )
    return TitledChart(title, chart, ("A column a neuron; a block a weight.",))


def _network(subject: Subject) -> TitledChart:
    chart = network_graph(subject.weights, theme=subject.theme, height=320)
    notes = (
        "Inputs above, neurons in the middle, outputs below; feature 0 is leftmost.",
        "Solid red edges are positive, dashed blue ones negative; thicker is larger.",
    )
    return TitledChart("The model as a network", chart, notes)


def _loss(subject: Subject, *, against: Literal["step", "seconds"]) -> TitledChart:
    model = subject.model
    chart = loss_curve(
        loss_records(model.history),
        against=against,
        baseline=no_superposition_loss(model.config),
        shown=subject.restart,
        theme=subject.theme,
        height=320,
    )
    which = "; this restart in blue" if len(model.restarts) > 1 else ""
    notes = [f"The training loss, which is noisier{which}."]
    together = model.history.together
    if against == "seconds" and together > 1:
        notes.append(f"{together} models were trained side by side in this time.")
    axis = {"step": "steps", "seconds": "seconds"}[against]
    return TitledChart(f"How the loss fell, against {axis}", chart, tuple(notes))


def _response(subject: Subject) -> TitledChart:
    config = subject.config
    chart = output_response(
        config, subject.weights, subject.features, theme=subject.theme, height=320
    )
    title = "Output of a feature that is present alone, against its value"
    return TitledChart(title, chart, (f"Dashed: the target {config.definition.symbol}.",))


MODEL_FIGURES = {
    "stacks-in": Figure(
        "neuron weight stack plot of the input weights, as in the paper",
        partial(_stacks, of="input"),
    ),
    "stacks-out": Figure("the same of the output weights", partial(_stacks, of="output")),
    "weights-in": Figure(
        "signed input weights, a bar a neuron; n up to 20, m up to 40",
        partial(_weights, of="input"),
        max_features=20,
        max_neurons=40,
    ),
    "weights-out": Figure(
        "signed output weights, a bar a neuron; n up to 20, m up to 40",
        partial(_weights, of="output"),
        max_features=20,
        max_neurons=40,
    ),
    "network": Figure(
        "the model as a graph; n up to 12, m up to 24",
        _network,
        max_features=12,
        max_neurons=24,
    ),
    "loss-steps": Figure(
        "how the loss of every restart fell, against steps", partial(_loss, against="step")
    ),
    "loss-seconds": Figure("the same against seconds", partial(_loss, against="seconds")),
    "response": Figure("output of features that are present alone, against their value", _response),
}
"""Figures of a model as a whole, by name: those of its training's page."""
