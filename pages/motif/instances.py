"""Each instance by itself: its numbers, its neurons and its graph."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.motif.bars import SCALES, draw_bars, drawn_weights
from pages.motif.effects import draw_effects, draw_interventions, instance_weights
from pages.motif.state import MOTIF_PAGE, MotifState
from pages.shared.chart import draw, opens_neuron
from pages.shared.models import Shown
from pages.shared.page_session import watched
from pages.shared.resources import colours
from toymodel.analysis.decomposition import Decomposition
from toymodel.analysis.motifs import Motif, asymmetric_neurons, count_words
from toymodel.charts.look import MAX_NAMED_FEATURES
from toymodel.charts.motif.role_bars import instance_bars, instance_features
from toymodel.charts.network.network_graph import SELECTION, network_graph
from toymodel.charts.network.weight_bars import Side
from toymodel.model import Weights

_MAX_INHIBITORS = 4  # in a graph
_CHOSEN = "motif.chosen"
_TITLES: dict[Side, str] = {"input": "W₁", "output": "W₂"}


def draw_instances(state: MotifState, shown: Shown, found: Decomposition) -> None:
    """Draw one instance in close-up, and all of them in a table."""
    if not found.motifs:
        say_none()
        return
    neurons = ", ".join(map(str, asymmetric_neurons(found.motifs)))
    st.markdown(f"{count_words(found.motifs)}. The neurons: {neurons}.")
    choose_instance(state, found, _CHOSEN)
    _draw_instance(state, shown, found, chosen(state, found))
    with st.expander(f"All {len(found.motifs)} in numbers"):
        st.dataframe(_table(found), hide_index=True, alt="Every instance in numbers")


def say_none() -> None:
    """Say that there is no instance, and what to do."""
    st.info(
        "This network has no instance by the definition. Change what counts as an instance, or "
        "choose another network."
    )


def chosen(state: MotifState, found: Decomposition) -> int:
    """The number of the instance that is looked at."""
    return min(state.instance, len(found.motifs) - 1)


def choose_instance(state: MotifState, found: Decomposition, key: str) -> None:
    """Which instance is taken apart."""
    names = [name_of(number, motif) for number, motif in enumerate(found.motifs)]
    now = chosen(state, found)
    st.selectbox(
        "Instance",
        names,
        index=now,
        **watched(key, names[now], lambda name: MOTIF_PAGE.change(instance=names.index(name))),
    )


def name_of(number: int, motif: Motif) -> str:
    """An instance's heading."""
    return (
        f"Instance {number + 1}: f{motif.interfering_feature} against f{motif.receiving_feature} "
        f"in neuron {motif.neuron}"
    )


def _draw_instance(state: MotifState, shown: Shown, found: Decomposition, number: int) -> None:
    motif = found.motifs[number]
    st.subheader(name_of(number, motif))
    draw_effects(shown.weights, motif)
    weights = drawn_weights(state, shown, found)
    close, graph = st.columns(2)
    with close:
        st.caption("The neuron, then its inhibitors: the features that matter, others grey")
        if shown.config.n_features > MAX_NAMED_FEATURES:
            st.caption("Features have colours of their own here")
        _close_up(state, shown, weights, found, motif, number)
    with graph:
        st.caption(
            f"x: inputs, y: outputs, {SCALES[state.scale]}; solid red is positive, dashed blue "
            "negative"
        )
        _graph(shown, weights, motif, number)
    st.dataframe(
        instance_weights(weights, motif),
        hide_index=True,
        width="content",
        alt="Weights of the two features in the neuron and in its inhibitors",
    )
    st.caption(f"The weights of the two features in these charts, {SCALES[state.scale]}.")
    draw_interventions(shown, motif)


def _close_up(
    state: MotifState,
    shown: Shown,
    weights: Weights,
    found: Decomposition,
    motif: Motif,
    number: int,
) -> None:
    for (side, title), cell in zip(_TITLES.items(), st.columns(2), strict=True):
        with cell:
            draw_bars(
                instance_bars(weights, found, motif, side=side),
                shown,
                f"motif-instance-{number}-{side}",
                title=f"{title}, {SCALES[state.scale]}",
                height=260,
                whole=state.bars == "whole",
                names=True,
                chosen=instance_features(shown.weights, motif),
                alt=f"{title}, {SCALES[state.scale]}: neuron {motif.neuron} and its inhibitors",
            )


def _graph(shown: Shown, weights: Weights, motif: Motif, number: int) -> None:
    neurons = [motif.neuron, *motif.inhibitors[:_MAX_INHIBITORS]]
    features = instance_features(shown.weights, motif, _MAX_INHIBITORS)
    key = f"motif-graph-{number}"
    draw(
        network_graph(weights, features=features, neurons=neurons, theme=colours(), height=290),
        key,
        alt=f"Graph of neuron {motif.neuron}, its inhibitors, and their features",
        selection=SELECTION,
        on_select=opens_neuron(key, SELECTION, shown.choice, shown.chosen),
    )
    if len(motif.inhibitors) > _MAX_INHIBITORS:
        st.caption(f"The {_MAX_INHIBITORS} strongest inhibitors of {len(motif.inhibitors)}.")


def _table(found: Decomposition) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "instance": number + 1,
                "neuron": motif.neuron,
                "interfering": f"f{motif.interfering_feature}",
                "receiving": f"f{motif.receiving_feature}",
                "ratio in": round(motif.input_ratio, 1),
                "ratio out": round(motif.output_ratio, 1),
                "interference": round(motif.interference, 2),
                "inhibition": round(motif.inhibition, 2),
                "inhibitors": ", ".join(map(str, motif.inhibitors)),
            }
            for number, motif in enumerate(found.motifs)
        ]
    )
