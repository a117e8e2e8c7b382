"""What an instance of the motif does, in numbers: who pushes an output, who takes that away.

Paper: "Computation in Superposition", section "The Asymmetric Superposition Motif": a small amount
of one feature in a neuron inhibits another's output, which also forces the main feature that the
neuron operates on to inhibit that output.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from toymodel.analysis.motifs import Motif
from toymodel.model import Weights

_MIN_SIDE_EFFECT = 0.1  # of what one unit of a feature takes from the receiving output


class SideEffect(NamedTuple):
    """A feature that an inhibitor takes from the receiving output, too.

    Attributes:
        feature: another than the instance's two.
        side: 1 where the feature drives the inhibitor above 0, -1 where it does below.
        amount: what one unit of the feature takes away, above 0.
    """

    feature: int
    side: int
    amount: float


class Inhibitor(NamedTuple):
    """A neuron that takes interference away.

    Attributes:
        neuron: its number.
        main_feature: the feature with its largest path gain.
        relative_weight: the input weight of the interfering feature over the neuron's largest, in
            size; below 1 where it is a minor weight, and 1 where it is the primary feature.
        amount: what one unit of the interfering feature takes from the receiving output, above 0.
        side_effects: the other features that it takes from that output, the strongest first.
    """

    neuron: int
    main_feature: int
    relative_weight: float
    amount: float
    side_effects: tuple[SideEffect, ...]


class MotifEffects(NamedTuple):
    """What an instance does when one feature alone is present, at 1 or -1.

    Attributes:
        side: 1 where the interfering feature drives the neuron above 0, -1 where it does below.
        interference: what the interfering feature adds to the receiving output through the neuron.
        reverse: what the receiving feature adds to the interfering feature's output through it.
        inhibitors: the strongest first.
        drive: the pre-activation of the receiving output when the interfering feature alone is
            present on that side, of the whole network, its bias included.
    """

    side: int
    interference: float
    reverse: float
    inhibitors: tuple[Inhibitor, ...]
    drive: float


def motif_effects(weights: Weights, motif: Motif) -> MotifEffects:
    """Measure an instance of the motif in its network."""
    j, a, c = motif.neuron, motif.interfering_feature, motif.receiving_feature
    side = _side(weights, j, a)
    x = np.zeros((weights.W1.shape[1], 1), np.float32)
    x[a] = side
    return MotifEffects(
        side=side,
        interference=motif.interference,
        reverse=float(abs(weights.W1[j, c]) * weights.W2[a, j]),
        inhibitors=tuple(_inhibitor(weights, motif, k) for k in motif.inhibitors),
        drive=float(weights.W2[c] @ weights.hidden(x)[:, 0] + weights.b[c]),
    )


def main_feature(weights: Weights, neuron: int) -> int:
    """The feature with the neuron's largest path gain."""
    return int(np.argmax(np.abs(weights.W1[neuron]) * weights.W2[:, neuron]))


def relative_weights(
    W1: Float[np.ndarray, "neuron feature"], motifs: Iterable[Motif]
) -> Float[np.ndarray, " inhibitor"]:
    """How large a part of an inhibitor the interfering feature is.

    The paper's inhibitor belongs to another feature, and holds a small amount of the interfering
    one. Of two neurons that inhibit for each other, each has it as its primary feature.

    Args:
        W1: input weights, (neuron, feature).
        motifs: the instances that were found in the network.

    Returns:
        The `relative_weight` of each inhibitor of each instance, in order, (inhibitor,).
    """
    size = np.abs(W1).astype(np.float64)
    return np.array(
        [size[k, m.interfering_feature] / size[k].max() for m in motifs for k in m.inhibitors]
    )


def _inhibitor(weights: Weights, motif: Motif, neuron: int) -> Inhibitor:
    a, c = motif.interfering_feature, motif.receiving_feature
    taken = -np.abs(weights.W1[neuron].astype(np.float64)) * weights.W2[c, neuron]
    order = np.argsort(-taken, kind="stable")
    (relative,) = relative_weights(weights.W1, [motif._replace(inhibitors=(neuron,))])
    large = [i for i in order.tolist() if taken[i] >= _MIN_SIDE_EFFECT and i not in (a, c)]
    return Inhibitor(
        neuron=neuron,
        main_feature=main_feature(weights, neuron),
        relative_weight=float(relative),
        amount=float(taken[a]),
        side_effects=tuple(
            SideEffect(i, _side(weights, neuron, i), float(taken[i])) for i in large
        ),
    )


def _side(weights: Weights, neuron: int, feature: int) -> int:
    return 1 if weights.W1[neuron, feature] > 0 else -1
