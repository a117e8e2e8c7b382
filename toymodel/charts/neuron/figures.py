"""Figures of one neuron: its weights, what makes it fire, and what it answers."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np

from toymodel.analysis.activations import EDGES, shares_of_all
from toymodel.analysis.polysemanticity import UNUSED
from toymodel.charts.figure import Figure, Subject, TitledChart
from toymodel.charts.neuron.activation_histogram import activation_histogram
from toymodel.charts.neuron.activation_response import activation_response
from toymodel.charts.neuron.neuron_weights import MAX_BARS, largest_weights, neuron_weights
from toymodel.charts.neuron.primary_share import (
    primary_share,
    shares_by_group,
    shares_by_magnitude,
)

_MAX_LINES = 5
_SECONDARY = 0.05
_SILENT = "Nothing makes it fire: on every input its activation is 0."


def _weights(subject: Subject, *, of: Literal["input", "output"]) -> TitledChart:
    j = subject.this_neuron
    value, matrix = {"input": ("w_in", "W1"), "output": ("w_out", "W2")}[of]
    table = neuron_weights(subject.config, subject.weights, j)
    title = f"weight {'in' if of == 'input' else 'out'}"
    chart = largest_weights(table, value, title=title, theme=subject.theme, height=240)
    count = int(np.count_nonzero(table[value]))
    shown = f"the {MAX_BARS} largest of {count:,}" if count > MAX_BARS else "the largest first"
    note = f"A bar a feature, {shown}; f0 is the most important one."
    if not count:
        note = "All of them are 0."
    return TitledChart(f"Neuron {j}: its {of} weights {matrix}", chart, (_kind(subject), note))


def _activations(subject: Subject) -> TitledChart:
    active = subject.activity
    chart = activation_histogram(
        active,
        n_features=subject.config.n_features,
        log=True,
        theme=subject.theme,
        height=320,
    )
    title = f"Neuron {active.neuron}: how active it is, and which feature contributes most"
    if not active.weight.sum():
        return TitledChart(title, chart, (_kind(subject), _SILENT))
    told = (
        "The height is the count, on a log scale; colours divide it by shares. "
        f"1 is what f{active.features[0]} alone reaches."
    )
    return TitledChart(title, chart, (_kind(subject), told, *_inputs(subject)))


def _shares(subject: Subject) -> TitledChart:
    active = subject.activity
    groups = shares_by_group(subject.neurons, shares_of_all(subject.config, subject.weights))
    chart = primary_share(shares_by_magnitude(active, groups), theme=subject.theme, height=320)
    title = f"Neuron {active.neuron}: the share of its primary feature, by how active it is"
    if not active.weight.sum():
        return TitledChart(title, chart, (_kind(subject), _SILENT))
    told = (
        "Medians are of how often it contributes most; upright: 95 % intervals. "
        f"1 is what f{active.features[0]} alone reaches."
    )
    return TitledChart(title, chart, (_kind(subject), told, *_inputs(subject)))


def _response(subject: Subject) -> TitledChart:
    j, config = subject.this_neuron, subject.config
    relative = subject.neurons.relative[j]
    order = np.argsort(-relative, kind="stable")[:_MAX_LINES]
    features = [int(i) for i in order if relative[i] > _SECONDARY] or [int(order[0])]
    chart = activation_response(
        config, subject.weights, j, features, theme=subject.theme, height=320
    )
    note = (
        f"Up to {_MAX_LINES} features, those with the largest input weights, "
        "above 5 % of the largest."
    )
    if not chart.tables["lines"]["output"].to_numpy().any():
        note = "No feature alone makes it fire."
    title = f"Neuron {j}: its activation when one feature is present alone"
    return TitledChart(title, chart, (_kind(subject), note))


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


NEURON_FIGURES = {
    "neuron-weights-in": Figure(
        f"the {MAX_BARS} largest input weights of a neuron", partial(_weights, of="input")
    ),
    "neuron-weights-out": Figure(
        f"the {MAX_BARS} largest output weights of a neuron", partial(_weights, of="output")
    ),
    "activations": Figure("how active a neuron is, and what contributes most", _activations),
    "shares": Figure("share of a neuron's primary feature, by how active it is", _shares),
    "neuron-response": Figure("activation of a neuron against features alone", _response),
}
"""Figures of one neuron, by name."""
