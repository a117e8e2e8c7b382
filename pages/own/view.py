"""An uploaded network in numbers and as stack plots, and what a file must hold."""

from __future__ import annotations

import streamlit as st

from pages.own.state import OWN_PAGE, OwnState
from pages.shared.metrics import draw_metrics
from pages.shared.models import Shown
from pages.shared.weights_view import choose_look, explain_bars, link_explorers, weight_cells
from pages.train.state import TrainState
from toymodel.model import Model
from toymodel.storage.weight_file import MAX_LENGTH, MAX_MEGABYTES

_NUMPY = """import numpy as np

# (neuron, feature), (feature, neuron), (feature,)
np.savez("mine.npz", W1=W1, W2=W2, b=b)
"""
_TORCH = """from safetensors.torch import save_file

own = {"W1": fc1.weight, "W2": fc2.weight, "b": fc2.bias}
save_file(own, "mine.safetensors")
"""


def draw_model(state: OwnState, model: Model) -> None:
    """Draw the network's measures, its weights, and links to the other pages."""
    shown = Shown.of(model, None)
    drawn = TrainState(
        choice=shown.choice,
        thresholds=state.thresholds,
        neurons=state.neurons,
        colour=state.colour,
    )
    draw_metrics(shown, state.thresholds)
    with st.container(horizontal=True):
        link_explorers(drawn, shown)
    for cells in weight_cells(drawn, [shown]):
        cells[0]()
    if shown.small:
        explain_bars([shown])
    else:
        choose_look(drawn, [shown], OWN_PAGE)


def explain_file() -> None:
    """Say what a file must hold, and how to write one."""
    st.subheader("What a file should hold")
    st.markdown(
        f"$W_1$ (neuron, feature) and $W_2$ (feature, neuron), up to {MAX_LENGTH:,} of either; "
        "output biases and hidden biases if there are any. Other names and transposed matrices "
        f"are set by hand. Up to {MAX_MEGABYTES} MB, and nothing else in the file."
    )
    left, right = st.columns(2)
    left.code(_NUMPY, language="python", wrap_lines=True)
    right.code(_TORCH, language="python", wrap_lines=True)
    st.caption(
        "Pickles, as torch.save writes them, can run code and are never opened. The link of this "
        "page has its settings, not the file: somebody else who opens it must have the file too."
    )
