"""Whether longer training finds the same, with either sampler."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pages.phase.models import along_training
from pages.phase.state import PHASE_PAGE, PhaseState
from pages.shared.chart import draw
from pages.shared.resources import colours
from pages.shared.widgets import segments
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.charts.phase.network_curves import class_curves, loss_curves
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_PANELS
from toymodel.sweeps.shipped import CONVERGENCE, LENGTHS, SAMPLERS

_NAMES = {"tilted": "importance sampling (standard)", "iid": "plain sampling"}
_NEURONS = PAPER_CONFIG.n_neurons
_MONOSEMANTIC = CLASSES[0]
_CLOSE = 0.1  # of the neurons: so far apart, counts are close
_BEST, _PAPER = "lowest loss found here", "the paper's figure"


def draw_training(state: PhaseState) -> None:
    """Draw classes and loss against the length of training, beside the paper's counts."""
    segments(PHASE_PAGE, "at")
    density = float(state.at)
    networks = along_training(density, state.thresholds)
    if len(networks[["sampler", "steps"]].drop_duplicates()) < len(CONVERGENCE):
        st.info("These networks are not in the store: `python -m toymodel cache --ship`.")
        return
    paper: dict[str, int] = dict(zip(CLASSES, PAPER_PANELS[density].counts, strict=True))
    _draw_counts(networks, paper)
    _draw_lengths(networks)
    _draw_charts(networks, paper, state.at)
    with st.expander("In numbers"):
        st.dataframe(
            networks[["sampler", "steps", "restart", "loss", "gain", *CLASSES, "effective"]],
            hide_index=True,
            height=320,
            alt="Every network's measures, by training length",
            column_config={
                name: st.column_config.NumberColumn(name, format="percent") for name in CLASSES
            },
        )


def _draw_lengths(networks: pd.DataFrame) -> None:
    table = by_length(networks)
    st.dataframe(
        table,
        hide_index=True,
        alt="Monosemantic neurons and loss by length of training, with either sampler",
        column_config={
            name: st.column_config.NumberColumn(name, format="%.2g")
            for name in table
            if name.startswith("loss")
        },
    )
    *_, before, last = sorted(LENGTHS)
    st.caption(
        f"Monosemantic neurons of {_NEURONS}, and losses: medians of three networks. Where the "
        f"neurons at {before:,} and {last:,} steps differ by 2 or more, training has not converged."
    )


def by_length(networks: pd.DataFrame) -> pd.DataFrame:
    """Medians over the networks of each length of training.

    Args:
        networks: what `network_table` gives for one density.

    Returns:
        One row a length. Columns: steps, and for each sampler monosemantic (neurons) and loss.
    """
    medians = networks.pivot_table(
        index="steps", columns="sampler", values=[_MONOSEMANTIC, "loss"], aggfunc="median"
    )
    table = pd.DataFrame({"steps": medians.index})
    for sampler in SAMPLERS:
        neurons = (_NEURONS * medians[_MONOSEMANTIC, sampler]).round().astype(int)
        table[f"monosemantic, {_SHORT[sampler]}"] = neurons.to_numpy()
    for sampler in SAMPLERS:
        table[f"loss, {_SHORT[sampler]}"] = medians["loss", sampler].to_numpy()
    return table


_SHORT = {"tilted": "importance", "iid": "plain"}


def _draw_counts(networks: pd.DataFrame, paper: Mapping[str, int]) -> None:
    table = counts(networks, paper)
    st.dataframe(
        table,
        hide_index=True,
        alt="Classes of the neurons of the network with the lowest loss and in the paper's figure",
    )
    found, theirs = table[_MONOSEMANTIC]
    verdict = _VERDICTS["close" if abs(found - theirs) <= _CLOSE * _NEURONS else found > theirs]
    st.caption(
        f"{verdict} Close means that the monosemantic neurons differ by at most "
        f"{_CLOSE * _NEURONS:.0f}."
    )


_VERDICTS: dict[bool | str, str] = {
    "close": "The counts are close to the paper's figure.",
    True: "The network is more monosemantic than in the paper's figure.",
    False: "The network is less monosemantic than in the paper's figure.",
}


def counts(networks: pd.DataFrame, paper: Mapping[str, int]) -> pd.DataFrame:
    """The classes of neurons of the network with the lowest loss, and the paper's.

    Args:
        networks: what `network_table` gives for one density.
        paper: neurons of each class in the paper's figure.

    Returns:
        Columns: network, those in CLASSES (neurons), loss.
    """
    # One network, because medians of three need not add up to all neurons.
    best = networks.loc[networks["loss"].idxmin()]
    found = {name: round(best[name] * _NEURONS) for name in CLASSES}
    return pd.DataFrame(
        [
            {"network": _BEST, **found, "loss": f"{best['loss']:.2g}"},
            {"network": _PAPER, **paper, "loss": "–"},
        ]
    )


def _draw_charts(networks: pd.DataFrame, paper: Mapping[str, int], density: str) -> None:
    marks = {
        name: (
            float(LENGTHS[-1]),
            count / _NEURONS,
            f"the paper's figure: {count} of {_NEURONS} {name}",
        )
        for name, count in paper.items()
    }
    for cell, sampler in zip(st.columns(2), SAMPLERS, strict=True):
        with cell:
            st.markdown(f"**{_NAMES[sampler].capitalize()}**")
            own = networks.loc[networks["sampler"] == sampler]
            draw(
                class_curves(own, against="steps", theme=colours(), marks=marks),
                f"phase-training-{sampler}-{density}",
            )
    config = PAPER_CONFIG.replace(feature_probability=float(density))
    trained = CONVERGENCE["iid", LENGTHS[-1]].recipe.trained_features(config)
    empty = (1 - float(density)) ** trained
    st.caption(
        "Crosses at the right end: the counts read off the paper's figure. Each length is a "
        "separate training of three networks, whose learning rate falls to zero at its end. Plain "
        f"sampling draws from the true distribution: at 1 − S = {density}, {empty:.0%} of the "
        f"examples have none of the {trained} trained features. Importance sampling draws more "
        "active features and weights each example so that the expected loss is the same."
    )
    st.markdown("**Loss**")
    draw(loss_curves(networks, _NAMES, theme=colours()), f"phase-training-loss-{density}")
