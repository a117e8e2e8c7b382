"""An input entered by hand: which neurons fire, what comes out, what should."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.chart import draw
from pages.shared.clicks import shows
from pages.shared.explorer_state import EXPLORE_STATE, MOST_GIVEN, ExploreState, Given
from pages.shared.resources import colours
from pages.shared.shown import Shown
from pages.shared.widget_values import reported, show_value
from toymodel.analysis.features import forward
from toymodel.charts.ranked_bars import SELECTION as BAR
from toymodel.charts.ranked_bars import ranked_bars

_BARS = 24
_LEAST = 0.005
_GIVEN = "explore.given"


def draw_given(state: ExploreState, shown: Shown) -> None:
    """An input entered by hand: which neurons fire, what comes out, what should."""
    neuron = state.view.neuron
    assert neuron is not None
    config, weights = shown.config, shown.weights
    st.header("Enter an input")
    given = _enter(state, shown)
    fires, output = forward(config, weights, given)
    x = np.zeros(config.n_features, np.float32)
    for feature, value in given:
        x[feature] = value
    target = config.definition.target(x)
    left, right = st.columns(2)
    with left:
        frame = pd.DataFrame({"neuron": np.arange(config.n_neurons), "activation": fires})
        frame = frame.loc[frame["activation"] > 0]
        frame = frame.sort_values("activation", ascending=False, kind="stable")
        most = frame.loc[frame["activation"] > _LEAST * fires.max()].head(_BARS)
        st.markdown(f"**Neurons that fire: {len(frame):,} of {config.n_neurons:,}**")
        key = f"fires-{neuron}"
        draw(
            ranked_bars(
                most,
                of="neuron",
                value="activation",
                title="activation",
                theme=colours(),
                height=240,
                mark=neuron,
            ),
            key,
            selection=BAR,
            on_select=shows(key, BAR, "neuron", "neuron"),
            alt="Activations of the neurons that fire",
        )
        left_out = len(frame) - len(most)
        smaller = f" {left_out:,} that fire less are not drawn." if left_out else ""
        st.caption(
            f"The largest first; outlined: this neuron.{smaller} **Click a bar** to look at "
            "another."
        )
    with right:
        st.markdown("**What comes out, and what should**")
        table = pd.DataFrame(
            {
                "feature": np.arange(config.n_features),
                "value": x,
                "target": target,
                "output": output,
                "error": output - target,
            }
        )
        told = table.loc[(table["target"] > 0) | (table["output"] > _LEAST)]
        told = told.sort_values(["target", "output"], ascending=False, kind="stable")
        st.dataframe(
            told,
            hide_index=True,
            height=240,
            alt="Target and output of every feature that is there or answered to",
            key="given-table",
            column_config={
                name: st.column_config.NumberColumn(name, format="%.3f")
                for name in ("value", "target", "output", "error")
            },
        )
        importance = config.importance
        error = float((importance * (output - target) ** 2).sum())
        st.caption(
            f"Error of this input, Σ I (y − {config.definition.symbol})²: {error:.3g}. Outputs "
            f"below {_LEAST:g} that should be 0 are left out."
        )


def _enter(state: ExploreState, shown: Shown) -> Given:
    neuron = state.view.neuron
    assert neuron is not None
    task, w = shown.config.definition, shown.weights.W1[neuron]
    given = state.view.given
    if given is None:
        primary = int(np.abs(w).argmax())
        given = ((primary, task.high if w[primary] >= 0 else task.low),)
    features = [feature for feature, _ in given]
    show_value(_GIVEN, features)
    st.multiselect(
        "Features that are there",
        range(shown.config.n_features),
        default=features,
        format_func=lambda i: f"f{i}",
        key=_GIVEN,
        max_selections=MOST_GIVEN,
        on_change=_features_given,
        args=(given,),
        placeholder="None: every feature is 0",
    )
    for row in range(0, len(given), 4):
        for cell, (feature, value) in zip(st.columns(4), given[row : row + 4], strict=False):
            key = f"{_GIVEN}.{feature}"
            show_value(key, value)
            cell.slider(
                f"Value of f{feature}",
                task.low,
                task.high,
                value,
                step=0.01,
                key=key,
                on_change=_value_given,
                args=(given, feature),
            )
    return given


# What was there when the page was drawn may have been changed since, in the same moment.


def _features_given(drawn: Given) -> None:
    values, features = dict(_now(drawn)), reported(_GIVEN)
    if features is not None:
        _remember(tuple((feature, values.get(feature, 1.0)) for feature in features))


def _value_given(drawn: Given, feature: int) -> None:
    value = reported(f"{_GIVEN}.{feature}")
    if value is None:
        return
    _remember(tuple((i, value if i == feature else v) for i, v in _now(drawn)))


def _now(drawn: Given) -> Given:
    now = EXPLORE_STATE.left().view.given
    return drawn if now is None else now


def _remember(given: Given) -> None:
    EXPLORE_STATE.remember(EXPLORE_STATE.left().at(given=given))
