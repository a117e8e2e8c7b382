"""Figures of a whole model: its weights, its loss, and what it answers."""

from __future__ import annotations

import math
from functools import partial
from typing import Literal

from toymodel.analysis.loss import no_superposition_loss
from toymodel.charts.figure_parts import Figure, Part, Subject
from toymodel.charts.network import tables as frames
from toymodel.charts.network.graph import network
from toymodel.charts.network.loss_curve import loss_curve
from toymodel.charts.network.response import response
from toymodel.charts.network.stack_plot import stack_panel
from toymodel.charts.network.weight_bars import raw_weights

_Side = Literal["input", "output"]
_WEIGHTS = {"input": "W1", "output": "W2"}
_LOWEST_TOP = 9.0
"""The paper's panels leave room for a stack of about this height; fewer features need less."""


def _stacks(subject: Subject, *, of: _Side) -> Part:
    config, weights, first = subject.config, subject.weights, subject.first
    n, m = config.n_features, config.n_neurons
    columns = frames.columns(weights, subject.thresholds).head(first)
    counts = subject.neurons.counts
    part = f"; the first {first:,} of {m:,}" if first < m else ""
    notes = (
        f"A column a neuron, by the feature that it holds most{part}; "
        "a block a weight, grey for those too small to draw.",
        ", ".join(f"{count:,} {name}" for name, count in counts.items()),
    )
    blocks = frames.blocks(config, weights, side=of, first=first)
    highest = float(blocks["high"].to_numpy().max(initial=0))
    drawing = stack_panel(
        blocks,
        columns,
        frames.spans(columns),
        n_features=n,
        top=max(min(_LOWEST_TOP, 1 + n / 3), math.ceil(1.2 * highest)),
        theme=subject.theme,
        heights=f"|{_WEIGHTS[of]}| / the neuron's largest",
        height=240,
        legend=True,
    )
    return Part(f"Neuron weight stack plot: {of} weights |{_WEIGHTS[of]}|", drawing, notes)


def _weights(subject: Subject, *, of: _Side) -> Part:
    title = f"{_WEIGHTS[of]}: {of} weights with their sign"
    drawing = raw_weights(
        frames.signed_bars(subject.weights, side=of),
        n_features=subject.config.n_features,
        title=title,
        theme=subject.theme,
        height=240,
        legend=True,
    )
    return Part(title, drawing, ("A column a neuron; a block a weight.",))


def _network(subject: Subject) -> Part:
    n, m = subject.config.n_features, subject.config.n_neurons
    edges = frames.edges(subject.weights)
    drawing = network(edges, n_features=n, n_neurons=m, theme=subject.theme, height=320)
    notes = (
        "Inputs above, neurons in the middle, outputs below; feature 0 is leftmost.",
        "Solid red edges are positive, dashed blue ones negative; thicker is larger.",
    )
    return Part("The model as a network", drawing, notes)


def _loss(subject: Subject, *, against: Literal["step", "seconds"]) -> Part:
    model = subject.model
    which = "; this restart in blue" if len(model.restarts) > 1 else ""
    notes = [f"The training loss, which is noisier{which}."]
    together = model.history.together
    if against == "seconds" and together > 1:
        notes.append(f"{together} models were trained side by side in this time.")
    drawing = loss_curve(
        frames.loss_curves(model.history),
        against=against,
        yardstick=no_superposition_loss(model.config),
        shown=subject.restart,
        theme=subject.theme,
        height=320,
    )
    axis = {"step": "steps", "seconds": "seconds"}[against]
    return Part(f"How the loss fell, against {axis}", drawing, tuple(notes))


def _response(subject: Subject) -> Part:
    frame = frames.responses(subject.config, subject.weights, subject.features)
    n = subject.config.n_features
    drawing = response(frame, n_features=n, theme=subject.theme, height=320)
    title = "Output of a feature that is present alone, against its value"
    return Part(title, drawing, (f"Dashed: the target {subject.config.definition.symbol}.",))


MODEL = {
    "stacks-in": Figure(
        "neuron weight stack plot of the input weights, as in the paper",
        partial(_stacks, of="input"),
    ),
    "stacks-out": Figure("the same of the output weights", partial(_stacks, of="output")),
    "weights-in": Figure(
        "signed input weights, a bar a neuron; n up to 20, m up to 40",
        partial(_weights, of="input"),
        most=(20, 40),
    ),
    "weights-out": Figure(
        "signed output weights, a bar a neuron; n up to 20, m up to 40",
        partial(_weights, of="output"),
        most=(20, 40),
    ),
    "network": Figure("the model as a graph; n up to 12, m up to 24", _network, most=(12, 24)),
    "loss-steps": Figure(
        "how the loss of every restart fell, against steps", partial(_loss, against="step")
    ),
    "loss-seconds": Figure("the same against seconds", partial(_loss, against="seconds")),
    "response": Figure("output of features that are present alone, against their value", _response),
}
"""By name."""
