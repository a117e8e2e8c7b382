"""What takes a moment to measure of a model, once for all visitors.

`name` is `Shown.name`, which tells models apart by their weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.shown import Shown
from toymodel.analysis.ablation import (
    SHARES,
    Ablation,
    Intervention,
    ablate,
    interventions,
    loss_by_inhibition,
)
from toymodel.analysis.activations import Activity, activity, shares_of_all
from toymodel.analysis.decomposition import Decomposition, Shift, decompose, shifts_of_the_rest
from toymodel.analysis.loss import loss_by_feature
from toymodel.analysis.motifs import Motif, MotifThresholds
from toymodel.charts.neuron.neuron_weights import neuron_weights

LEAST_SHIFT = 0.02
"""Smaller shifts of an output by the rest of the weights are not worth a word."""

BY_TEXT: dict[Any, Any] = {MotifThresholds: MotifThresholds.canonical}
"""How settings are told apart where what follows from them is kept."""

_MEASURING = "Measuring the model."


@st.cache_data(show_spinner=False, max_entries=200)
def weights_of(name: str, _shown: Shown, neuron: int) -> pd.DataFrame:
    """A neuron's weights as a table."""
    return neuron_weights(_shown.config, _shown.weights, neuron)


@st.cache_data(show_spinner=_MEASURING, max_entries=200)
def activity_of(name: str, _shown: Shown, neuron: int) -> Activity:
    """What makes a neuron fire."""
    return activity(_shown.config, _shown.weights, neuron)


@st.cache_data(show_spinner=_MEASURING, max_entries=200)
def ablation_of(name: str, _shown: Shown, neuron: int) -> Ablation:
    """What the model loses without a neuron."""
    return ablate(_shown.config, _shown.weights, neuron)


@st.cache_data(show_spinner=_MEASURING, max_entries=50)
def shares_of(name: str, _shown: Shown) -> np.ndarray:
    """Of every neuron, how often its primary feature contributes most."""
    return shares_of_all(_shown.config, _shown.weights)


@st.cache_data(show_spinner=_MEASURING, max_entries=50)
def losses_of(name: str, _shown: Shown) -> np.ndarray:
    """Every feature's part of the normalised loss."""
    return loss_by_feature(_shown.config, _shown.weights)


@st.cache_data(show_spinner=_MEASURING, max_entries=100, hash_funcs=BY_TEXT)
def taken_apart(name: str, _shown: Shown, thresholds: MotifThresholds) -> Decomposition:
    """The roles of its weights and what they explain."""
    return decompose(_shown.config, _shown.weights, thresholds)


@st.cache_data(show_spinner=_MEASURING, max_entries=100, hash_funcs=BY_TEXT)
def shifts_of(name: str, _shown: Shown, thresholds: MotifThresholds) -> list[Shift]:
    """What the weights without another role do."""
    found = taken_apart(name, _shown, thresholds)
    return shifts_of_the_rest(_shown.config, _shown.weights, found, LEAST_SHIFT)


@st.cache_data(show_spinner=_MEASURING, max_entries=200)
def interventions_of(name: str, _shown: Shown, motif: Motif) -> list[Intervention]:
    """What becomes of it when an instance is tampered with."""
    return interventions(_shown.config, _shown.weights, motif)


@st.cache_data(show_spinner=_MEASURING, max_entries=200)
def losses_by_inhibition(name: str, _shown: Shown, motifs: tuple[Motif, ...]) -> np.ndarray:
    """Its loss with less and less of the inhibition of some instances: at `SHARES`."""
    return loss_by_inhibition(_shown.config, _shown.weights, motifs, SHARES)
