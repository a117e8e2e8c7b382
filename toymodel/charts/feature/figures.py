"""Figures of one feature, the neurons that carry it, and what features do to each other."""

from __future__ import annotations

from functools import partial

from toymodel.analysis.features import CARRIES, COMPUTED
from toymodel.charts.feature.carrier_table import carrier_table
from toymodel.charts.feature.interference_bars import (
    MAX_EFFECTS,
    MIN_EFFECT,
    interference_bars,
    interference_table,
    push_counts,
    strongest_effects,
)
from toymodel.charts.feature.interference_map import (
    interference_cells,
    interference_map,
    represented,
)
from toymodel.charts.figure import Figure, Subject, TitledChart
from toymodel.charts.ranked_bars import ranked_bars
from toymodel.text import count

_MAX_CARRIERS = 32
_SQUARE = 640
_EXACT = "Exact: a feature there alone at full value, before the output's bias and ReLU."


def _carriers(subject: Subject) -> TitledChart:
    i = subject.this_feature
    table = carrier_table(subject.weights, i, subject.thresholds)
    most = table.head(_MAX_CARRIERS)
    order = most.sort_values(["side", "path_gain"], ascending=False, kind="stable")
    chart = ranked_bars(
        order, of="neuron", value="path_gain", title="path gain", theme=subject.theme, height=240
    )
    up = table["side"].tolist().count("positive")
    few = f", of which the {len(most)} largest are shown" if len(most) < len(table) else ""
    notes = (
        f"{count(len(table), 'neuron')}{few}: {up:,} on the positive side (+), "
        f"{len(table) - up:,} on the negative one (−).",
        f"Path gains |W1| W2 of {CARRIES:g} and more, of either sign; "
        "below 0 a neuron takes away what others give.",
    )
    if table.empty:
        notes = (f"No neuron carries it: no path gain |W1| W2 reaches {CARRIES:g}.",)
    return TitledChart(f"Feature {i}: the neurons that carry it", chart, (_kind(subject), *notes))


def _interference(subject: Subject, *, received: bool) -> TitledChart:
    i = subject.this_feature
    table = interference_table(subject.config, subject.interference, i, received=received)
    effects = strongest_effects(table)
    up, down = push_counts(table)
    told = (
        f"{count(up, 'feature')} push it up by {MIN_EFFECT:g} or more, {down:,} down"
        if received
        else f"It pushes {count(up, 'output')} up by {MIN_EFFECT:g} or more, {down:,} down"
    ) + f"; up to {MAX_EFFECTS} of either, at the end of the range in brackets."
    if effects.empty:
        told = f"Nothing that reaches {MIN_EFFECT:g}."
    title = (
        f"Feature {i}: what the others add to its output"
        if received
        else f"Feature {i}: what it adds to the other outputs"
    )
    chart = interference_bars(effects, theme=subject.theme, height=240)
    return TitledChart(title, chart, (_kind(subject), told, _EXACT))


def _map(subject: Subject) -> TitledChart:
    n, chosen = subject.config.n_features, subject.feature
    features = represented(subject.interference)
    cells = interference_cells(subject.config, subject.interference, features=features)
    chart = interference_map(
        cells,
        features=features,
        title="effect at worst",
        theme=subject.theme,
        selected=chosen,
        height=_SQUARE,
    )
    part = f"{len(features)} of {n:,} features, those that are represented. "
    framed = f" Framed: feature {chosen}." if chosen in features else ""
    notes = (
        f"{part if len(features) < n else ''}Red adds, blue takes away; left out: below 1 % of "
        f"the largest.{framed}",
        _EXACT,
    )
    if cells.empty:
        notes = ("No feature reaches another one's output.", _EXACT)
    title = "What features add to the outputs of others, at worst"
    return TitledChart(title, chart, notes, _SQUARE)


def _kind(subject: Subject) -> str:
    i, found = subject.this_feature, subject.interference
    high, low = (f"{gain[i, i]:.2f}".replace("-", "−") for gain in (found.high, found.low))
    return (
        f"Importance {subject.config.importance[i]:.3g}; {COMPUTED[found.sides[i]]}: path gains "
        f"sum to {high} for its positive values, {low} for negative."
    )


FEATURE_FIGURES = {
    "carriers": Figure("path gains of the neurons that carry a feature", _carriers),
    "interference-in": Figure(
        "what the others add to a feature's output",
        partial(_interference, received=True),
        min_features=2,
    ),
    "interference-out": Figure(
        "what a feature adds to the other outputs",
        partial(_interference, received=False),
        min_features=2,
    ),
    "interference": Figure(
        "what every feature adds to every output, as a map", _map, min_features=2
    ),
}
"""Figures of one feature, and that of all of them together, by name."""
