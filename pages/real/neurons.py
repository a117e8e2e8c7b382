"""Predictions about single neurons: they exist, both kinds in one layer, and how they fire."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from pages.real.models import MAIN, Read, Sweeps
from pages.real.predictions import Evidence, Link, Prediction
from pages.real.words import on_existence, on_reading, on_together
from pages.shared.chart import draw
from pages.shared.clicks import opens_neuron
from pages.shared.explorer_state import DEFAULT, ExploreState
from pages.shared.links import number
from pages.shared.model_choice import Choice
from pages.shared.navigation import NEURONS, SWEEP
from pages.shared.resources import colours
from pages.sweep.state import SweepState, View
from toymodel.analysis.polysemanticity import (
    CLASSES,
    instructive,
    neurons,
    paper_order,
    with_secondary,
)
from toymodel.analysis.predictions import Existence, Mixture, Together, TopAndLow, holding_several
from toymodel.charts.network.stack_plot import SELECTION, stack_plot, stacks
from toymodel.charts.neuron.primary_share import median_shares, primary_share
from toymodel.charts.sweep.summary import class_shares, gain
from toymodel.config import RECIPES
from toymodel.model import Model

_HEIGHT = 230


def exist(found: Sweeps) -> Prediction:
    """Polysemantic neurons exist."""
    evidence = None
    if found.existence:
        table = found.tables[MAIN]
        evidence = Evidence(
            found.existence.verdict,
            on_existence(found.existence, table),
            partial(_draw_existence, table),
            table,
            "Loss, gain and classes of neurons at every density",
        )
    return Prediction(
        name="exist",
        title="Polysemantic neurons exist",
        paper="They form in the model that computes |x|, just as they are found in a wide range of "
        "neural networks.",
        rule=Existence.rule,
        evidence=evidence,
        against=(
            "that what looks like several features of one neuron turns out, wherever it is looked "
            "into, to be one feature that unites them, or that the network's answers depend on "
            "one of them only.",
            "networks in which neurons hold several features and which do no better than with "
            "neurons of one feature each.",
        ),
        open="Why they are there. Here the exact yardstick tells whether they pay. A real "
        "network has none, and its neurons may be polysemantic without any gain.",
        links=(
            Link(
                SWEEP.script,
                "Every network of this sweep",
                SweepState(thresholds=found.thresholds).link,
                "All 40 neurons at all seven densities, with loss and gain.",
            ),
        ),
    )


def _draw_existence(table: pd.DataFrame) -> None:
    st.markdown("**Classes of neurons and superposition gain**, against density")
    draw(class_shares(table, theme=colours(), height=_HEIGHT + 70), "real-classes")
    if bool(table["gain"].notna().any()):
        draw(gain(table, theme=colours(), height=_HEIGHT + 10), "real-gain")


def side_by_side(found: Sweeps) -> Prediction:
    """Clean and polysemantic neurons in one layer."""
    evidence, links = None, ()
    if found.together:
        models = found.models[MAIN]
        shown = found.together.shown
        table = pd.DataFrame([_row(m) for m in found.together.mixtures], columns=_ROW)
        evidence = Evidence(
            found.together.verdict,
            on_together(found.together, len(models)),
            partial(_draw_together, found, shown),
            table,
            "Networks with both kinds of neurons",
        )
        links = _both_kinds(found, shown)
    return Prediction(
        name="together",
        title="Clean and polysemantic neurons stand in one layer",
        paper="Real layers often have both cleanly interpretable neurons and polysemantic ones, as "
        "the toy model does at intermediate sparsity. There the neurons of the most important "
        "features tend to be the monosemantic ones.",
        rule=Together.rule,
        evidence=evidence,
        against=(
            "layers whose neurons all hold about equally many features; for the order, clean "
            "neurons whose features the network's loss depends on less than on those of "
            "polysemantic neurons.",
            "networks with neurons of one kind only at every density, or clean neurons for the "
            "features that matter least.",
        ),
        open="That a clean neuron of a real network holds an important feature. Importance is "
        "given here and falls by a fifth from each feature to the next; in a real network it has "
        "to be measured. And where clean ends is a threshold: those in the sidebar can be moved.",
        links=links,
    )


_ROW = ["density", *CLASSES, "clean", "mixed", "ordered"]


def _row(mixture: Mixture) -> list[float]:
    return [mixture.density, *mixture.counts, mixture.clean, mixture.mixed, mixture.ordered]


def _both_kinds(found: Sweeps, shown: Mixture | None) -> tuple[Link, ...]:
    model = found.at(shown.density) if shown else None
    if model is None:
        return ()
    classes = neurons(model.W1, found.thresholds).classes
    first = next(j for j in paper_order(model.W1).tolist() if classes[j] == CLASSES[2])
    density = model.config.feature_probability
    view = View(at=density, neuron=first)
    return (
        Link(
            SWEEP.script,
            "Its most important polysemantic neuron",
            SweepState(thresholds=found.thresholds, view=view).link,
            f"Neuron {first} at 1 − S = {number(density)}, marked in the sweep.",
        ),
    )


def _draw_together(found: Sweeps, shown: Mixture | None) -> None:
    model = found.at(shown.density if shown else DEFAULT.config.feature_probability)
    if model is None:
        return
    density = model.config.feature_probability
    st.markdown(f"**Neurons by the importance of their primary feature**, 1 − S = {density:g}")
    plot = stacks(model.config, model.weights, found.thresholds)
    choice = _choice(model)
    chart = stack_plot(
        plot,
        n_features=model.config.n_features,
        top=math.ceil(1.05 * max(1, plot.highest)),
        theme=colours(),
        height=_HEIGHT,
        axis_title="relative |W₁|, stacked",
    )
    draw(
        chart,
        "real-stack",
        selection=SELECTION,
        on_select=opens_neuron("real-stack", SELECTION, choice),
        alt=f"Stack plot at density {density:g}: classes by the rank of the neuron",
    )
    st.caption(
        "One column is one neuron, the most important primary feature on the left; one block is "
        "one input weight, relative to the neuron's largest. The background is the neuron's "
        "class. **Click a neuron** to look at it."
    )


def reading(found: Sweeps) -> Prediction:
    """Large activations look clean, small ones are mixed."""
    evidence, links, density = None, (), DEFAULT.config.feature_probability
    if read := found.read:
        curves = median_shares(_kinds(read))
        evidence = Evidence(
            read.found.verdict,
            on_reading(read.found, density, found.read_elsewhere),
            partial(_draw_reading, curves, density),
            curves.drop(columns=["low", "high", "value_low", "value_high", "effective"]),
            "Median share of activations that the primary feature leads",
        )
        worth = instructive(read.model.W1, read.neurons)
        chosen = ExploreState(_choice(read.model), found.thresholds)
        links = tuple(
            Link(
                NEURONS.script,
                label,
                chosen.at(neuron=neuron, above=above).link,
                expect,
            )
            for neuron, above, label, expect in (
                (
                    worth["secondary"],
                    0.75,
                    "A neuron that looks clean from above",
                    "One with a clear secondary feature: what makes it fire, by magnitude.",
                ),
                (
                    worth["polysemantic"],
                    0.75,
                    "The neuron with the most features",
                    "The same of the neuron with the largest effective number of features.",
                ),
            )
            if neuron is not None
        )
    return Prediction(
        name="reading",
        title="Large activations look clean, small ones are mixed",
        paper="Many neurons have one primary feature and weaker secondary ones, so that nearly all "
        "of their largest activations come with the primary feature, and the small ones with "
        "many. It is what has been seen in language models: neurons that look interpretable from "
        "their strongest activations, and fire for other things more weakly.",
        rule=TopAndLow.rule,
        evidence=evidence,
        against=(
            "neurons called interpretable from their strongest activations whose weak ones, drawn "
            "and read in the same way, come with the same feature; or polysemantic neurons whose "
            "strongest activations are as mixed as their weak ones.",
            "primary features that lead no more often at the top of the range than at the bottom.",
        ),
        open="That a neuron holds one feature because its strongest activations do: weak ones have "
        "to be sampled too. Nor that this is so in every network: values are uniform here, so a "
        "large activation takes a large weight. A secondary feature whose values are at times very "
        "large could lead at the top.",
        links=links,
    )


def _kinds(read: Read) -> dict[str, np.ndarray]:
    several, clear = holding_several(read.neurons), with_secondary(read.neurons)
    groups = {
        "with a clear secondary feature": several & clear,
        "others that hold several features": several & ~clear,
        "monosemantic": np.array(read.neurons.classes, dtype=object) == CLASSES[0],
    }
    return {
        f"{name} ({which.sum()})": read.shares[which]
        for name, which in groups.items()
        if any(which)
    }


def _draw_reading(curves: pd.DataFrame, density: float) -> None:
    st.markdown(
        f"**How often the primary feature contributes most**, by magnitude, 1 − S = {density:g}"
    )
    draw(
        primary_share(curves, theme=colours(), height=_HEIGHT + 200),
        "real-shares",
        alt="Median share of activations that the primary feature leads, by magnitude and kind",
    )
    st.caption(
        "Medians over neurons, on seeded inputs. The other weights of a monosemantic neuron are "
        "small, not 0, so that its smallest activations can be mixed too."
    )


def _choice(model: Model) -> Choice:
    return Choice(model.config, MAIN, RECIPES[MAIN])
