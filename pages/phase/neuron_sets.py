"""Features correspond to sets of neurons: how large these are, from dense to sparse."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.phase.models import AlongDensity, along_density
from pages.phase.state import PHASE_PAGE, PhaseState
from pages.shared.chart import draw
from pages.shared.resources import colours
from pages.shared.sections import expander
from toymodel.analysis.features import CARRIES
from toymodel.charts.phase.neuron_sets import SETS, neuron_sets


def draw_sets(state: PhaseState) -> None:
    """Draw how many features are carried by one neuron, by two, and by more, folded."""
    found = along_density(state.thresholds)
    if found is None or found.sets.empty:
        return
    label = "In the large networks, too, features are sets of neurons"
    expander(PHASE_PAGE, "open", "sets", label, lambda: _draw_sizes(found))


def _draw_sizes(found: AlongDensity) -> None:
    st.dataframe(
        ends(found.sets),
        hide_index=True,
        alt="Features carried, by the number of neurons, at the densest and the sparsest setting",
        column_config={
            "density": st.column_config.NumberColumn("1 − S", format="%g"),
            **{
                name: st.column_config.NumberColumn(name, format="%.0f")
                for name in ("features carried", "by two neurons", "by more")
            },
        },
    )
    st.caption(
        "Features of a network, mean over its restarts, at the densest and the sparsest setting. "
        "Sets that grow towards sparse features share neurons with each other."
    )
    draw(neuron_sets(found.sets, theme=colours()), "phase-sets")
    st.caption(
        f"A neuron carries a feature if its path gain, |W₁| W₂, is at least {CARRIES:g}; path "
        "gains that sum to 1 on a side compute it exactly. A feature that is computed by itself "
        "takes two neurons, one for either side of |x|."
    )


def ends(sizes: pd.DataFrame) -> pd.DataFrame:
    """How many features are carried at the densest and the sparsest setting.

    Args:
        sizes: what `set_sizes` gives.

    Returns:
        Columns: density, features carried, by two neurons, by more (means over networks).
    """
    mean = sizes.pivot_table(index="density", columns="neurons", values="features")
    return pd.DataFrame(
        {
            "density": mean.index,
            "features carried": mean[[*SETS[1:]]].sum(axis=1),
            "by two neurons": mean["2"],
            "by more": mean["3"] + mean["4 or more"],
        }
    ).iloc[[-1, 0]]
