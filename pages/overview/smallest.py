"""The smallest example: every feature has its pair of neurons, and nothing is shared."""

from __future__ import annotations

import streamlit as st

from pages.shared.chart import draw, opens_neuron
from pages.shared.model_choice import Choice
from pages.shared.resources import colours, store
from toymodel.charts.network.network_graph import network_graph
from toymodel.charts.network.weight_bars import SELECTION
from toymodel.sweeps.shipped import SMALLEST


def draw_smallest() -> None:
    """Draw the network as a graph, beside what it does."""
    (config,), recipe = SMALLEST
    model = store().get(config, recipe)
    if model is None:
        st.info(
            "This model is not in the store. `make figures` trains the models of all first views."
        )
        return
    left, right = st.columns(2, vertical_alignment="center")
    left.markdown(
        f"{config.n_features} features, {config.n_neurons} neurons, all features present all the "
        "time. Every feature gets a pair of neurons, one for either sign, and nothing is shared. "
        f"Normalised loss {model.loss:.1g}: exact, up to rounding. The sizes of a weight in and a "
        "weight out are free as long as their product is 1."
    )
    left.caption(
        "Inputs above, neurons in the middle, outputs below. Solid red: positive, dashed blue: "
        "negative; thicker is larger. **Click a neuron** to look at it alone."
    )
    with right:
        draw(
            network_graph(model.weights, theme=colours()),
            "graph",
            selection=SELECTION,
            on_select=opens_neuron("graph", SELECTION, Choice.of(config, recipe)),
        )
