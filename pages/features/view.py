"""A feature in numbers, the neurons that carry it, and its output."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.cached_analysis import losses_of
from pages.shared.chart import draw, shows
from pages.shared.explorer.state import ExplorerState
from pages.shared.metrics import metric
from pages.shared.models import Shown
from pages.shared.navigation import NEURONS
from pages.shared.resources import colours
from toymodel.analysis.features import CARRIES, COMPUTED, SERVED, Interference
from toymodel.analysis.loss import best_constant_loss
from toymodel.analysis.polysemanticity import CLASSES, superposition
from toymodel.charts.feature.carrier_table import carrier_table
from toymodel.charts.lines import lines
from toymodel.charts.network.output_response import responses
from toymodel.charts.ranked_bars import SELECTION as BAR
from toymodel.charts.ranked_bars import ranked_bars
from toymodel.config import Config

_BARS = 16
_LINKS = 10


def draw_metrics(state: ExplorerState, shown: Shown, found: Interference) -> None:
    """Draw how well the feature is computed."""
    feature = state.feature
    assert feature is not None
    config = shown.config
    side = found.sides[feature]
    losses = losses_of(shown.name, shown)
    importance = float(config.importance[feature])
    most = importance * config.feature_probability * config.definition.mean_square
    alone = losses[feature] * config.loss_scale / most if most else math.nan
    shares = superposition(shown.weights.W1)[feature]
    st.header(f"Feature f{feature}: {COMPUTED[side]}")
    with st.container(horizontal=True):
        metric(
            "Importance",
            f"{importance:.3g}",
            f"I = d^i; f{feature} is number {feature + 1:,} of {config.n_features:,}.",
        )
        metric(
            "Gain of the positive side",
            _gain(found.high[feature, feature]),
            "Path gains of the neurons that positive values drive, added up: 1 is exact.",
        )
        metric(
            "Gain of the negative side",
            _gain(found.low[feature, feature]) if found.two_sided else "–",
            "Path gains of the neurons that negative values drive, added up: 1 is exact.",
        )
        metric(
            "Superposition",
            "–" if np.isnan(shares) else f"{shares:.2f}",
            "About 0 where it has neurons to itself, 1 and more where it shares them; none where "
            "its input weights are below 1 % of the largest.",
        )
        metric(
            "Share of the loss",
            f"{losses[feature] / losses.sum():.1%}" if losses.sum() else "–",
            "This output's part of the model's loss, weighted by importance.",
        )
        metric(
            "Its own loss",
            "–" if math.isnan(alone) else f"{alone:.3g}",
            "This output's squared error, where answering 0 to everything scores 1 and the best "
            f"constant {best_constant_loss(config):.3g}.",
        )
    if feature >= shown.recipe.trained_features(config):
        _say_left_out(config, feature)
    elif side in ("in part", "not represented"):
        _say_what_instead(shown, feature)


def _gain(value: float) -> str:
    rounded = round(float(value), 2) + 0.0  # no minus before a zero
    return f"{rounded:.2f}"


def _say_left_out(config: Config, feature: int) -> None:
    best = config.feature_probability * config.definition.mean
    st.info(
        f"f{feature} was left out of the training: it has no weights, and its output is the best "
        f"constant, p/2 = {best:.3g}, whatever the input."
    )


def _say_what_instead(shown: Shown, feature: int) -> None:
    config, weights = shown.config, shown.weights
    nothing = float(weights.output(np.zeros((config.n_features, 1), np.float32))[feature, 0])
    alone = responses(config, weights, [feature])["output"]
    best = config.feature_probability * config.definition.mean
    symbol = config.definition.symbol
    st.info(
        f"The gains of neither side reach {SERVED:g}: this model computes {symbol} of it badly. "
        f"To an empty input the output answers {nothing:.3g}, to f{feature} alone "
        f"{alone.min():.3g} to {alone.max():.3g}; the best constant would be p/2 = {best:.3g}."
    )


def draw_carriers(state: ExplorerState, shown: Shown) -> None:
    """Draw the neurons that carry the feature, and its output when it is active alone."""
    feature = state.feature
    assert feature is not None
    table = carrier_table(shown.weights, feature, state.thresholds)
    left, right = st.columns([6, 4])
    with left:
        st.markdown(f"**{_set(table)}**")
        if len(table):
            key = f"carriers-{feature}"
            order = table.sort_values(["side", "path_gain"], ascending=False, kind="stable")
            draw(
                ranked_bars(
                    order.head(_BARS * 2),
                    of="neuron",
                    value="path_gain",
                    title="path gain",
                    theme=colours(),
                    height=240,
                ),
                key,
                selection=BAR,
                on_select=shows(key, BAR, "neuron", "neuron", path="neurons"),
                alt=f"Path gains of the neurons that carry f{feature}",
            )
            ends = ", ".join(
                f"{table['side'].tolist().count(side)} on the {side} side"
                for side in ("positive", "negative")
            )
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(
                    "**Click a bar**, or:",
                    width="content",
                    help=f"Path gains of {CARRIES:g} and more, of either sign: {ends}; (+) and (−) "
                    "are the signs of the feature that drive the neuron. Below 0 a neuron takes "
                    "away what others give.",
                )
                for neuron in table["neuron"].head(_LINKS):
                    st.page_link(
                        NEURONS.script,
                        label=f"n{neuron}",
                        query_params=state.changed(neuron=int(neuron)).link,
                    )
    with right:
        st.markdown("**Its output when it alone is there**")
        frame = responses(shown.config, shown.weights, [feature])
        target = f"target {shown.config.definition.symbol}"
        curves = pd.concat(
            [
                pd.DataFrame({"series": name, "x": frame["x"], "y": frame[column]})
                for name, column in (("output", "output"), (target, "target"))
            ]
        )
        theme = colours()
        draw(
            lines(
                curves,
                across=f"value of f{feature}",
                up=f"output {feature}",
                series=("output", target),
                colours=(theme.negative, theme.ink),
                dashes=((1, 0), (2, 3)),
                height=240,
            ),
            "alone",
            alt=f"Output {feature} against the value of f{feature} alone, and the target",
        )


def draw_numbers(state: ExplorerState, shown: Shown) -> None:
    """Draw the neurons that carry the feature as a table."""
    feature = state.feature
    assert feature is not None
    table = carrier_table(shown.weights, feature, state.thresholds)
    if table.empty:
        st.caption(f"{_set(table)}.")
        return
    st.dataframe(
        table,
        hide_index=True,
        alt=f"Neurons that carry f{feature}",
        key="carriers-table",
        column_config={
            name: st.column_config.NumberColumn(label, format="%.3f")
            for name, label in (
                ("path_gain", "path gain"),
                ("w_in", "weight in"),
                ("w_out", "weight out"),
            )
        }
        | {"primary": st.column_config.NumberColumn("primary feature")},
    )


def _set(table: pd.DataFrame) -> str:
    count = len(table)
    if not count:
        return f"No neuron has a path gain of {CARRIES:g} or more"
    mono = table["class"].tolist().count(CLASSES[0])
    if count == 1:
        return "1 neuron carries it" + (", a monosemantic one" if mono else "")
    which = f", {'all' if mono == count else mono} of them monosemantic" if mono else ""
    return f"{count:,} neurons carry it{which}"
