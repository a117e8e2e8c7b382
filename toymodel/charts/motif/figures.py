"""Figures of the motif: which weights implement what, and what the inhibition is worth."""

from __future__ import annotations

from functools import partial

import pandas as pd

from toymodel.analysis.ablation import SHARES, loss_by_inhibition
from toymodel.analysis.decomposition import ASYMMETRIC, BOTH_SIDES, INHIBITION, ONE_SIDE
from toymodel.analysis.motifs import count_words
from toymodel.charts.figure import Figure, Subject, TitledChart
from toymodel.charts.lines import lines
from toymodel.charts.motif.role_bars import role_bars
from toymodel.charts.network.weight_bars import Side, by_feature, clip_of, weight_bars

_SCALES = {True: "neurons scaled", False: "as trained"}
_SCALE_NOTES = {
    True: (
        "Neurons scaled, W1[j] × s and W2[:, j] / s, which changes no output: the largest input",
        "weight is 1; those of the two features of an asymmetric neuron have the product 1.",
    ),
    False: ("Weights as trained.",),
}
_SIDES: dict[str, Side] = {"in": "input", "out": "output"}
_MAX_TOLD = 3
_OF = {
    "absolute": ((ONE_SIDE, BOTH_SIDES), "for absolute value, or one side of it"),
    "motif": ((ASYMMETRIC, INHIBITION), "of asymmetric superposition with inhibition"),
}


def _roles(subject: Subject, *, kind: str, side: Side) -> TitledChart:
    roles, what = _OF[kind]
    name = "W1" if side == "input" else "W2"
    bars = role_bars(
        subject.motif_weights, subject.roles, roles, side=side, neurons=by_feature(subject.weights)
    )
    chart = weight_bars(
        bars,
        n_features=subject.config.n_features,
        title=f"{name}: {side} weights with their sign",
        theme=subject.theme,
        height=240,
        legend=True,
        clip=clip_of(bars),
        names=True,
    )
    notes = (
        "A column a neuron, by the feature that it holds most; other weights in grey.",
        f"The motif, by definition: {count_words(subject.roles.motifs)}.",
        *_SCALE_NOTES[subject.scaled],
    )
    return TitledChart(f"The {side} weights {what}: {_SCALES[subject.scaled]}", chart, notes)


def _inhibition(subject: Subject) -> TitledChart:
    motifs = subject.roles.motifs
    losses = loss_by_inhibition(subject.config, subject.weights, motifs, SHARES)
    chart = lines(
        pd.DataFrame({"series": "loss", "x": SHARES, "y": losses}),
        across="inhibition that is left",
        up="normalised loss (log)",
        series=["loss"],
        colours=[subject.theme.negative],
        dashes=[[1, 0]],
        height=320,
        log=True,
    )
    told = [
        f"neuron {motif.neuron}: f{motif.interfering_feature} interferes with "
        f"f{motif.receiving_feature} by {motif.interference:.1f}, inhibited by "
        f"{-motif.inhibition:.1f}"
        for motif in motifs[:_MAX_TOLD]
    ]
    more = [f"and {len(motifs) - _MAX_TOLD} more"] if len(motifs) > _MAX_TOLD else []
    which = f"{count_words(motifs)}: the inhibition of all is turned down together."
    return TitledChart("Loss against the inhibition that is left", chart, (which, *told, *more))


ROLE_FIGURES = {
    f"{kind}-{short}": Figure(
        f"{side} weights {what}, the others in grey; n up to 20, m up to 40",
        partial(_roles, kind=kind, side=side),
        max_features=20,
        max_neurons=40,
    )
    for kind, (_, what) in _OF.items()
    for short, side in _SIDES.items()
}
"""Figures of weights by their role, by name. They may scale neurons as the paper does."""

MOTIF_FIGURES = {
    **ROLE_FIGURES,
    "inhibition": Figure(
        "loss against how much of the motif's inhibition is left; n and m up to 500",
        _inhibition,
        max_features=500,
        max_neurons=500,
    ),
}
"""Figures of the motif, by name."""
