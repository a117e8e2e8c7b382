"""How separate networks hold one feature or several a neuron along density, in numbers."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.metrics import metric
from toymodel.charts.phase.network_curves import ONE_FEATURE, TWO_FEATURES
from toymodel.text import number

_MIN_SHARE = 0.1  # of the neurons: from there on, a kind of neuron is there


class NeuronTransition(NamedTuple):
    """Which densities have neurons of one feature, of several, and in between.

    Attributes:
        coexisting: the densities at which a tenth of the neurons or more hold one feature and as
            many hold several.
        gaps: those of `coexisting` with fewer neurons in between than at either end.
        slow: the densities at which a tenth of the neurons or more are in between, and more than
            hold one feature.
    """

    coexisting: tuple[float, ...]
    gaps: tuple[float, ...]
    slow: tuple[float, ...]

    @property
    def gap(self) -> bool:
        """Whether most of the densities at which both kinds coexist have a gap between them."""
        return len(self.gaps) > len(self.coexisting) / 2


def neuron_transition(networks: pd.DataFrame) -> NeuronTransition:
    """Measured in a `network_table`, of means over the networks of each density."""
    kinds = ["one", "between", "more"]
    share = networks.pivot_table(index="density", values=kinds).iloc[::-1]  # densest first
    one, between, more = share[kinds].to_numpy().T
    ends = np.minimum(one, more)
    both = ends >= _MIN_SHARE
    slow = (between > one) & (between >= _MIN_SHARE)
    densities = share.index.to_numpy()
    return NeuronTransition(
        *(tuple(densities[which].tolist()) for which in (both, both & (between < ends), slow))
    )


class LayerTransition(NamedTuple):
    """From which density on the neurons of a rank are not monosemantic; NaN where too few are.

    Attributes:
        first: the median density of the first quarter of the ranks, the most important features.
        last: the median density of the last quarter.
    """

    first: float
    last: float

    @property
    def drifts(self) -> bool:
        """Whether the most important neurons stay monosemantic at sparser densities."""
        return self.first < self.last


def layer_transition(turning: pd.DataFrame) -> LayerTransition:
    """Measured in a table of `turning_points`."""
    quarter = max(1, len(turning) // 4)
    if np.isfinite(turning["density"].to_numpy()).sum() < 2:
        return LayerTransition(math.nan, math.nan)
    rank = turning["rank"]
    first, last = (
        turning.loc[which, "density"].median()
        for which in (rank < quarter, rank >= len(turning) - quarter)
    )
    return LayerTransition(float(first), float(last))


def draw_transition(neurons: NeuronTransition, layer: LayerTransition) -> None:
    """Draw both as a verdict and its numbers."""
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(_NEURONS[neurons.gap])
        _draw_neurons(neurons)
    with right:
        st.markdown(_LAYERS[layer.drifts])
        _draw_layer(layer)


def _draw_neurons(neurons: NeuronTransition) -> None:
    with st.container(horizontal=True):
        metric(
            "Densities with both kinds",
            f"{len(neurons.coexisting)}",
            "Densities at which a tenth of the neurons or more hold one feature (below "
            f"{ONE_FEATURE:g} effective features) and a tenth or more hold several "
            f"({TWO_FEATURES:g} and more).",
        )
        metric(
            "Of these, with a gap between",
            f"{len(neurons.gaps)}",
            "Densities at which fewer neurons are in between than hold one feature, and fewer than "
            "hold several.",
        )
        metric(
            "With more in between",
            f"{len(neurons.slow)}",
            "Densities at which a tenth of the neurons or more are in between, and more than hold "
            "one feature" + (f": {', '.join(map(number, neurons.slow))}." if neurons.slow else "."),
        )


def _draw_layer(layer: LayerTransition) -> None:
    with st.container(horizontal=True):
        metric(
            "First quarter, from 1 − S",
            _density(layer.first),
            "The densest setting at which the neurons of a rank are not monosemantic in half of "
            "the networks: the median over the quarter of the ranks with the most important "
            "features.",
        )
        metric(
            "Last quarter, from 1 − S",
            _density(layer.last),
            "The same over the quarter of the ranks with the least important features.",
        )
        metric(
            "Last over first",
            f"{layer.last / layer.first:.0f}" if layer.drifts else "–",
            "How many times denser features are where the last quarter is no longer monosemantic.",
        )


_NEURONS = {
    True: "**There is a gap**: where neurons of one feature and of several coexist, few are in "
    "between.",
    False: "**There is no gap**: neurons of one feature and of several do not coexist with few in "
    "between.",
}
_LAYERS = {
    True: "**Ranks differ**: neurons of the most important features stay monosemantic at sparser "
    "densities than those of the least important ones.",
    False: "**Ranks do not differ in this order**: neurons of the most important features do not "
    "stay monosemantic at sparser densities, or too few ranks change.",
}


def _density(value: float) -> str:
    return "–" if math.isnan(value) else number(value)
