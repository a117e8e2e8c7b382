"""The predictions about sparsity: more polysemantic neurons, and in the end no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from pages.real import numbers
from pages.real.models import LONGER, MAIN, Sweeps
from pages.real.predictions import Evidence, Link, Numbers, Prediction
from pages.shared.chart import draw
from pages.shared.model_choice import Choice
from pages.shared.navigation import SWEEP, TRAIN
from pages.shared.resources import colours
from pages.sweep.state import SweepState
from pages.train.state import TrainState
from toymodel.analysis.predictions import SparsestSetting, SparsityTrend, Trend
from toymodel.charts.sweep.density_lines import density_lines
from toymodel.recipe import RECIPES
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, PAPER_PANELS

_SPARSEST = PAPER_CONFIG.replace(feature_probability=min(PAPER_DENSITIES))


def sparsity_trend(found: Sweeps) -> Prediction:
    """The share of polysemantic neurons rises with sparsity."""
    measured = found.trend
    return Prediction(
        name="rise",
        title="The sparser the features, the more neurons are polysemantic",
        paper="In InceptionV1 a larger fraction of neurons is polysemantic in later layers. A "
        "natural explanation: polysemanticity increases with sparsity, and higher-level features "
        "are rarer. A floppy ear, for example, is rarer than the edges that Gabor filters find. "
        "The paper calls this a major prediction of its model.",
        rule=SparsityTrend.rule,
        verdict=measured.verdict if measured else None,
        evidence=partial(_of_trend, found, measured) if measured else None,
        against_real="a count of features and of their frequency, layer by layer, in which layers "
        "with rarer features do not have more polysemantic neurons, although the number of "
        "features for each neuron and their importance are alike.",
        against_toy="a share that falls from one density to the next, or that depends more on the "
        "training than on the density.",
        open="That depth causes it, or that sparsity causes it in InceptionV1. These networks have "
        "one hidden layer and differ in density alone. Layers of a real network differ in how many "
        "features they hold for each neuron, in which features occur together and in how important "
        "they are. Each of these could raise the share by itself.",
        links=lambda: (
            Link(
                SWEEP.script,
                "The sweep, trained for longer",
                SweepState(thresholds=found.thresholds).changed(recipe=LONGER).link,
                "The same densities. Compare the two sparsest panels with those of the standard "
                "recipe.",
            ),
        ),
    )


def sparsest_setting(found: Sweeps) -> Prediction:
    """All neurons are polysemantic where features are rarest."""
    measured = found.sparsest
    short, longer = (Choice.of(_SPARSEST, RECIPES[name]) for name in (MAIN, LONGER))
    return Prediction(
        name="extreme",
        title="Where features are rarest, all neurons are highly polysemantic",
        paper="Neurons of the first MLP layer of transformer language models are often extremely "
        'polysemantic. If that layer tells the meanings of one token apart ("die" in English, '
        "German, Dutch and Afrikaans), its features are very sparse, and the toy model predicts "
        "just that: its sparsest panel has no other neurons.",
        rule=SparsestSetting.rule,
        verdict=measured.verdict if measured else None,
        evidence=partial(_of_sparsest, found) if measured else None,
        against_real="a first MLP layer whose features, counted over much text, are very rare "
        "while its neurons are clean, or a layer that is extremely polysemantic with features that "
        "are common.",
        against_toy="monosemantic neurons at the sparsest density, all the more in networks with a "
        "lower loss.",
        open="That early MLP layers tell the meanings of tokens apart: the paper says *if*. Nor "
        "which density stands for such a layer: how rare its features are is not known, and the "
        "sparsest density was chosen for the figure, not for a language.",
        links=lambda: (
            Link(
                TRAIN.script,
                "Both networks side by side",
                TrainState(choice=short, thresholds=found.thresholds, other=longer).link,
                "1 − S = 0.001: the standard recipe compared with the longer one.",
            ),
        ),
    )


def _of_trend(found: Sweeps, measured: SparsityTrend) -> Evidence:
    trends = measured.trends
    densities = trends[MAIN].densities
    paper = Trend(densities, tuple(_paper_share(density) for density in densities))
    shares = {name: trend.shares for name, trend in trends.items()}
    return Evidence(
        (
            numbers.of_trend(measured, found.compared, paper),
            numbers.of_longer_training(found.compared),
        ),
        partial(
            _draw,
            shares | {numbers.PAPER: paper.shares},
            densities,
            "rise",
            "share of neurons polysemantic",
        ),
        _both(
            found.compared,
            "Classes and effective number of features at every density, of both recipes",
        ),
    )


def _of_sparsest(found: Sweeps) -> Evidence:
    effective = {name: tuple(table["effective"]) for name, table in found.compared.items()}
    return Evidence(
        (numbers.of_sparsest(found.compared),),
        partial(
            _draw,
            effective,
            tuple(found.compared[MAIN]["density"]),
            "extreme",
            "effective features of a neuron, mean",
        ),
        _both(found.compared, "Effective number of features at every density, of both recipes"),
    )


def _paper_share(density: float) -> float:
    counts = PAPER_PANELS[density].counts
    return counts[2] / sum(counts)


def _both(tables: Mapping[str, pd.DataFrame], alt: str) -> Numbers:
    whole = pd.concat(
        [table.assign(recipe=name) for name, table in tables.items()], ignore_index=True
    )
    ordered = whole.reindex(columns=["recipe", *whole.columns.drop("recipe")])
    return Numbers(ordered, "Every network of both recipes.", alt)


def _draw(
    values: Mapping[str, Sequence[float]], densities: Sequence[float], name: str, up: str
) -> None:
    st.markdown(f"**{up.capitalize()}**, against density")
    draw(
        density_lines(
            {curve: (densities, each) for curve, each in values.items()}, up=up, theme=colours()
        ),
        f"real-{name}",
        alt=f"{up.capitalize()} against density: {', '.join(values)}",
    )
