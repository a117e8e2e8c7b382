"""All neurons of the model as small histograms, from which one is chosen."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.shared.cached_analysis import histograms_of
from pages.shared.chart import draw, shows
from pages.shared.explorer.state import ExplorerState
from pages.shared.models import Shown
from pages.shared.resources import colours
from toymodel.analysis.activations import EDGES
from toymodel.analysis.polysemanticity import neurons, paper_order
from toymodel.charts.neuron.neuron_grid import SELECTION, neuron_grid

_MAX_NEURONS = 100
_PER_ROW = 8


def draw_all(state: ExplorerState, shown: Shown) -> None:
    """Draw the grid; a click shows a neuron, and what it fires on."""
    neuron, m = state.neuron, shown.config.n_neurons
    order = paper_order(shown.weights.W1)
    place = int(np.flatnonzero(order == neuron)[0])
    start = max(0, min(place - _MAX_NEURONS // 2, m - _MAX_NEURONS))
    end = min(start + _MAX_NEURONS, m)
    part = f" Neurons {start + 1:,} to {end:,} of {m:,}." if end - start < m else ""
    st.caption(
        "In the order of the plot, by the feature that a neuron holds most; the background is its "
        f"class. Across: the activation from {EDGES[0]:.0%} of the range on; up: how many inputs, "
        "on a log scale. Blue: the primary feature contributes most; grey: another does. "
        f"**Click a neuron** to look at it.{part}"
    )
    key = f"all-neurons-{neuron}"
    draw(
        neuron_grid(
            histograms_of(shown.name, shown),
            neurons(shown.weights.W1, state.thresholds),
            order[start:end].tolist(),
            per_row=_PER_ROW,
            theme=colours(),
            selected=neuron,
        ),
        key,
        selection=SELECTION,
        on_select=shows(key, SELECTION, "neuron", "neuron", tab="fires"),
        alt=f"Histograms of the activations of {end - start:,} neurons",
    )
