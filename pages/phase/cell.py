"""One cell of the phase diagram: its network's weights, and its losses beside the solutions'."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.phase.state import PHASE_PAGE, PhaseState
from pages.shared.chart import draw
from pages.shared.metrics import metric
from pages.shared.model_choice import Choice
from pages.shared.navigation import TRAIN
from pages.shared.resources import colours
from pages.shared.sections import place
from pages.train.state import TrainState
from toymodel.charts.network.weight_bars import Side, reach_of, signed_bars, weight_bars
from toymodel.model import Weights
from toymodel.phase.candidates import Theory
from toymodel.phase.comparison import candidate_losses
from toymodel.phase.diagram import (
    DENSITIES,
    PHASES,
    RATIOS,
    Diagram,
    cell_config,
    larger_together,
    phase_of,
)

CELL = "phase-cell"
"""The place of the opened cell on the page."""

_SIDES: dict[Side, str] = {"input": "W₁: input → neuron", "output": "W₂: neuron → output"}
_WEIGHTS = ("W₁ first", "W₁ second", "W₂ first", "W₂ second")
_LOSSES = {
    "loss": st.column_config.NumberColumn("exact loss", format="%.5f"),
    "above": st.column_config.NumberColumn("above the best", format="percent"),
}


def draw_cell(state: PhaseState, diagram: Diagram, theory: Theory) -> None:
    """Draw the cell that is opened."""
    row, column = state.cell
    density, ratio = diagram.densities[row], diagram.ratios[column]
    place(CELL)
    st.subheader("One cell")
    for cell, (label, parameter, values) in zip(
        st.columns(2),
        (("Density 1 − S", "p", DENSITIES), ("Importance of the second", "ratio", RATIOS)),
        strict=True,
    ):
        cell.select_slider(
            label,
            values,
            format_func=lambda value: f"{value:.3g}",
            **PHASE_PAGE.bound(parameter),
        )
    weights = diagram.weights(row, column)
    losses = np.sort(diagram.losses[row, column])
    phase = PHASES[phase_of(weights.W1, weights.W2, state.thresholds.second_weight)]
    lowest = float(theory.lowest[row, column])
    with st.container(horizontal=True):
        metric("The neurons serve", phase, "What the best trained network of this cell computes.")
        metric(
            "Loss, exact",
            f"{losses[0]:.4g}",
            "Normalised: answering 0 to everything is 1. An integral, not sampled.",
        )
        metric(
            "Above the best solution",
            f"{100 * (losses[0] / lowest - 1):.2g} %",
            "How far its loss is above the lowest exact loss.",
        )
    _draw_weights(weights)
    _draw_losses(theory, row, column, losses)
    _draw_link(diagram, density, ratio)


def _draw_weights(weights: Weights) -> None:
    for cell, (side, title) in zip(st.columns(2), _SIDES.items(), strict=True):
        bars = signed_bars(weights, side=side)
        with cell:
            draw(
                weight_bars(
                    bars,
                    n_features=2,
                    title=title,
                    theme=colours(),
                    reach=reach_of(bars),
                    height=200,
                    names=True,
                ),
                f"phase-cell-{side}",
                alt=f"Weights of the cell's best network, {title}",
            )
    st.dataframe(
        weight_table(weights),
        hide_index=True,
        alt="Weights of the neurons, and whether the larger input and output weight go together",
        column_config={
            name: st.column_config.NumberColumn(name, format="%.3f") for name in _WEIGHTS
        },
    )
    first, second = (f"{bias:+.3f}".replace("-", "−") for bias in weights.b)
    st.caption(
        "Feature 0 is the first feature, feature 1 the second. Output biases: "
        f"{first} and {second}. Together: whether the feature with the neuron's larger input "
        "weight has its larger output weight, too. In asymmetric superposition it has the smaller "
        "one."
    )


def weight_table(weights: Weights) -> pd.DataFrame:
    """The weights of the neurons, and whether the larger ones go together.

    Returns:
        One row a neuron. Columns: neuron, W₁ first and W₁ second (input weights of the features),
        W₂ first and W₂ second (output weights), together ("yes" or "no").
    """
    together = larger_together(weights.W1, weights.W2)
    values = np.concatenate([weights.W1.T, weights.W2])
    return pd.DataFrame(
        {
            "neuron": range(len(together)),
            **dict(zip(_WEIGHTS, values, strict=True)),
            "together": np.where(together, "yes", "no"),
        }
    )


def _draw_losses(theory: Theory, row: int, column: int, losses: np.ndarray) -> None:
    st.markdown("**Solutions at this cell**, by exact loss")
    st.dataframe(
        candidate_losses(theory, row, column)[["solution", "loss", "above"]],
        hide_index=True,
        alt="Candidate solutions and their losses",
        column_config=_LOSSES,
    )
    angle = float(np.degrees(theory.angle[row, column]))
    best_ratio = f"{np.tan(np.radians(angle)):.2f}" if angle < 89.9 else "infinite"
    st.caption(
        "Alone: both neurons serve one feature; the other output is the best constant. A neuron "
        "each: each neuron serves one side of one feature. Shared: both neurons serve both "
        "features, one for each side. The best ratio of the second feature's weights to the "
        f"first's in this cell: {best_ratio}."
    )
    with st.expander(f"The {len(losses)} networks trained for this cell, by exact loss"):
        st.dataframe(
            pd.DataFrame({"loss": losses, "above": losses / theory.lowest[row, column] - 1}),
            hide_index=True,
            height=180,
            alt="Losses of the cell's networks",
            column_config=_LOSSES,
        )


def _draw_link(diagram: Diagram, density: float, ratio: float) -> None:
    config, reverse = cell_config(density, ratio)
    opened = TrainState(choice=Choice.of(config, diagram.recipe))
    st.page_link(TRAIN.script, label="Train this cell again", query_params=opened.link)
    st.caption(_ORDER[reverse])


_ORDER = {
    False: "The same networks, seen while they learn.",
    True: "The same networks, seen while they learn. Features are in the order of importance "
    "there: this diagram's second one is feature 0.",
}
