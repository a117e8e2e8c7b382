"""A second neuron beside the shown one: measures and histograms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.neurons.activity import draw_histogram, what_instead
from pages.neurons.view import SILENT, times
from pages.shared.cached_analysis import ablation_of, activity_of, weights_of
from pages.shared.explorer.state import EXPLORER_PAGES, ExplorerState
from pages.shared.models import Shown
from pages.shared.widgets import option_box
from toymodel.analysis.activations import EDGES
from toymodel.analysis.polysemanticity import UNUSED, neurons, paper_order


def draw_beside(state: ExplorerState, shown: Shown) -> None:
    """Draw the box for the second neuron, and both neurons' measures and histograms."""
    neuron, m = state.neuron, shown.config.n_neurons
    assert neuron is not None
    others = [j for j in range(m) if j != neuron]
    if not others:
        st.caption("This model has one neuron only.")
        return
    found = neurons(shown.weights.W1, state.thresholds)
    names = {j: f"n{j}: {found.classes[j]}, f{found.primary[j]}" for j in others}
    other = _other(state, shown)
    option_box(EXPLORER_PAGES, "beside", names=names, value=other, width=320)
    table = pd.DataFrame({f"n{j}": _measures(state, shown, j) for j in (neuron, other)})
    st.dataframe(
        table.reset_index(names=""),
        hide_index=True,
        alt=f"Measures of neurons {neuron} and {other}",
        key="beside-table",
    )
    for cell, j in zip(st.columns(2), (neuron, other), strict=True):
        active = activity_of(shown.name, shown, j)
        with cell:
            st.markdown(f"**Neuron {j}: activations, by the feature that contributes most**")
            if active.weight.sum():
                which = "this" if j == neuron else "other"
                draw_histogram(state, shown, active, f"beside-{which}-{state.counts}")
            else:
                st.info(what_instead(active))


def _other(state: ExplorerState, shown: Shown) -> int:
    if state.beside not in (None, state.neuron):
        return state.beside
    order = paper_order(shown.weights.W1)
    place = int(np.flatnonzero(order == state.neuron)[0])
    return int(order[place + 1 if place + 1 < len(order) else place - 1])


def _measures(state: ExplorerState, shown: Shown, neuron: int) -> dict[str, str]:
    found = neurons(shown.weights.W1, state.thresholds)
    active = activity_of(shown.name, shown, neuron)
    top = weights_of(shown.name, shown, neuron).iloc[0]
    unused = found.classes[neuron] == UNUSED
    clean = active.dominated(EDGES[-3]).value
    return {
        "class": found.classes[neuron],
        "primary feature": "none" if unused else f"f{found.primary[neuron]}",
        "its path gain": "–" if unused else f"{top['path_gain']:.2f}",
        "effective features": f"{found.effective_features[neuron]:.2f}",
        "extra weight": f"{found.extra_weight[neuron]:.2f}",
        SILENT.lower(): f"{active.below:.1%}",
        f"primary leads above {EDGES[-3]:g} of the range": (
            "–" if np.isnan(clean) else f"{clean:.1%}"
        ),
        "loss without it": times(shown.loss, ablation_of(shown.name, shown, neuron).rise),
    }
