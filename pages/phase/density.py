"""Separate networks along density: classes, effective features, gain, and classes by rank."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.phase.models import AlongDensity, along_density
from pages.phase.state import PHASE_PAGE, PhaseState
from pages.phase.transition import draw_transition, layer_transition, neuron_transition
from pages.shared.chart import draw
from pages.shared.resources import colours
from pages.shared.sections import expander
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.charts.phase.density_map import density_map, turning_points
from toymodel.charts.phase.network_curves import (
    ONE_FEATURE,
    TWO_FEATURES,
    class_curves,
    measure_curve,
)
from toymodel.recipe import recipe_name
from toymodel.sweeps.shipped import DENSITY_SWEEP
from toymodel.text import number


def draw_classes(state: PhaseState) -> None:
    """Draw the classes of neurons, and how many features neurons hold, from dense to sparse."""
    found = along_density(state.thresholds)
    if found is None or found.networks.empty:
        st.info("These networks are not in the store: `python -m toymodel cache --ship`.")
        return
    left, right = st.columns(2)
    with left:
        st.markdown("**Share of each class**")
        draw(class_curves(found.networks, against="density", theme=colours()), "phase-classes")
    with right:
        st.markdown("**How many features a neuron holds**")
        draw(
            density_map(
                found.effective,
                up="effective features",
                title="share of neurons",
                theme=colours(),
                log=True,
                height=300,
            ),
            "phase-effective",
        )


def draw_density(state: PhaseState) -> None:
    """Draw what the separate networks say of a phase change, and their ranks and gain, folded."""
    found = along_density(state.thresholds)
    if found is None or found.networks.empty:
        return
    networks, turning = found.networks, turning_points(found.ranks)
    draw_transition(neuron_transition(networks), layer_transition(turning))
    densities = set(networks["density"].tolist())
    st.caption(
        f"Above and here: {DENSITY_SWEEP.recipe.restarts} networks at each of {len(densities)} "
        f"densities from {number(max(densities))} to {number(min(densities))}, each from initial "
        f"weights of its own (`{recipe_name(DENSITY_SWEEP.recipe)}`). A thin line is a network, a "
        "thick one the median, and the band goes from the lowest to the highest."
    )
    expander(
        PHASE_PAGE,
        "open",
        "ranks",
        "Which neurons turn first, gain, and numbers",
        _draw_ranks,
    )


def _draw_ranks() -> None:
    found = along_density(PHASE_PAGE.state.thresholds)
    assert found
    _draw_layers(found, turning_points(found.ranks))
    st.dataframe(
        found.networks.drop(columns=["steps", "sampler"]),
        hide_index=True,
        height=320,
        alt="Every network's measures",
        column_config={
            "density": st.column_config.NumberColumn("1 − S", format="%g"),
            "one": st.column_config.NumberColumn(f"below {ONE_FEATURE} features", format="percent"),
            "between": st.column_config.NumberColumn("in between", format="percent"),
            "more": st.column_config.NumberColumn(f"{TWO_FEATURES} and more", format="percent"),
            **{name: st.column_config.NumberColumn(name, format="percent") for name in CLASSES},
        },
    )


def _draw_layers(found: AlongDensity, turning: pd.DataFrame) -> None:
    left, right = st.columns(2)
    with left:
        st.markdown("**Which ranks are not monosemantic**")
        draw(
            density_map(
                found.ranks,
                up="rank of the neuron",
                title="share of networks in which it is not monosemantic",
                theme=colours(),
                points=turning.dropna().assign(y=turning["rank"] + 0.5),
                height=400,
            ),
            "phase-ranks",
        )
        st.caption(
            "Rank: the place of a neuron in its network's stack plot, by the importance of its "
            "primary feature; 0 is the most important. A point is the densest setting at which "
            "half of the networks or more have the neuron of this rank not monosemantic."
        )
    with right:
        st.markdown("**Gain and features represented**")
        for column, name in (
            ("gain", "superposition gain"),
            ("represented", "features represented"),
        ):
            curve = measure_curve(
                found.networks, column, name, theme=colours(), log=column == "gain"
            )
            draw(curve, f"phase-{column}")
        st.caption(
            "Gain: the no-superposition baseline over the network's loss; above 1 the network "
            "computes more than it has neurons for. A feature is represented if its input weights "
            "are at least 1 % of the largest feature's."
        )
