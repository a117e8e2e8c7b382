"""The motif page's metrics: how much of the network its parts explain."""

from __future__ import annotations

import streamlit as st

from pages.shared.cached_analysis import losses_by_inhibition
from pages.shared.metrics import figure, metric
from pages.shared.models import Shown
from toymodel.analysis.decomposition import Decomposition
from toymodel.analysis.motifs import asymmetric_neurons


def draw_metrics(shown: Shown, found: Decomposition) -> None:
    """Draw the losses that the parts of a network explain, and what the inhibition is worth."""
    neurons, pairs = len(asymmetric_neurons(found.motifs)), len(found.motifs)
    without = found.everything
    if pairs:
        without = float(losses_by_inhibition(shown.name, shown, found.motifs)[0])
    with st.container(horizontal=True):
        metric(
            "Asymmetric neurons",
            f"{neurons}",
            "Neurons that hold features in asymmetric superposition with inhibition.",
        )
        metric(
            "Pairs of features",
            f"{pairs}",
            "Instances of the motif: an interfering and a receiving feature in one of these "
            "neurons. A neuron with many features holds many pairs.",
        )
        metric(
            "Loss without inhibition",
            f"× {without / found.everything:.3g}" if pairs else "–",
            "With the inhibiting weights of all instances set to 0, the normalised loss goes from "
            f"{figure(found.everything)} to {figure(without)}.",
        )
        metric(
            "Loss, |x| alone",
            figure(found.absolute_value),
            "The normalised loss with only the weights that implement absolute value, of one side "
            "or of both. Answering 0 to everything scores 1.",
        )
        metric(
            "+ uneven, inhibiting",
            figure(found.with_motifs),
            "The normalised loss with these weights and those for asymmetric superposition and "
            "inhibition: how much of the network the two kinds explain.",
        )
        metric(
            "+ the rest",
            figure(found.everything),
            "The normalised loss of the whole network.",
        )
