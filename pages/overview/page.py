"""The overview: what the networks compute, the smallest example, and a card for every page."""

import streamlit as st

from pages.overview.cards import draw_cards
from pages.shared.chart import draw, opens_neuron
from pages.shared.messages import show_problems
from pages.shared.model_choice import Choice
from pages.shared.resources import colours, store
from toymodel.charts.network.network_graph import network_graph
from toymodel.charts.network.weight_bars import SELECTION, Side, signed_bars, weight_bars
from toymodel.sweeps.shipped import SMALLEST

st.title("Networks can compute with more features than they have neurons")
st.markdown(
    "Take a network with one ReLU layer and ask it for the absolute value of every input feature. "
    r"Two neurons a feature do it exactly: $|x| = \mathrm{ReLU}(x) + \mathrm{ReLU}(-x)$. "
    "Give it fewer, and it must choose which features to compute, or compute several with the same "
    "neurons: **computation in superposition**. It pays when features are sparse, because two that "
    "share a neuron are then rarely there at once. Such neurons answer to many unrelated things, "
    "as many neurons of real networks do; these models are small enough to see why."
)
st.caption(
    'After Elhage et al., 2022, "Toy Models of Superposition", section "Computation in '
    'Superposition". Every figure here comes from models that this program trained.'
)

st.header("The smallest example")
(config,), recipe = SMALLEST
model = store().get(config, recipe)
if model is None:
    show_problems([], tuple(store().notes))
    st.info("This model is not in the store. `make figures` trains the models of all first views.")
else:
    n, m, theme = config.n_features, config.n_neurons, colours()
    st.markdown(
        f"{n} features, {m} neurons, all features present all the time. There is room for all, so "
        "every feature gets a pair of neurons, one for either sign, and nothing is shared. "
        f"Normalised loss {model.loss:.1g}: exact, up to rounding. The sizes of a weight in and a "
        "weight out are free as long as their product is 1."
    )
    left, right = st.columns(2)
    sides: dict[Side, str] = {"input": "W₁: input → neuron", "output": "W₂: neuron → output"}
    for side, title in sides.items():
        bars = signed_bars(model.weights, side=side)
        with left:
            key = f"smallest-{side}"
            draw(
                weight_bars(bars, n_features=n, title=title, theme=theme),
                key,
                selection=SELECTION,
                on_select=opens_neuron(key, SELECTION, Choice.of(config, recipe)),
            )
    with right:
        draw(
            network_graph(model.weights, theme=theme),
            "graph",
            selection=SELECTION,
            on_select=opens_neuron("graph", SELECTION, Choice.of(config, recipe)),
        )
    right.caption(
        "The same network as a graph: inputs above, neurons in the middle, outputs below. "
        "Solid red edges are positive, dashed blue ones negative; thicker is larger. "
        "**Click a neuron** to look at it alone."
    )

st.header("What to look at")
draw_cards()
