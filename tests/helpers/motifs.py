"""Networks with a planted instance of the motif, and what is right to find in them."""

from __future__ import annotations

import numpy as np

from toymodel.analysis.motifs import Motif

Matrices = tuple[np.ndarray, np.ndarray]


def monosemantic(n: int) -> Matrices:
    """|x| without error: neuron 2i computes feature i above 0, neuron 2i + 1 below."""
    W1, W2 = np.zeros((2 * n, n)), np.zeros((n, 2 * n))
    for i in range(n):
        W1[2 * i : 2 * i + 2, i] = (1, -1)
        W2[i, 2 * i : 2 * i + 2] = 1
    return W1, W2


def plant(
    network: Matrices,
    interfering: int,
    receiving: int,
    inhibitors: dict[int, float],
    *,
    into: float = 0.5,
    out: float = 2,
) -> Matrices:
    """Let the interfering feature's upper neuron hold a side of the receiving one, too.

    The side's own neuron falls silent. inhibitors: neuron and weight to the receiving output;
    the interfering feature drives each by a quarter.
    """
    W1, W2 = (part.copy() for part in network)
    j, silent = 2 * interfering, 2 * receiving + (into < 0)
    W1[silent], W2[:, silent] = 0, 0
    W1[j, interfering], W2[interfering, j] = 2, 0.5
    W1[j, receiving], W2[receiving, j] = into, out
    for k, weight in inhibitors.items():
        W1[k, interfering], W2[receiving, k] = 0.25, weight
    return W1, W2


def one(**options: float) -> Matrices:
    return plant(monosemantic(3), 0, 1, {4: -16}, **options)


def two() -> Matrices:
    """Two instances, which share an inhibitor."""
    return plant(plant(monosemantic(6), 0, 1, {4: -16}), 3, 4, {4: -4, 10: -12}, into=-0.5)


ONE = Motif(
    neuron=0,
    interfering_feature=0,
    receiving_feature=1,
    inhibitors=(4,),
    input_ratio=4,
    output_ratio=4,
    interference=4,
    inhibition=-4,
)


OTHER = ONE._replace(neuron=6, interfering_feature=3, receiving_feature=4, inhibitors=(10, 4))
