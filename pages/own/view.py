"""An uploaded network in numbers and as stack plots, and what a file must hold."""

from __future__ import annotations

import streamlit as st

from pages.own.file import OwnFile
from pages.own.state import OWN_PAGE, OwnState
from pages.shared.messages import plain
from pages.shared.metrics import draw_metrics, figure
from pages.shared.models import Shown
from pages.shared.weights_view import choose_look, explain_bars, link_explorers, weight_cells
from pages.train.state import TrainState
from toymodel.analysis.loss import no_superposition_loss
from toymodel.model import Model
from toymodel.storage.imported_weights import assumptions
from toymodel.storage.weight_file import MAX_LENGTH, MAX_MEGABYTES

_MANY = 100  # times: from here on without digits after the point

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
    st.header(_verdict(model))
    draw_metrics(shown, state.thresholds)
    with st.container(horizontal=True):
        link_explorers(drawn, shown)
    for cells in weight_cells(drawn, [shown]):
        cells[0]()
    if shown.small:
        explain_bars([shown])
    else:
        choose_look(drawn, [shown], OWN_PAGE)


def _verdict(model: Model) -> str:
    config, loss = model.config, model.loss
    symbol, baseline = config.definition.symbol, no_superposition_loss(config)
    if loss >= 1:
        return f"It does not compute {symbol}: answering 0 to everything is no worse"
    if not baseline:
        return f"It computes {symbol} with a loss of {figure(loss)}, where 0 is possible"
    times = f"{loss / baseline:.2g}" if loss < _MANY * baseline else f"{loss / baseline:,.0f}"
    said = f"It computes {symbol} at {times} times the loss of the no-superposition baseline"
    return said + (": it gains by superposition" if loss < baseline else ": it gains nothing")


def say_assumptions(state: OwnState, file: OwnFile) -> None:
    """Say what is taken for granted that the file does not say."""
    said = [plain(each) for each in assumptions(file.of(state.instance), state.assignment)]
    if state.config.activation == "relu":
        said.append("Its neurons have a ReLU: *Hidden activation* in the sidebar changes that.")
    st.markdown("**Assumed**: " + " ".join(said))


def explain_file(*, folded: bool) -> None:
    """Say what a file must hold, and how to write one.

    Args:
        folded: whether it opens on a click.
    """
    with st.expander("What a file should hold", expanded=not folded):
        _explain()


def _explain() -> None:
    st.markdown(
        f"$W_1$ (neuron, feature) and $W_2$ (feature, neuron), up to {MAX_LENGTH:,} of either; "
        "output biases and hidden biases if there are any. Other names and transposed matrices "
        f"are set by hand. Several networks may stand side by side, as in ARENA's `state_dict`: W1 "
        "(instance, neuron, feature), W2 (instance, feature, neuron), b_final (instance, feature). "
        f"Up to {MAX_MEGABYTES} MB, and nothing else in the file."
    )
    left, right = st.columns(2)
    left.code(_NUMPY, language=None, wrap_lines=True)
    right.code(_TORCH, language=None, wrap_lines=True)
    st.caption(
        "Pickles, as torch.save writes them, can run code and are never opened. The link of this "
        "page has its settings, not the file: somebody else who opens it must have the file too."
    )
