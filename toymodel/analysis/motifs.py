"""Asymmetric superposition with inhibition: its instances in the weights of a network.

Paper: "Computation in Superposition", section "The Asymmetric Superposition Motif". One neuron
holds two features with very different input weights and reciprocal output weights. So one of them,
the interfering feature, pushes the output of the other, the receiving feature, far too high, but
hardly the reverse. Other neurons, which the interfering feature also drives, take that away again.
An inhibitor may hold two features in the same way, and the neuron that it inhibits for may inhibit
for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from toymodel.analysis.polysemanticity import path_gain
from toymodel.arrays import takes_matrices
from toymodel.model import Weights
from toymodel.settings import Settings
from toymodel.text import count


class MotifThresholds(Settings):
    """What counts as an instance of the motif.

    Attributes:
        least_gain: the smallest path gain of either feature through the neuron, above 0 and at
            most 1.
        most_gain: the largest such gain, 1 to 10.
        least_side: the smallest sum of the path gains of all neurons on the side of either
            feature, above 0 and at most 1.
        most_side: the largest such sum, 1 to 10.
        ratio: the smallest ratio of the two input weights, and of the two output weights; above 1
            and at most 1,000.
        inhibition: the smallest share of the interference that the inhibitors take away together,
            above 0 and at most 10.
        part: the smallest share of the interference that one inhibitor takes away, above 0 and at
            most 1.
    """

    least_gain: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            alias="gain-from",
            title="Path gains from",
            description="Of either feature through the neuron: |weight in| × weight out. Well "
            "below 1, because two neurons that inhibit each other's output share a side of the "
            "feature that interferes, and one of them computes the smaller part.",
        ),
    ] = 0.15
    most_gain: Annotated[
        float,
        Field(
            ge=1,
            le=10,
            alias="gain-to",
            title="Path gains to",
            description="Above 1, because an inhibitor often holds a little of the receiving "
            "feature, too, and takes a part of it away. The neuron then has a larger gain, and "
            "the side as a whole one of about 1.",
        ),
    ] = 2.0
    least_side: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            alias="side-from",
            title="A side as a whole, from",
            description="The sum of the path gains of all neurons that a side of a feature "
            "drives. 1 computes |x| exactly.",
        ),
    ] = 0.5
    most_side: Annotated[
        float,
        Field(
            ge=1,
            le=10,
            alias="side-to",
            title="A side as a whole, to",
            description="More than 1 is too much.",
        ),
    ] = 1.5
    ratio: Annotated[
        float,
        Field(
            gt=1,
            le=1_000,
            alias="ratio",
            title="Ratio of the weights, at least",
            description="Of the two input weights, and the other way round of the two output "
            "weights.",
        ),
    ] = 1.5
    inhibition: Annotated[
        float,
        Field(
            gt=0,
            le=10,
            alias="inhibited",
            title="Inhibition, at least",
            description="What other neurons take away, as a share of the interference.",
        ),
    ] = 0.5
    part: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            alias="part",
            title="An inhibitor takes, at least",
            description="A neuron counts as an inhibitor from this share of the interference on.",
        ),
    ] = 0.05


class Motif(NamedTuple):
    """One instance of asymmetric superposition with inhibition.

    Attributes:
        neuron: the neuron that holds both features.
        interfering_feature: the one with the larger input weight.
        receiving_feature: the one whose output is disturbed.
        inhibitors: the neurons that take the interference away, the strongest first.
        input_ratio: |W1| of the interfering feature over that of the receiving one.
        output_ratio: W2 of the receiving feature over that of the interfering one.
        interference: what one unit of the interfering feature adds to the receiving output through
            the neuron, above 0.
        inhibition: what it adds through the inhibitors, below 0.
    """

    neuron: int
    interfering_feature: int
    receiving_feature: int
    inhibitors: tuple[int, ...]
    input_ratio: float
    output_ratio: float
    interference: float
    inhibition: float


@takes_matrices(W1="neuron feature", W2="feature neuron")
def find_motifs(
    W1: Float[np.ndarray, "neuron feature"],
    W2: Float[np.ndarray, "feature neuron"],
    thresholds: MotifThresholds | None = None,
) -> list[Motif]:
    """Find every instance of asymmetric superposition with inhibition.

    The signs of features, the scales of neurons at equal function, and the order of neurons and
    features do not matter.

    Example:
        for motif in tm.find_motifs(model.W1, model.W2):
            print(motif.neuron, motif.interference, motif.inhibition)

    Args:
        W1: input weights, (neuron, feature).
        W2: output weights, (feature, neuron).
        thresholds: what counts as an instance; the defaults if None.

    Returns:
        The instances, sorted by neuron, then by interfering and receiving feature.
    """
    limits = thresholds or MotifThresholds()
    size, out = np.abs(W1).astype(np.float64), W2.T.astype(np.float64)
    positive = W1 > 0
    held = held_sides(W1, W2, limits)
    motifs: list[Motif] = []
    for j in np.flatnonzero(held.sum(axis=1) > 1).tolist():
        features = np.flatnonzero(held[j])
        w_in, w_out = size[j, features], out[j, features]
        input_ratio = w_in[:, None] / w_in  # (interfering, receiving)
        output_ratio = w_out / w_out[:, None]
        pairs = np.argwhere((input_ratio >= limits.ratio) & (output_ratio >= limits.ratio))
        for a, c in pairs.tolist():
            interfering, receiving = int(features[a]), int(features[c])
            interference = w_in[a] * w_out[c]
            driven = positive[:, interfering] == positive[j, interfering]
            pushes = np.where(driven, size[:, interfering] * out[:, receiving], 0)
            inhibitors = np.flatnonzero(pushes <= -limits.part * interference)
            inhibition = float(pushes[inhibitors].sum())
            if -inhibition < limits.inhibition * interference:
                continue
            strongest = inhibitors[np.argsort(pushes[inhibitors], kind="stable")]
            motifs.append(
                Motif(
                    neuron=j,
                    interfering_feature=interfering,
                    receiving_feature=receiving,
                    inhibitors=tuple(strongest.tolist()),
                    input_ratio=float(input_ratio[a, c]),
                    output_ratio=float(output_ratio[a, c]),
                    interference=float(interference),
                    inhibition=inhibition,
                )
            )
    return sorted(motifs)


def held_sides(
    W1: Float[np.ndarray, "neuron feature"],
    W2: Float[np.ndarray, "feature neuron"],
    thresholds: MotifThresholds | None = None,
) -> Bool[np.ndarray, "neuron feature"]:
    """Find the sides of features that are computed, and the neurons that compute them.

    Args:
        W1: input weights, (neuron, feature).
        W2: output weights, (feature, neuron).
        thresholds: between which gains a side counts as computed; the defaults if None.

    Returns:
        (neuron, feature), whether the path gain is between `least_gain` and `most_gain`, and the
        sum of the path gains of all neurons on that side of the feature, inhibitors included,
        between `least_side` and `most_side`.
    """
    limits = thresholds or MotifThresholds()
    gain = path_gain(W1, W2).astype(np.float64)
    high = np.where(W1 > 0, gain, 0).sum(axis=0)
    low = np.where(W1 < 0, gain, 0).sum(axis=0)
    side = np.where(W1 > 0, high, low)
    through = (gain >= limits.least_gain) & (gain <= limits.most_gain)
    return through & (side >= limits.least_side) & (side <= limits.most_side)


def asymmetric_neurons(motifs: Sequence[Motif]) -> list[int]:
    """List the neurons that hold an instance, each once, in order."""
    return sorted({motif.neuron for motif in motifs})


def count_words(motifs: Sequence[Motif]) -> str:
    """Count instances in words: "7 neurons, 45 pairs of features"."""
    pairs = count(len(motifs), "pair")
    return f"{count(len(asymmetric_neurons(motifs)), 'neuron')}, {pairs} of features"


def scale_neurons(weights: Weights, motifs: Sequence[Motif]) -> Weights:
    """Scale every neuron as the paper draws it; the network computes the same function.

    ReLU(s z) = s ReLU(z) for s > 0, so a neuron's input weights and hidden bias can be multiplied
    by s, and its output weights divided by it. The largest input weight of a neuron becomes 1 in
    size. In a neuron that holds an instance, the input weights of its two features get the product
    1, as W = [2, -1/2] with the output weights [1/2, 2] in the paper; if it holds several
    instances, the geometric mean of the sizes of all their features becomes 1. A neuron without
    input weights stays as it is.

    Example:
        tm.scale_neurons(model.weights, tm.find_motifs(model.W1, model.W2))

    Args:
        weights: the network.
        motifs: the instances that were found in it.

    Returns:
        The network with other weights and the same outputs.
    """
    size = np.abs(weights.W1).astype(np.float64)
    unit = size.max(axis=1)
    held = {neuron: set[int]() for neuron in asymmetric_neurons(motifs)}
    for motif in motifs:
        held[motif.neuron] |= {motif.interfering_feature, motif.receiving_feature}
    for neuron, features in held.items():
        unit[neuron] = np.exp(np.log(size[neuron, sorted(features)]).mean())
    unit[unit == 0] = 1
    return replace(
        weights,
        W1=(weights.W1 / unit[:, None]).astype(np.float32),
        b_hidden=(weights.b_hidden / unit).astype(np.float32),
        W2=(weights.W2 * unit).astype(np.float32),
    )
