"""Features correspond to sets of neurons: how large these are, from dense to sparse."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.phase.models import along_density
from pages.phase.state import PhaseState
from pages.shared.chart import draw
from pages.shared.resources import colours
from toymodel.analysis.features import CARRIES
from toymodel.charts.bands import bands
from toymodel.charts.phase.tables import SETS
from toymodel.text import number


def draw_sets(state: PhaseState) -> None:
    """How many features are carried by one neuron, by two, by more."""
    found = along_density(state.thresholds)
    if found is None or found.sets.empty:
        return
    st.header("Features are sets of neurons")
    st.markdown(_words(found.sets))
    theme = colours()
    sets = found.sets.loc[found.sets["neurons"] != SETS[0]]
    names = {
        "1": "one neuron",
        "2": "two neurons",
        "3": "three neurons",
        "4 or more": "four or more",
    }
    inks = (theme.node, theme.negative, theme.mark, theme.class_ink["polysemantic"])
    draw(
        bands(
            pd.DataFrame(
                {
                    "series": [names[size] for size in sets["neurons"]],
                    "x": sets["density"],
                    "y": sets["features"],
                    "run": sets["restart"],
                }
            ),
            across="density 1 − S (sparser to the right)",
            up="features",
            series=dict(zip(names.values(), inks, strict=True)),
            theme=theme,
            falling=True,
            height=360,
        ),
        "phase-sets",
    )
    st.caption(
        f"A neuron carries a feature where its path gain, |W₁| W₂, is {CARRIES:g} and more; 1 in "
        "all on a side would be exact. For |x|, two neurons are what a feature takes that is "
        "computed by itself, one for either side."
    )


def _words(sets: pd.DataFrame) -> str:
    mean = sets.pivot_table(index="density", columns="neurons", values="features")
    dense, sparse = mean.iloc[-1], mean.iloc[0]
    carried = [name for name in SETS if name != SETS[0]]
    more = dense["4 or more"] + dense["3"], sparse["4 or more"] + sparse["3"]
    return (
        f"At 1 − S = {number(mean.index[-1])} a network carries {dense[carried].sum():.0f} "
        f"features, {dense['2']:.0f} of them with two neurons, one a side, and {more[0]:.0f} with "
        f"more. At {number(mean.index[0])} it carries {sparse[carried].sum():.0f}, "
        f"{sparse['2']:.0f} with two neurons and {more[1]:.0f} with more"
        + (": the sets grow, and share neurons with each other." if more[1] > more[0] else ".")
    )
