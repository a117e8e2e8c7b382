"""Networks that are followed from dense to sparse and back: how single neurons turn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from pages.phase.models import along_density, followed_networks
from pages.phase.state import PHASE_PAGE, PhaseState
from pages.shared.chart import draw
from pages.shared.metrics import metric
from pages.shared.resources import colours
from pages.shared.sections import expander
from toymodel.analysis.loss import superposition_gain
from toymodel.charts.phase.network_curves import ONE_FEATURE, TWO_FEATURES
from toymodel.charts.phase.neuron_paths import (
    DIRECTIONS,
    by_density,
    direction_curves,
    neuron_paths,
    turns,
)
from toymodel.phase.chain import Chain
from toymodel.recipe import recipe_name
from toymodel.text import number


def draw_followed(state: PhaseState) -> None:
    """Draw what each neuron holds as density falls and rises again."""
    st.header("One neuron at a time: does it jump?")
    found = followed_networks()
    if isinstance(found, str):
        st.info(found)
        return
    chain, followed = found
    dense, sparse = max(chain.densities), min(chain.densities)
    st.markdown(
        f"Here {chain.recipe.restarts} networks are followed from 1 − S = {number(dense)} to "
        f"{number(sparse)} **and back**: at each density, training goes on from the weights of the "
        f"density before, for {chain.recipe.steps:,} steps (`{recipe_name(chain.recipe)}`). A line "
        "is a neuron."
    )
    table = by_density(chain, followed)
    _draw_metrics(state, chain, followed, table)
    best = int(chain.losses[chain.densities.index(sparse)].argmin())
    for cell, direction in zip(st.columns(2), DIRECTIONS, strict=True):
        with cell:
            st.markdown(f"**{direction.capitalize()}**, network {best}")
            draw(
                neuron_paths(followed, best, direction, theme=colours()),
                f"phase-paths-{direction.rpartition(' ')[2]}",
                alt=f"Effective features of each neuron against density, as {direction}",
            )
    st.caption(
        f"A neuron holds one feature below {ONE_FEATURE:g} effective features, and several from "
        f"{TWO_FEATURES:g} on (the two thin lines). It jumps if it goes from one to several, or "
        "back, within one step of density. Only its first turn counts. Shown is the network with "
        f"the lowest loss at 1 − S = {number(sparse)}."
    )
    expander(
        PHASE_PAGE,
        "open",
        "back",
        "Is the way back the same? All networks, and numbers",
        lambda: _draw_back(chain, followed),
    )


def _draw_back(chain: Chain, followed: pd.DataFrame) -> None:
    draw(direction_curves(followed, theme=colours()), "phase-directions")
    st.caption(
        "Hysteresis: where the curves differ, what neurons hold depends on where the network comes "
        "from; the table has the losses of both. Longer training at each density can bring them "
        "closer. All this is of networks that are followed: separate ones can find arrangements "
        "that these do not reach."
    )
    st.dataframe(
        by_density(chain, followed),
        hide_index=True,
        height=320,
        alt="Effective features, loss and turns at every density, in both directions",
        column_config={
            "density": st.column_config.NumberColumn("1 − S", format="%g"),
            **{
                f"{name} {end}": st.column_config.NumberColumn(f"{title}, {end}", format=kind)
                for name, title, kind in (
                    ("effective", "effective features", "%.2f"),
                    ("loss", "loss", "%.5f"),
                    ("turns", "neurons that start to turn", "%d"),
                )
                for end in ("falls", "rises")
            },
        },
    )


def _draw_metrics(
    state: PhaseState, chain: Chain, followed: pd.DataFrame, table: pd.DataFrame
) -> None:
    turned = turns(followed)
    with st.container(horizontal=True):
        for direction in DIRECTIONS:
            own = turned.loc[turned["direction"] == direction, "steps"]
            metric(
                f"Jump, where {direction}",
                f"{np.count_nonzero(own == 1)} of {len(own)}",
                "Neurons that turn within one step of density, of all that turn: from one feature "
                "to several where density falls, from several to one where it rises.",
            )
        ratio = (table["effective rises"] / table["effective falls"]).to_numpy()
        at = int(ratio.argmax())
        metric(
            "Hysteresis, largest",
            f"{ratio[at]:.2f} at {number(table['density'].tolist()[at])}",
            "Mean effective features of a neuron where density rises, over those where it falls, "
            "and the density at which this is largest. 1 would be no hysteresis.",
        )
        metric(
            "Gain of the followed",
            _gain(chain, table),
            "At the sparsest density: the no-superposition baseline over the mean loss of the "
            "followed networks. At about 1 they compute no more than without superposition, and "
            "most weights that their neurons have besides the largest serve nothing.",
        )
        metric(
            "Loss, followed over separate",
            _loss_ratio(state, table),
            "At the sparsest density: the mean loss of the followed networks over that of the "
            "separate networks above. Above 1, those that come from dense features stay in a worse "
            "arrangement.",
        )
        metric(
            "Neurons like themselves",
            f"{chain.most_like_themselves().mean():.1%}",
            "Steps of density after which no other neuron of the network has input weights more "
            "like a neuron's than its own, by their cosine. So neuron j is followed as neuron j.",
        )


def _gain(chain: Chain, table: pd.DataFrame) -> str:
    sparsest = table.iloc[-1]
    config = chain.config.replace(feature_probability=float(sparsest["density"]))
    return f"{superposition_gain(config, float(sparsest['loss falls'])):.2f}"


def _loss_ratio(state: PhaseState, table: pd.DataFrame) -> str:
    separate = along_density(state.thresholds)
    if separate is None:
        return "–"
    sparsest = table.iloc[-1]
    own = separate.networks.loc[separate.networks["density"] == sparsest["density"], "loss"]
    return f"{sparsest['loss falls'] / own.mean():.2f}" if len(own) else "–"
