"""What takes a moment to measure of a model, once for all visitors.

`name` is `Shown.name`, which tells models apart by their weights.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.shown import Shown
from toymodel.ablation import Ablation, ablate
from toymodel.activations import Activity, activity, shares_of_all
from toymodel.loss import loss_by_feature
from toymodel.neuron_frames import neuron_weights

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
