"""An input entered by hand: the neurons that fire, the outputs, and their targets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.chart import draw, shows
from pages.shared.explorer.state import EXPLORER_PAGES, MAX_GIVEN, ExplorerState, Given
from pages.shared.models import Shown
from pages.shared.page_session import watched
from pages.shared.resources import colours
from toymodel.analysis.features import forward
from toymodel.charts.ranked_bars import SELECTION as BAR
from toymodel.charts.ranked_bars import ranked_bars

_BARS = 24
_LEAST = 0.005
_GIVEN = "explore.given"


def draw_given(state: ExplorerState, shown: Shown) -> None:
    """Draw the table for the input, the neurons that fire, the outputs, and their targets."""
    neuron = state.neuron
    assert neuron is not None
    config, weights = shown.config, shown.weights
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


def _enter(state: ExplorerState, shown: Shown) -> Given:
    neuron = state.neuron
    assert neuron is not None
    task, w = shown.config.definition, shown.weights.W1[neuron]
    given = state.given
    if given is None:
        primary = int(np.abs(w).argmax())
        given = ((primary, task.high if w[primary] >= 0 else task.low),)
    features = [feature for feature, _ in given]
    st.multiselect(
        "Features that are there",
        range(shown.config.n_features),
        default=features,
        format_func=lambda i: f"f{i}",
        max_selections=MAX_GIVEN,
        placeholder="None: every feature is 0",
        **watched(_GIVEN, features, lambda chosen: _change_features(given, chosen)),
    )
    for row in range(0, len(given), 4):
        for cell, (feature, value) in zip(st.columns(4), given[row : row + 4], strict=False):
            cell.slider(
                f"Value of f{feature}",
                task.low,
                task.high,
                value,
                step=0.01,
                **watched(f"{_GIVEN}.{feature}", value, partial(_change_value, given, feature)),
            )
    return given


# Another widget may have changed the input since the page was drawn.


def _change_features(drawn: Given, features: Sequence[int]) -> None:
    values = dict(_now(drawn))
    EXPLORER_PAGES.change(given=tuple((i, values.get(i, 1.0)) for i in features))


def _change_value(drawn: Given, feature: int, value: float) -> None:
    changed = tuple((i, value if i == feature else v) for i, v in _now(drawn))
    EXPLORER_PAGES.change(given=changed)


def _now(drawn: Given) -> Given:
    now = EXPLORER_PAGES.state.given
    return drawn if now is None else now
