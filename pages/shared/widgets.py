"""Controls and words that several pages have."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.page_state import PageState
from pages.shared.task_words import TASK_NAMES
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import MAX_SEED, Config

ODD = (
    " With an odd number of neurons one is left over and can compute one side of one more feature: "
    "that alone gives a gain above 1."
)
"""What to bear in mind of gains above 1 where m is odd."""


def task_inputs(page: PageState[Any], part: str, config: Config) -> None:
    """What the outputs should be, and for networks that copy whether neurons have a bias.

    part: of the page's state, which the config is.
    """
    st.selectbox(
        "Task",
        format_func=TASK_NAMES.__getitem__,
        help="What every output should be.",
        **page.bound_option(part, "task", config.task, list(TASK_NAMES)),
    )
    if config.task == "identity":
        st.checkbox(
            "Hidden bias",
            help="Whether neurons have a bias: h = ReLU(W x + c).",
            **page.bound(part, "hidden_bias", config.hidden_bias),
        )


def model_inputs(page: PageState[Any], config: Config) -> tuple[DeltaGenerator, DeltaGenerator]:
    """What is trained, in two columns."""
    left, right = st.columns(2)
    left.number_input(
        "Features n", 1, 2_000, **page.bound("config", "n_features", config.n_features)
    )
    right.number_input("Neurons m", 1, 2_000, **page.bound("config", "n_neurons", config.n_neurons))
    density_input(left, page, config)
    decay_input(right, page, config)
    left.number_input(
        "Seed",
        0,
        MAX_SEED,
        help="Decides the initial weights and the training data.",
        **page.bound("config", "seed", config.seed),
    )
    return left, right


def density_input(cell: DeltaGenerator, page: PageState[Any], config: Config) -> None:
    """How often a feature is there."""
    cell.number_input(
        "Density 1 − S",
        0.0,
        1.0,
        step=0.01,
        format="%.4g",
        help="How often a feature is not zero.",
        **page.bound("config", "feature_probability", config.feature_probability),
    )


def decay_input(cell: DeltaGenerator, page: PageState[Any], config: Config) -> None:
    """How fast importance falls from feature to feature."""
    cell.number_input(
        "Importance decay d",
        0.0,
        1.0,
        step=0.05,
        format="%.3g",
        help="Feature i has importance d^i; the first one has 1.",
        **page.bound("config", "importance_decay", config.importance_decay),
    )


def threshold_inputs(page: PageState[Any], thresholds: Thresholds) -> None:
    """Where the classes of neurons end."""
    with st.expander("Where the classes end"):
        st.number_input(
            "Monosemantic: second largest weight below",
            0.0,
            1.0,
            step=0.01,
            format="%.3g",
            help="Relative to the neuron's largest input weight; usually 0.05.",
            **page.bound("thresholds", "second_weight", thresholds.second_weight),
        )
        st.number_input(
            "Slightly polysemantic: extra weight below",
            0.0,
            100.0,
            step=0.1,
            format="%.3g",
            help="The height of the stack above its first block; usually 1.",
            **page.bound("thresholds", "extra_weight", thresholds.extra_weight),
        )
