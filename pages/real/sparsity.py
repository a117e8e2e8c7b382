"""Predictions about layers: more polysemantic the sparser, and all of them at the sparsest."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from pages.real.models import LONGER, MAIN, Sweeps
from pages.real.predictions import ACROSS, DASHES, Evidence, Link, Prediction
from pages.real.words import on_extreme, on_longer, on_rise
from pages.shared.chart import draw
from pages.shared.model_choice import Choice
from pages.shared.navigation import SWEEP, TRAIN
from pages.shared.resources import colours
from pages.sweep.state import SweepState
from pages.train.state import TrainState
from toymodel.analysis.predictions import Extreme, Rise, Trend
from toymodel.charts.drawing import Drawing
from toymodel.charts.lines import lines
from toymodel.config import RECIPES
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, PAPER_PANELS

POLYSEMANTIC = "share of neurons polysemantic"
_PAPER = "the paper's figure, as read off"
_SPARSEST = PAPER_CONFIG.replace(feature_probability=min(PAPER_DENSITIES))


def more_when_sparser(found: Sweeps) -> Prediction:
    """The share of polysemantic neurons rises with sparsity."""
    evidence = None
    if found.rise:
        shares = {name: trend.shares for name, trend in found.rise.trends.items()}
        densities = tuple(found.good[MAIN]["density"])
        paper = Trend(densities, tuple(_paper_share(density) for density in densities))
        shares[_PAPER] = paper.shares
        evidence = Evidence(
            found.rise.verdict,
            on_rise(found.rise, found.good, paper)
            + f"\n- {on_longer(found.good[MAIN], found.good[LONGER], LONGER)}",
            partial(_draw, shares, densities, "rise", POLYSEMANTIC),
            _both(found.good),
            "Classes and effective number of features at every density, of both recipes",
        )
    return Prediction(
        name="rise",
        title="The sparser the features, the more neurons are polysemantic",
        paper="In InceptionV1 a larger fraction of neurons is polysemantic in later layers. One "
        "natural explanation: higher-level features are rarer (a floppy ear, compared with the "
        "edge that a Gabor filter finds), and polysemanticity increases with sparsity. The paper "
        "calls that a major prediction of its model.",
        rule=Rise.rule,
        evidence=evidence,
        against=(
            "a count of features and of how often they are there, layer by layer, in which layers "
            "with rarer features do not have more polysemantic neurons, while the number of "
            "features for each neuron and how much they matter are alike.",
            "a share that falls from one density to the next, or that depends on the training "
            "more than on the density.",
        ),
        open="That depth does it, or that sparsity does it in InceptionV1. These networks have one "
        "hidden layer, and nothing but the density differs between them. Layers of a real network "
        "differ in how many features they hold for each neuron, in how these go together and in "
        "how much they matter, and each of these could raise the share by itself.",
        links=(
            Link(
                SWEEP.script,
                "The sweep, trained for longer",
                SweepState(thresholds=found.thresholds).changed(recipe=LONGER).link,
                "The same densities: compare the two sparsest panels with those of the standard "
                "recipe.",
            ),
        ),
    )


def all_when_sparsest(found: Sweeps) -> Prediction:
    """All neurons are polysemantic where features are rarest."""
    evidence = None
    if found.extreme:
        numbers = {name: tuple(table["effective"]) for name, table in found.good.items()}
        densities = tuple(found.good[MAIN]["density"])
        evidence = Evidence(
            found.extreme.verdict,
            on_extreme(found.extreme, found.good),
            partial(_draw, numbers, densities, "extreme", "effective features of a neuron, mean"),
            _both(found.good),
            "Effective number of features at every density, of both recipes",
        )
    short, longer = (Choice.of(_SPARSEST, RECIPES[name]) for name in (MAIN, LONGER))
    return Prediction(
        name="extreme",
        title="Where features are rarest, all neurons are highly polysemantic",
        paper="Neurons of the first MLP layer of transformer language models are often extremely "
        'polysemantic. If what that layer does is to tell the meanings of one token apart ("die" '
        "in English, German, Dutch and Afrikaans), its features would be very sparse, and the toy "
        "model would predict just that; its sparsest panel has no other neurons.",
        rule=Extreme.rule,
        evidence=evidence,
        against=(
            "a first MLP layer whose features, counted over much text, are very rare while its "
            "neurons are clean, or one that is extremely polysemantic with features that are "
            "common.",
            "monosemantic neurons at the sparsest density, the more so in networks with a lower "
            "loss.",
        ),
        open="That early MLP layers tell the meanings of tokens apart: the paper says *if*. Nor "
        "which density stands for such a layer: how rare its features are is not known here, and "
        "the sparsest density was chosen for the figure, not for a language.",
        links=(
            Link(
                TRAIN.script,
                "Both networks side by side",
                TrainState(choice=short, thresholds=found.thresholds, other=longer).link,
                "1 − S = 0.001: the standard recipe compared with the longer one.",
            ),
        ),
    )


def _paper_share(density: float) -> float:
    counts = PAPER_PANELS[density].counts
    return counts[2] / sum(counts)


def _both(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    frames = [table.assign(recipe=name) for name, table in tables.items()]
    whole = pd.concat(frames, ignore_index=True)
    return whole.reindex(columns=["recipe", *whole.columns.drop("recipe")])


def _draw(
    values: Mapping[str, tuple[float, ...]], densities: tuple[float, ...], name: str, up: str
) -> None:
    st.markdown(f"**{up.capitalize()}**, against density")
    draw(
        trends(values, densities, up),
        f"real-{name}",
        alt=f"{up.capitalize()} against density: {', '.join(values)}",
    )


def trends(
    values: Mapping[str, tuple[float, ...]], densities: tuple[float, ...], up: str
) -> Drawing:
    """Up to three curves against density, by name."""
    theme = colours()
    frame = pd.concat(
        pd.DataFrame({"series": series, "x": densities, "y": each})
        for series, each in values.items()
    )
    return lines(
        frame,
        across=ACROSS,
        up=up,
        series=list(values),
        colours=(theme.positive, theme.negative, theme.ink)[: len(values)],
        dashes=DASHES[: len(values)],
        height=280,
        steps="descending",
    )
