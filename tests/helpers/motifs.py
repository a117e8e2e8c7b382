"""Networks with a planted instance of the motif, and what is right to find in them."""

from __future__ import annotations

import numpy as np

from tests.helpers.networks import weights
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

TWO_UNEVEN = weights(
    [
        [1, 0, 0, 0, 0, 0],
        [-1, 0, 0, 0, 0, 0],
        [0, 1, 0, -0.203, -0.0124, 0.0113],
        [0, -1, 0, 0, 0.151, 0],
        [0, 0, 1, 0, 0, 0],
        [0, 0, -1, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0.129, 0, -2.45, 0.00557, 0.408],
        [0, -0.181, 0, 0.274, 2.57, -0.389],
        [0, 0, 0, 0.0516, -1, 0],
    ],
    np.transpose(
        [
            [1, 0, 0, 0, 0, 0.0196],
            [1, 0, 0, 0, 0, -0.0102],
            [0, 1.03, 0, -0.0202, 0.0304, -44.4],
            [0, 1.03, 0, 0.0361, -0.0375, -42],
            [0, 0, 1, 0, 0, -0.0159],
            [0, 0, 1, 0, 0, 0.0283],
            [0, 0.0334, 0, 1.1, -0.111, -0.741],
            [0, -0.0786, 0, 0.444, 0.0291, 3.69],
            [0, -0.0546, 0, 0, 0.422, 2.46],
            [0, 0.00538, 0, 0, 1.09, 0.559],
        ]
    ),
    [0, -0.00859, 0, -0.0666, -0.0623, 0],
)
"""A trained network with two instances as in the paper's figure; its loss is 0.017.

Both neurons disturb output 5. The inhibitors belong to feature 1 and hold the interfering feature
as a minor weight. Neuron 7 holds feature 5 with a path gain of 1.51, of which its inhibitor takes
0.5.
"""


MUTUAL = weights(
    [
        [1, 0, 0, 0, 0, 0],
        [1, 0, 0, -0.33, 0.0883, 0],
        [-1.91, 0, 0, 0.523, -0.0891, 0],
        [-2.88, 0, 0, -0.0259, -0.347, 0],
        [0, 1, 0, 0, 0, 0],
        [0, 1, 0.418, 0, 0, 0.0759],
        [0, -1.6, -0.624, 0, 0, -0.076],
        [0, -2.9, 0.0204, 0, 0, -0.344],
        [0, 0, 1, 0, 0, 0],
        [0, 0, 0, -1, 0, 0],
    ],
    np.transpose(
        [
            [1.16, 0, 0.00714, 3.12, -11.3, -0.0282],
            [-0.0941, 0, 0, -3.22, 11.3, 0],
            [0.128, 0, 0, 1.93, -7.1, 0],
            [0.282, 0, 0, -1.31, 4.71, 0.0124],
            [0, 1.14, 2.45, 0.00533, -0.0167, -13.1],
            [0, -0.0722, -2.52, -0.0149, 0.047, 13.1],
            [0, 0.0989, 1.62, 0, -0.0222, -8.77],
            [0, 0.311, -0.909, 0, 0, 4.84],
            [0, 0.0405, 2.08, 0, 0, -5.55],
            [0.0447, 0, 0, 2.11, -3.83, 0],
        ]
    ),
    [-0.0447, -0.0462, 0, 0, 0, 0],
)
"""A trained network with two pairs of neurons that inhibit for each other; its loss is 0.023.

The two neurons of a pair share a side of the interfering feature: 0.24 and 0.81 of 1.05 are the
path gains of neurons 2 and 3.
"""
