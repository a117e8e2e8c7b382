"""A neuron's activation against one feature and two, and an output with the neuron on and off."""

from __future__ import annotations

import streamlit as st

from pages.shared.cached_analysis import activity_of
from pages.shared.chart import draw
from pages.shared.explorer.state import EXPLORER_PAGES, ExplorerState
from pages.shared.models import Shown
from pages.shared.resources import colours
from pages.shared.widgets import option_box
from toymodel.charts.neuron.ablated_response import ablated_response
from toymodel.charts.neuron.activation_response import activation_map, activation_response

_MAX_LINES = 5
_HEIGHT = 320


def draw_responses(state: ExplorerState, shown: Shown) -> None:
    """Draw the three charts."""
    neuron = state.neuron
    assert neuron is not None
    config, weights, theme = shown.config, shown.weights, colours()
    named = activity_of(shown.name, shown, neuron).features
    primary, second = named[0], _second(state, named)
    one, two, three = st.columns(3)
    with one:
        st.markdown("**Activation against one feature alone**")
        height = _HEIGHT + 76  # that of the others with the boxes above them
        draw(
            activation_response(
                config, weights, neuron, named[:_MAX_LINES], theme=theme, height=height
            ),
            "responses",
            alt=f"Activation of neuron {neuron} against each of its largest features",
        )
    with two:
        st.markdown(f"**Activation for f{primary} and another feature**")
        if second is None:
            st.caption("This model has one feature only.")
        else:
            others = {i: f"f{i}" for i in range(config.n_features) if i != primary}
            option_box(EXPLORER_PAGES, "second", names=others, value=second)
            draw(
                activation_map(
                    config, weights, neuron, primary, second, theme=theme, height=_HEIGHT
                ),
                "response-map",
                alt=f"Activation of neuron {neuron} for values of f{primary} and f{second}",
            )
            _say_left_out(shown, second)
    with three:
        st.markdown("**Output of a feature alone, with the neuron on and off**")
        feature = primary if state.output is None else state.output
        option_box(
            EXPLORER_PAGES,
            "output",
            names={i: f"f{i}" for i in range(config.n_features)},
            value=feature,
        )
        draw(
            ablated_response(config, weights, neuron, feature, theme=theme, height=_HEIGHT),
            "on-and-off",
            alt=f"Output {feature} against its value with neuron {neuron} on and off",
        )
        _say_left_out(shown, feature)


def _say_left_out(shown: Shown, feature: int) -> None:
    if feature >= shown.recipe.trained_features(shown.config):
        st.caption(f"f{feature} was left out of the training: no neuron has weights of it.")


def _second(state: ExplorerState, named: tuple[int, ...]) -> int | None:
    n, primary = state.choice.config.n_features, named[0]
    if state.second not in (None, primary):
        return state.second
    others = [*named[1:], *(i for i in range(n) if i != primary)]
    return others[0] if others else None
