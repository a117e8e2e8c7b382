"""The basis that the hidden ReLU privileges: how far the sweep's features align with neurons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from pages.shared.chart import draw
from pages.shared.resources import colours, store
from pages.shared.training.panel import offer_training, progress_of, watch_training
from pages.sweep.state import SweepState
from toymodel.charts.sweep.privileged_basis import basis_table, neurons_of_a_feature, read_off
from toymodel.config import Config
from toymodel.model import Model
from toymodel.storage.model_file import model_key

MAX_MEASURED = 500
"""Features or neurons; larger networks take too long to rotate."""

_LINEAR = (
    " A linear hidden layer has the same loss in every basis; where its features align with "
    "neurons all the same, the optimizer did it: Adam scales the step of each weight by itself."
)


def draw_basis(state: SweepState, models: Mapping[Config, Model | None]) -> None:
    """Draw how many neurons a feature is spread over, and how well it is read off them.

    Args:
        state: of the page.
        models: those of the panels; None for one that is not trained.
    """
    trained = [model for model in models.values() if model]
    if max(state.config.n_features, state.config.n_neurons) > MAX_MEASURED:
        st.info(f"Networks of up to {MAX_MEASURED} features and neurons are rotated.")
        return
    linear = [config.replace(activation="none") for config in state.configs]
    # In this order: a training that ends in between is then among the models.
    progress = progress_of(linear, state.recipe)
    others = [model for config in linear if (model := store().get(config, state.recipe))]
    st.markdown(
        "A ReLU acts on each neuron by itself. So the neurons are not a basis like any other: "
        "features align with them, and in the dense regime the value of a feature can be read off "
        "its own neurons."
    )
    table = pd.concat([_measured(trained), _measured(others)], ignore_index=True)
    theme = colours()
    left, right = st.columns(2)
    with left:
        draw(
            neurons_of_a_feature(table, theme=theme),
            "basis-neurons",
            alt="Effective neurons of a feature against density, trained and rotated",
        )
    with right:
        draw(
            read_off(table, theme=theme),
            "basis-read-off",
            alt="Variance of a feature that its own neurons explain, trained and rotated",
        )
    task, m = state.config.definition, state.config.n_neurons
    st.caption(
        f"Left: {task.symbol} of a feature takes {task.neurons_in_words}; a direction at random is "
        f"spread over about (m + 2)/3 = {(m + 2) / 3:.1f}. Right: R² of the best linear function "
        f"of {task.neurons_in_words}; 1 is exact." + (_LINEAR if others else "")
    )
    with st.expander("The same in numbers, with the loss after a rotation"):
        _draw_numbers(table)
    if len(others) == len(linear):
        return
    st.caption("For comparison: the same networks with a linear hidden layer.")
    if progress and progress.active:
        watch_training(linear, state.recipe)
    else:
        missing = len(linear) - len(others)
        offer_training(linear, state.recipe, missing=missing, key="train-linear")


def _measured(models: Sequence[Model]) -> pd.DataFrame:
    return _table(tuple(model_key(model.config, model.recipe) for model in models), models)


@st.cache_data(show_spinner="Rotating the networks.", max_entries=60)
def _table(keys: tuple[str, ...], _models: Sequence[Model]) -> pd.DataFrame:
    return basis_table(_models)


def _draw_numbers(table: pd.DataFrame) -> None:
    st.dataframe(
        table,
        hide_index=True,
        alt="Effective neurons, read-off and loss of every network, trained and rotated",
        key="basis-table",
        column_config={
            "density": st.column_config.NumberColumn("1 − S", format="%g", width="small"),
            "hidden": "hidden layer",
            "neurons": st.column_config.NumberColumn("neurons of a feature", format="%.2f"),
            "neurons_rotated": st.column_config.NumberColumn("rotated", format="%.2f"),
            "read_off": st.column_config.NumberColumn("R² of a feature", format="%.3f"),
            "read_off_rotated": st.column_config.NumberColumn("R² rotated", format="%.3f"),
            "loss": st.column_config.NumberColumn("loss", format="%.4f"),
            "loss_rotated": st.column_config.NumberColumn("loss rotated", format="%.4f"),
        },
    )
    st.caption(
        "Means over the represented features, weighted by importance, and over random rotations "
        "of the hidden space: W₁ is rotated, and W₂ back. With a linear hidden layer that changes "
        "nothing; between the two, a ReLU does."
    )
