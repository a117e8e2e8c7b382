"""Each instance by itself: its neurons, its graph, what it says in words, and what it causes."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.motif.panels import draw_bars
from pages.motif.state import MOTIF_STATE, MotifState
from pages.shared.cached_analysis import interventions_of
from pages.shared.chart import draw
from pages.shared.clicks import opens_neuron
from pages.shared.metrics import figure
from pages.shared.resources import colours
from pages.shared.shown import Shown
from pages.shared.widget_values import reported, show_value
from toymodel.analysis.decomposition import Decomposition
from toymodel.analysis.motifs import Motif
from toymodel.charts.look import MAX_NAMED_FEATURES as MANY
from toymodel.charts.motif.tables import features_of, instance_bars
from toymodel.charts.motif.words import describe
from toymodel.charts.network.network_graph import SELECTION, network_graph

_SHOWN_AT_ONCE = 4
_MOST_INHIBITORS = 4  # drawn as a graph
_CHOSEN = "motif.chosen"
_SIDES = {"input": "W₁", "output": "W₂"}


def draw_instances(state: MotifState, shown: Shown, found: Decomposition) -> None:
    """All instances in close-up while they are few; else a table, and the chosen one."""
    count = len(found.motifs)
    st.header("Each instance")
    if not count:
        st.info(
            "By the definition there is none in this network. Move what counts as an instance, or "
            "choose another network."
        )
        return
    if count <= _SHOWN_AT_ONCE:
        for number in range(count):
            _draw_instance(state, shown, found, number)
        return
    neurons = sorted({motif.neuron for motif in found.motifs})
    st.markdown(
        f"{count} instances in neurons {', '.join(map(str, neurons))}. One of them in close-up:"
    )
    choose_instance(state, found, _CHOSEN)
    _draw_instance(state, shown, found, chosen(state, found))
    with st.expander(f"All {count} instances in numbers"):
        st.dataframe(_table(found), hide_index=True, height=320, alt="Every instance in numbers")


def chosen(state: MotifState, found: Decomposition) -> int:
    """The number of the instance that is looked at."""
    return min(state.view.instance, len(found.motifs) - 1)


def choose_instance(state: MotifState, found: Decomposition, key: str) -> None:
    """Which instance is looked at; `key` tells several such choices apart."""
    names = [name_of(number, motif) for number, motif in enumerate(found.motifs)]
    now = chosen(state, found)
    show_value(key, names[now])

    def choose() -> None:
        if name := reported(key):
            MOTIF_STATE.remember(MOTIF_STATE.left().at(instance=names.index(name)))

    st.selectbox("Instance", names, index=now, key=key, on_change=choose)


def name_of(number: int, motif: Motif) -> str:
    """An instance in a few words."""
    return (
        f"Instance {number + 1}: f{motif.interfering_feature} against f{motif.receiving_feature} "
        f"in neuron {motif.neuron}"
    )


def _draw_instance(state: MotifState, shown: Shown, found: Decomposition, number: int) -> None:
    motif = found.motifs[number]
    st.subheader(name_of(number, motif))
    st.markdown(describe(shown.weights, motif))
    close, graph = st.columns(2)
    with close:
        own = "; they have colours of their own here" if shown.config.n_features > MANY else ""
        st.caption(f"The neuron, then what inhibits: the features that matter, others grey{own}")
        _close_up(state, shown, found, motif, number)
    with graph:
        st.caption("x: inputs, y: outputs; solid red is positive, dashed blue negative")
        _graph(shown, motif, number)
    _causes(shown, motif)


def _close_up(
    state: MotifState, shown: Shown, found: Decomposition, motif: Motif, number: int
) -> None:
    for (side, title), cell in zip(_SIDES.items(), st.columns(2), strict=True):
        with cell:
            draw_bars(
                instance_bars(shown.weights, found, motif, side=side),
                shown,
                f"motif-instance-{number}-{side}",
                title=title,
                height=260,
                whole=state.view.bars == "whole",
                names=True,
                chosen=features_of(shown.weights, motif),
                alt=f"{title} of neuron {motif.neuron} and of what inhibits",
            )


def _graph(shown: Shown, motif: Motif, number: int) -> None:
    neurons = [motif.neuron, *motif.inhibitors[:_MOST_INHIBITORS]]
    features = features_of(shown.weights, motif, _MOST_INHIBITORS)
    key = f"motif-graph-{number}"
    draw(
        network_graph(
            shown.weights, features=features, neurons=neurons, theme=colours(), height=290
        ),
        key,
        alt=f"Graph of neuron {motif.neuron}, what inhibits, and their features",
        selection=SELECTION,
        on_select=opens_neuron(key, SELECTION, shown.choice, shown.chosen),
    )
    left = len(motif.inhibitors) - _MOST_INHIBITORS
    if left > 0:
        st.caption(f"The {_MOST_INHIBITORS} strongest inhibitors; {left} more are not drawn.")


def _causes(shown: Shown, motif: Motif) -> None:
    a, c = motif.interfering_feature, motif.receiving_feature
    checks = interventions_of(shown.name, shown, motif)
    before = checks[0].loss
    st.table(
        pd.DataFrame(
            [
                {
                    "exact change": _CHANGES[check.name].format(motif=motif),
                    "loss": figure(check.loss),
                    "times": "" if check is checks[0] else f"× {check.loss / before:.3g}",
                    f"output {c} to f{a} alone": f"{check.output:.2f}",
                }
                for check in checks
            ]
        ),
        hide_index=True,
        alt="What becomes of the loss and of the receiving output",
    )
    st.caption(
        f"What the network answers for f{c} when f{a} alone is there, at the end of its range that "
        f"drives neuron {motif.neuron}, should be 0."
    )


_CHANGES = {
    "as it is": "as it is",
    "without inhibition": "the inhibitors' weights to output {motif.receiving_feature} removed",
    "symmetric": "neuron {motif.neuron} made symmetric, at the same path gains; inhibitors stay",
    "without the neuron": "neuron {motif.neuron} removed",
}


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
