"""What a neuron answers: to one feature, to two, and to an input entered by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.clicks import clicked
from pages.shared.draw import draw
from pages.shared.explore_state import EXPLORE_STATE, MOST_GIVEN, ExploreState, Given
from pages.shared.measured import activity_of
from pages.shared.page_state import show_value
from pages.shared.resources import colours
from pages.shared.shown import Shown
from toymodel.charts.lines import lines
from toymodel.charts.ranked_bars import SELECTION as BAR
from toymodel.charts.ranked_bars import ranked_bars
from toymodel.charts.response import response
from toymodel.charts.response_map import response_map
from toymodel.features import answers
from toymodel.neuron_frames import activation_map, activation_responses, with_and_without

_FEW = 5
_HEIGHT = 320
_LEAST = 0.005
_GIVEN = "explore.given"


def draw_responses(state: ExploreState, shown: Shown) -> None:
    """Activation against one feature and two, and an output with the neuron on and off."""
    neuron = state.view.neuron
    assert neuron is not None
    config, weights, theme = shown.config, shown.weights, colours()
    named = activity_of(shown.name, shown, neuron).features
    primary, second = named[0], _second(state, named)
    st.header("What it answers")
    one, two, three = st.columns(3)
    with one:
        st.markdown("**Activation against one feature alone**")
        frame = activation_responses(config, weights, neuron, named[:_FEW])
        draw(
            response(
                frame,
                n_features=config.n_features,
                theme=theme,
                up="activation",
                height=_HEIGHT + 76,
            ),
            "responses",
            alt=f"Activation of neuron {neuron} against each of its largest features",
        )
    with two:
        st.markdown(f"**Activation for f{primary} and another feature**")
        if second is None:
            st.caption("This model has one feature only.")
        else:
            st.selectbox(
                "The other feature",
                [i for i in range(config.n_features) if i != primary],
                format_func=lambda i: f"f{i}",
                **EXPLORE_STATE.bound("view", "second", second),
            )
            draw(
                response_map(
                    activation_map(config, weights, neuron, primary, second),
                    across=f"value of f{primary}",
                    up=f"value of f{second}",
                    value="activation",
                    theme=theme,
                    height=_HEIGHT,
                ),
                "response-map",
                alt=f"Activation of neuron {neuron} for values of f{primary} and f{second}",
            )
    with three:
        st.markdown("**Output of a feature alone, with the neuron on and off**")
        feature = primary if state.view.feature is None else state.view.feature
        st.selectbox(
            "Output of",
            range(config.n_features),
            format_func=lambda i: f"f{i}",
            **EXPLORE_STATE.bound("view", "feature", feature),
        )
        frame = with_and_without(config, weights, neuron, feature)
        series = frame["series"].unique().tolist()
        draw(
            lines(
                frame,
                across=f"value of f{feature}, alone",
                up=f"output {feature}",
                series=series,
                colours=(theme.negative, theme.positive, theme.ink),
                dashes=((1, 0), (6, 3), (2, 3)),
                theme=theme,
                height=_HEIGHT,
            ),
            "on-and-off",
            alt=f"Output {feature} against its value with neuron {neuron} on and off",
        )


def _second(state: ExploreState, named: tuple[int, ...]) -> int | None:
    n, primary = state.choice.config.n_features, named[0]
    if state.view.second not in (None, primary):
        return state.view.second
    others = [*named[1:], *(i for i in range(n) if i != primary)]
    return others[0] if others else None


def draw_given(state: ExploreState, shown: Shown) -> None:
    """An input entered by hand: which neurons fire, what comes out, what should."""
    neuron = state.view.neuron
    assert neuron is not None
    config, weights = shown.config, shown.weights
    st.header("Enter an input")
    given = _enter(state, shown)
    fires, output = answers(config, weights, given)
    x = np.zeros(config.n_features, np.float32)
    for feature, value in given:
        x[feature] = value
    target = config.definition.target(x)
    left, right = st.columns(2)
    with left:
        frame = pd.DataFrame({"neuron": np.arange(config.n_neurons), "activation": fires})
        frame = frame.loc[frame["activation"] > _LEAST * max(1e-12, fires.max())]
        frame = frame.sort_values("activation", ascending=False, kind="stable")
        most = frame.head(24)
        st.markdown(f"**{len(frame):,} of {config.n_neurons:,} neurons fire**")
        key = f"fires-{neuron}"

        def choose() -> None:
            chosen = clicked(key, BAR, "neuron")
            if chosen is not None:
                EXPLORE_STATE.remember(EXPLORE_STATE.left().at(neuron=chosen))

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
            on_select=choose,
            alt="Activations of the neurons that fire",
        )
        st.caption("The largest first; outlined: this neuron. **Click a bar** to look at another.")
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
            f"Error of this input, Σ I (y − |x|)²: {error:.3g}. Outputs below {_LEAST:g} that "
            "should be 0 are left out."
        )


def _enter(state: ExploreState, shown: Shown) -> Given:
    neuron = state.view.neuron
    assert neuron is not None
    task, w = shown.config.definition, shown.weights.W1[neuron]
    given = state.view.given
    if given is None:
        primary = int(np.abs(w).argmax())
        given = ((primary, task.high if w[primary] >= 0 else task.low),)
    show_value(_GIVEN, [feature for feature, _ in given])
    st.multiselect(
        "Features that are there",
        range(shown.config.n_features),
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
                step=0.01,
                key=key,
                on_change=_value_given,
                args=(given, feature),
            )
    return given


def _features_given(given: Given) -> None:
    values = dict(given)
    features = st.session_state[_GIVEN]
    _remember(tuple((feature, values.get(feature, 1.0)) for feature in features))


def _value_given(given: Given, feature: int) -> None:
    value = st.session_state[f"{_GIVEN}.{feature}"]
    _remember(tuple((i, value if i == feature else v) for i, v in given))


def _remember(given: Given) -> None:
    EXPLORE_STATE.remember(EXPLORE_STATE.left().at(given=given))
