"""Asymmetric superposition with inhibition: its instances in the weights of a network.

Paper: "Computation in Superposition", section "The Asymmetric Superposition Motif". One neuron
holds two features with very different input weights and reciprocal output weights. So one of them,
the interfering feature, pushes the output of the other, the receiving feature, far too high, but
hardly the reverse. Other neurons, which the interfering feature also drives, take that away again.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from toymodel.analysis.polysemanticity import path_gain
from toymodel.settings import Settings


class MotifThresholds(Settings):
    """What counts as an instance of the motif.

    Attributes:
        least_gain: the smallest path gain of both features through the neuron, and the smallest
            sum of a side's path gains over all neurons; above 0 and at most 1.
        most_gain: the largest such gain and sum, 1 to 10.
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
            description="Both features' |weight in| × weight out, and their sums over all neurons "
            "of that side.",
        ),
    ] = 0.5
    most_gain: Annotated[
        float,
        Field(
            ge=1,
            le=10,
            alias="gain-to",
            title="Path gains to",
            description="1 computes |x| exactly; more is too much.",
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
        (neuron, feature), whether the path gain, and the sum of the path gains of all neurons on
        that side of the feature, are both between the thresholds.
    """
    limits = thresholds or MotifThresholds()
    gain = path_gain(W1, W2).astype(np.float64)
    high = np.where(W1 > 0, gain, 0).sum(axis=0)
    low = np.where(W1 < 0, gain, 0).sum(axis=0)
    side = np.where(W1 > 0, high, low)

    def about_one(value: np.ndarray) -> np.ndarray:
        return (value >= limits.least_gain) & (value <= limits.most_gain)

    return about_one(gain) & about_one(side)
