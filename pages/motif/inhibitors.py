"""How often an inhibitor holds the interfering feature as a minor weight, as in the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from pages.motif.ensemble import LOWEST, Ensemble
from pages.motif.state import MotifState
from pages.shared.cached_analysis import BY_TEXT
from pages.shared.models import Shown
from toymodel.analysis.ensemble import Member
from toymodel.analysis.motif_effects import relative_weights
from toymodel.analysis.motifs import MotifThresholds, find_motifs


def draw_inhibitors(state: MotifState, ensemble: Ensemble, shown: Shown) -> None:
    """Draw how large the interfering feature is in the inhibitors, here and in all networks."""
    found = _relative_weights(ensemble.digest, list(ensemble.members.values()), state.thresholds)
    ranked = [found[number] for number in ensemble.table["member"]]
    groups = {"this one": [found[ensemble.number_of(shown)]]}
    if len(ranked) > 1:
        groups |= {"lowest losses": ranked[:LOWEST], "all": ranked}
    st.header("The inhibitors")
    st.dataframe(
        inhibitor_table(groups),
        hide_index=True,
        width="content",
        alt="How often an inhibitor holds the interfering feature as a minor weight",
    )
    st.caption(
        "The paper's inhibitor belongs to another feature, and a *small amount* of the interfering "
        "feature is put into it. Here a weight is minor if another feature has a larger input "
        "weight in that neuron; its relative weight is its share of the largest. An inhibitor "
        "counts once for each pair of features that it inhibits for. Where the weight is not "
        "minor, the inhibitor belongs to the interfering feature itself: it may hold a pair of "
        "features, too, for which the other neuron inhibits."
    )


@st.cache_data(show_spinner="Looking for instances.", max_entries=100, hash_funcs=BY_TEXT)
def _relative_weights(
    digest: str, _found: Sequence[Member], thresholds: MotifThresholds
) -> dict[int, np.ndarray]:
    return {
        one.number: relative_weights(
            one.weights.W1, find_motifs(one.weights.W1, one.weights.W2, thresholds)
        )
        for one in _found
    }


def inhibitor_table(groups: Mapping[str, Sequence[np.ndarray]]) -> pd.DataFrame:
    """How many inhibitors hold the interfering feature as a minor weight, in groups of networks.

    Args:
        groups: by the name of a group, what `relative_weights` gives for each of its networks.

    Returns:
        One row a group. Columns: networks, number, inhibitors, minor weight (how many), share, its
        relative weight (median).
    """
    rows: list[dict[str, object]] = []
    for name, networks in groups.items():
        relative = np.concatenate(networks)
        minor = relative[relative < 1]
        rows.append(
            {
                "networks": name,
                "number": len(networks),
                "inhibitors": len(relative),
                "minor weight": len(minor),
                "share": f"{len(minor) / len(relative):.0%}" if len(relative) else "–",
                "relative weight, median": f"{np.median(minor):.2f}" if len(minor) else "–",
            }
        )
    return pd.DataFrame(rows)
