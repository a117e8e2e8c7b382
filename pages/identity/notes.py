"""What to notice about networks that copy, and links to instructive settings."""

from __future__ import annotations

import streamlit as st

from pages.identity.state import IdentityState
from pages.shared.head import Example
from pages.shared.model_choice import Choice
from pages.shared.navigation import SWEEP, TRAIN
from pages.sweep.state import SweepState
from pages.train.state import TrainState
from toymodel.sweeps.shipped import IDENTITY, IDENTITY_BIAS, IDENTITY_DENSITIES, IDENTITY_GROWTH

EXAMPLES = (
    Example(
        "As in the paper's figure",
        IdentityState().link,
        "Without a hidden bias: sparse features share neurons, and the ReLU is used after all.",
    ),
    Example(
        "With a hidden bias",
        IdentityState(hidden="with").link,
        "The bias shifts every neuron up to where it is linear.",
    ),
)


def draw_notes() -> None:
    """Draw what to notice, and links to models on other pages."""
    st.markdown(
        "- **Without a hidden bias, as in the networks that compute |x|**: dense features get a "
        "neuron each, the most important ones first; sparse features share neurons.\n"
        "- **The weakness**: copying needs no ReLU. The ReLU only limits how features can be "
        "encoded, and the network avoids it where it can. With a hidden bias it shifts its neurons "
        "up to where they are linear: without their ReLU such networks do as well, whether their "
        "features are dense or sparse.\n"
        "- **Without a hidden bias** the sparsest networks use the ReLU after all: features share "
        "neurons, and it cuts off interference.\n"
        "- **Many features act as a bias**: without a hidden bias, the average of many features "
        "with positive weights raises the pre-activations. With many features its variation is "
        "smaller in relation to its size.\n"
        "- **|x| needs its ReLU**, with a hidden bias or without: each neuron computes one side, "
        "and a linear hidden layer cannot tell the sides apart. This makes it the better object of "
        "study."
    )
    largest = Choice.of(IDENTITY_GROWTH.configs[-1], IDENTITY_GROWTH.recipe)
    for label, script, link, expect in (
        (
            "This sweep with settings of your own",
            SWEEP.script,
            SweepState(
                config=IDENTITY.configs[0].replace(feature_probability=1.0),
                densities=IDENTITY_DENSITIES,
                restarts=IDENTITY.recipe.restarts,
            ).link,
            "On the sparsity sweep's page, with any n, m, densities and hidden bias.",
        ),
        (
            "Watch the biases grow",
            TRAIN.script,
            TrainState(choice=Choice.of(IDENTITY_BIAS.configs[3], IDENTITY_BIAS.recipe)).link,
            "1 − S = 0.1 with a hidden bias.",
        ),
        (
            "The largest network that simulates a bias",
            TRAIN.script,
            TrainState(choice=largest).link,
            "300 features in 150 neurons.",
        ),
    ):
        st.page_link(script, label=label, query_params=link, help=expect)
