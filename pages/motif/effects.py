"""The numbers of an instance: what its neurons do, and what changes without them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.shared.cached_analysis import interventions_of
from pages.shared.metrics import figure
from pages.shared.models import Shown
from toymodel.analysis.motif_effects import (
    Inhibitor,
    MotifEffects,
    main_feature,
    motif_effects,
    relative_weights,
)
from toymodel.analysis.motifs import Motif
from toymodel.model import Weights

SIDES = {1: "above 0", -1: "below 0"}
"""What the sides of a feature are called."""


def draw_effects(weights: Weights, motif: Motif) -> None:
    """Draw what the neurons of an instance add to the outputs of its features."""
    a, c = motif.interfering_feature, motif.receiving_feature
    effects = motif_effects(weights, motif)
    st.dataframe(
        effects_table(weights, motif, effects),
        hide_index=True,
        alt="What the neuron and its inhibitors add to the receiving output",
    )
    st.caption(
        f"What each neuron adds to an output, before its ReLU, for one unit of f{a} "
        f"{SIDES[effects.side]} (output {c}) or of f{c} (output {a}). In all, with every other "
        f"weight and the bias, f{a} alone brings output {c} to {_signed(effects.drive)}; its ReLU "
        f"cuts off what is below 0. Relative weight: |W₁| of f{a} over the neuron's largest; below "
        f"1, f{a} is a minor weight of that neuron, as in the paper's inhibitors."
    )


def effects_table(weights: Weights, motif: Motif, effects: MotifEffects) -> pd.DataFrame:
    """What the neurons of an instance add to the outputs of its two features.

    Args:
        weights: the network.
        motif: the instance.
        effects: what `motif_effects` gives.

    Returns:
        One row a neuron. Columns: neuron, role, main feature, relative weight of the interfering
        feature, what it adds to the receiving output
        and to the interfering feature's output, and the other features that inhibit the receiving
        output through it.
    """
    a, c = motif.interfering_feature, motif.receiving_feature
    names = ("neuron", "role", "main feature", f"f{a}, relative weight")
    names += (f"adds to output {c}", f"adds to output {a}")
    inhibits = f"also inhibit f{c}"
    (own,) = relative_weights(weights.W1, [motif._replace(inhibitors=(motif.neuron,))])
    first = (
        motif.neuron,
        "interferes",
        f"f{main_feature(weights, motif.neuron)}",
        f"{own:.2f}",
        _signed(effects.interference),
        _signed(effects.reverse),
        "–",
    )
    rows = [
        (
            each.neuron,
            "inhibits",
            f"f{each.main_feature}",
            f"{each.relative_weight:.2f}",
            _signed(-each.amount),
            "–",
            _side_effects(each),
        )
        for each in effects.inhibitors
    ]
    return pd.DataFrame([first, *rows], columns=[*names, inhibits])


def instance_weights(weights: Weights, motif: Motif) -> pd.DataFrame:
    """The weights of an instance's two features, one row a neuron: its own, then the inhibitors.

    Columns: neuron, role, input weight of the interfering and of the receiving feature, output
    weight to the interfering and to the receiving feature.
    """
    a, c = motif.interfering_feature, motif.receiving_feature
    return pd.DataFrame(
        [
            {
                "neuron": k,
                "role": "interferes" if k == motif.neuron else "inhibits",
                f"W₁, f{a}": _signed(weights.W1[k, a]),
                f"W₁, f{c}": _signed(weights.W1[k, c]),
                f"W₂, output {a}": _signed(weights.W2[a, k]),
                f"W₂, output {c}": _signed(weights.W2[c, k]),
            }
            for k in (motif.neuron, *motif.inhibitors)
        ]
    )


def _side_effects(inhibitor: Inhibitor) -> str:
    each = [
        f"f{effect.feature} {SIDES[effect.side]} ({_signed(-effect.amount)})"
        for effect in inhibitor.side_effects
    ]
    return ", ".join(each) or "–"


def _signed(value: float) -> str:
    rounded = round(float(value), 2) + 0.0  # no minus before a zero
    return f"{rounded:+.2f}".replace("-", "−")


def draw_interventions(shown: Shown, motif: Motif) -> None:
    """Draw the loss and the receiving output after exact changes of an instance."""
    a, c = motif.interfering_feature, motif.receiving_feature
    checks = interventions_of(shown.name, shown, motif)
    before = checks[0].loss
    st.table(
        pd.DataFrame(
            [
                {
                    "exact change": _CHANGES[check.name].format(motif=motif),
                    "inhibition": f"× {check.inhibition:.2f}",
                    "loss": figure(check.loss),
                    "times": f"× {check.loss / before:.3g}",
                    f"output {c} to f{a} alone": f"{check.output:.2f}",
                }
                for check in checks
            ]
        ),
        hide_index=True,
        alt="The loss and the receiving output after each change",
    )
    st.caption(
        f"The last column is the network's answer for f{c} when f{a} alone is present, at the end "
        f"of its range that drives neuron {motif.neuron}. It should be 0. Symmetric: f{c} gets an "
        f"input weight as large as that of f{a}, and the neuron then disturbs output {a}, too. "
        f"Re-fitted: the inhibitors' weights to output {c} are multiplied by "
        "the factor with the lowest loss, which is in the column *inhibition*."
    )


_CHANGES = {
    "as it is": "as it is",
    "without inhibition": "the inhibitors' weights to output {motif.receiving_feature} removed",
    "symmetric, inhibition re-fitted": "neuron {motif.neuron} made symmetric, at the same path "
    "gains; the inhibition re-fitted",
    "symmetric, without inhibition": "neuron {motif.neuron} made symmetric, at the same path "
    "gains; the inhibitors' weights to output {motif.receiving_feature} removed",
    "without the neuron": "neuron {motif.neuron} removed",
}
