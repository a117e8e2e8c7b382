"""The prediction that large activations look clean and small ones are mixed."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from pages.real import numbers
from pages.real.models import Activations, Sweeps, choice_of
from pages.real.predictions import Evidence, Link, Numbers, Prediction
from pages.shared.chart import draw
from pages.shared.explorer.state import ExplorerState
from pages.shared.navigation import NEURONS
from pages.shared.resources import colours
from toymodel.analysis.activations import INTERVALS
from toymodel.analysis.polysemanticity import CLASSES, Thresholds, instructive
from toymodel.analysis.predictions import TopVersusBottom, holding_several, leads_alone
from toymodel.charts.neuron.primary_share import median_shares, primary_share

_TOP = 0.75  # of a neuron's range: its strongest activations


def top_versus_bottom(found: Sweeps) -> Prediction:
    """Large activations look clean, small ones are mixed."""
    measured = found.activations
    return Prediction(
        name="reading",
        title="Large activations look clean, small ones are mixed",
        paper="Many neurons have one primary feature and weaker secondary ones. Nearly all of "
        "their largest activations come from the primary feature, and their small ones from many "
        "features. Language models show the same: some neurons look interpretable from their "
        "strongest activations and also fire, more weakly, for other things.",
        rule=TopVersusBottom.rule,
        verdict=measured.found.verdict if measured else None,
        evidence=partial(_evidence, found, measured) if measured else None,
        against_real="neurons that look interpretable from their strongest activations have the "
        "same feature in their weak ones, drawn and read in the same way; or the strongest "
        "activations of polysemantic neurons are as mixed as the weak ones.",
        against_toy="most neurons with several features have weights that are about equal, so that "
        "their primary features lead no more often at the top of the range than at the bottom.",
        open="Anything about large activations beyond the weights: given one large weight and "
        "smaller ones, uniform values and sparse features, a clean top follows. Nor that a neuron "
        "holds one feature because its strongest activations do: weak ones have to be sampled "
        "too. Nor that every network is like this: a secondary feature with rare, very large "
        "values could lead at the top.",
        links=partial(_instructive_neurons, measured, found.thresholds),
    )


def _evidence(found: Sweeps, measured: Activations) -> Evidence:
    density = measured.model.config.feature_probability
    curves = median_shares(_kinds(measured))
    return Evidence(
        (
            numbers.of_activations(measured.found, density, found.other_activations),
            numbers.of_second_weights(measured.found, density),
        ),
        partial(_draw, curves, density),
        Numbers(
            curves.drop(columns=["low", "high", "value_low", "value_high", "effective"]),
            "The share of activations in which the primary feature leads, by magnitude.",
            "Median share of activations in which the primary feature leads",
        ),
    )


def _instructive_neurons(measured: Activations | None, thresholds: Thresholds) -> tuple[Link, ...]:
    if measured is None:
        return ()
    worth = instructive(measured.model.W1, measured.neurons)
    state = ExplorerState(choice=choice_of(measured.model), thresholds=thresholds)
    return tuple(
        Link(NEURONS.script, label, state.changed(neuron=neuron, above=_TOP).link, expect)
        for neuron, label, expect in (
            (
                worth["secondary"],
                "A neuron that looks clean at the top",
                "One with a clear secondary feature: what makes it fire, by magnitude.",
            ),
            (
                worth["polysemantic"],
                "The neuron with the most features",
                "The neuron with the largest effective number of features.",
            ),
        )
        if neuron is not None
    )


def _kinds(measured: Activations) -> dict[str, np.ndarray]:
    found, shares = measured.neurons, measured.shares
    several = holding_several(found)
    pure = np.array(found.classes, dtype=object) == CLASSES[0]
    alone = leads_alone(found)
    # Each of k equal weights leads in 1 / k of the activations that one feature can reach.
    effective = np.maximum(found.effective_features, 1)[:, None]
    equal = np.where(np.array(INTERVALS)[:, 1] <= 1, 1 / effective, np.nan)
    kinds = (
        ("hold several features", several, shares),
        ("the same, by their weights alone", several, alone),
        ("the same, if their weights were equal", several, equal),
        ("monosemantic", pure, shares),
    )
    return {
        f"{name} ({which.sum()})": values[which] for name, which, values in kinds if which.any()
    }


def _draw(curves: pd.DataFrame, density: float) -> None:
    st.markdown(
        f"**How often the primary feature contributes most**, by magnitude, 1 − S = {density:g}"
    )
    draw(
        primary_share(curves, theme=colours(), height=430),
        "real-shares",
        alt="Median share of activations in which the primary feature leads, by magnitude and kind",
    )
    st.caption(
        "Medians over neurons, on seeded inputs. By the weights alone: one feature active at a "
        "time, with uniform values. Equal weights: as many as the neuron's effective number of "
        "features. The other weights of a monosemantic neuron are small but not 0, so that its "
        "smallest activations can be mixed too."
    )
