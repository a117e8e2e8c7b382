"""Figures of one neuron: its weights, what makes it fire, and what it answers."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np

from toymodel.analysis.activations import EDGES, shares_of_all
from toymodel.analysis.polysemanticity import UNUSED
from toymodel.charts.figure_parts import Figure, Part, Subject
from toymodel.charts.network.response import response
from toymodel.charts.neuron.activation_histogram import activation_histogram
from toymodel.charts.neuron.share_curve import share_curve
from toymodel.charts.neuron.tables import (
    activation_bars,
    activation_responses,
    compared,
    neuron_weights,
    shares_by_magnitude,
)
from toymodel.charts.ranked_bars import ranked_bars

_BARS = 16
_FEW = 5
_SECONDARY = 0.05
_SILENT = "Nothing makes it fire: on every input its activation is 0."


def _weights(subject: Subject, *, of: Literal["input", "output"]) -> Part:
    j = subject.this_neuron
    value, matrix = {"input": ("w_in", "W1"), "output": ("w_out", "W2")}[of]
    table = neuron_weights(subject.config, subject.weights, j)
    table = table.sort_values(value, key=np.abs, ascending=False, kind="stable")
    table = table.loc[table[value] != 0]
    drawing = ranked_bars(
        table.head(_BARS),
        of="feature",
        value=value,
        title=f"weight {'in' if of == 'input' else 'out'}",
        theme=subject.theme,
        height=240,
    )
    shown = f"the {_BARS} largest of {len(table):,}" if len(table) > _BARS else "the largest first"
    note = f"A bar a feature, {shown}; f0 is the most important one."
    if table.empty:
        note = "All of them are 0."
    return Part(f"Neuron {j}: its {of} weights {matrix}", drawing, (_kind(subject), note))


def _activations(subject: Subject) -> Part:
    active = subject.activity
    fires = bool(active.weight.sum())
    drawing = activation_histogram(
        activation_bars(active, log=True),
        features=active.features if fires else (),
        n_features=subject.config.n_features,
        log=True,
        theme=subject.theme,
        height=320,
    )
    notes = (
        "The height is the count, on a log scale; colours divide it by shares. "
        f"1 is what f{active.features[0]} alone reaches.",
        *_inputs(subject),
    )
    title = f"Neuron {active.neuron}: how active it is, and which feature contributes most"
    return Part(title, drawing, (_kind(subject), *(notes if fires else (_SILENT,))))


def _shares(subject: Subject) -> Part:
    active = subject.activity
    shares = shares_of_all(subject.config, subject.weights)
    others = compared(subject.neurons, shares)
    drawing = share_curve(shares_by_magnitude(active, others), theme=subject.theme, height=320)
    title = f"Neuron {active.neuron}: the share of its primary feature, by how active it is"
    if not active.weight.sum():
        return Part(title, drawing, (_kind(subject), _SILENT))
    told = (
        "Medians are of how often it contributes most; upright: 95 % intervals. "
        f"1 is what f{active.features[0]} alone reaches."
    )
    return Part(title, drawing, (_kind(subject), told, *_inputs(subject)))


def _response(subject: Subject) -> Part:
    j = subject.this_neuron
    relative = subject.neurons.relative[j]
    order = np.argsort(-relative, kind="stable")[:_FEW]
    features = [int(i) for i in order if relative[i] > _SECONDARY] or [int(order[0])]
    frame = activation_responses(subject.config, subject.weights, j, features)
    drawing = response(
        frame,
        n_features=subject.config.n_features,
        theme=subject.theme,
        up="activation",
        height=320,
    )
    note = f"Up to {_FEW} features, those with the largest input weights, above 5 % of the largest."
    if not frame["output"].to_numpy().any():
        note = "No feature alone makes it fire."
    title = f"Neuron {j}: its activation when one feature is present alone"
    return Part(title, drawing, (_kind(subject), note))


def _kind(subject: Subject) -> str:
    j, found = subject.this_neuron, subject.neurons
    kind, primary = found.classes[j], int(found.primary[j])
    if kind == UNUSED:
        return "Unused: it has no input weights."
    return (
        f"{kind.capitalize()}: primary feature f{primary} "
        f"(importance {subject.config.importance[primary]:.3g}), "
        f"{found.effective_features[j]:.2f} effective features."
    )


def _inputs(subject: Subject) -> tuple[str, ...]:
    active = subject.activity
    return (
        f"{active.examples:,} seeded inputs, worth {active.effective:,.0f} equally likely ones "
        "among those on which it fires.",
        f"Not drawn: {active.silent.value:.1%} of inputs, on which it is silent, and "
        f"{active.faint:.1%} below {EDGES[0]:.0%} of the range.",
    )


NEURON = {
    "neuron-weights-in": Figure(
        f"the {_BARS} largest input weights of a neuron", partial(_weights, of="input")
    ),
    "neuron-weights-out": Figure(
        f"the {_BARS} largest output weights of a neuron", partial(_weights, of="output")
    ),
    "activations": Figure("how active a neuron is, and what contributes most", _activations),
    "shares": Figure("share of a neuron's primary feature, by how active it is", _shares),
    "neuron-response": Figure("activation of a neuron against features alone", _response),
}
"""By name."""
