"""Asymmetric superposition with inhibition: found by definition in the weights of a network.

Paper: "Computation in Superposition", section "The Asymmetric Superposition Motif". One neuron
holds two features with very different input weights and reciprocal output weights, so that one,
the interfering feature, pushes the output of the other, the receiving one, far too high, but hardly
the reverse. Other neurons, which the interfering feature drives as well, take that away again.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from pydantic import Field

from toymodel.analysis.polysemanticity import path_gain
from toymodel.settings import Settings


class MotifThresholds(Settings):
    """What counts as an instance.

    least_gain, most_gain: both features' path gains through the neuron, and their sums over all
        neurons of that side, lie between these. ratio: of the two input weights, and of the two
        output weights, at least this. inhibition: what the inhibitors take away, at least this
        share of the interference. part: a neuron is an inhibitor from this share of it on.
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

    neuron: holds both features. interfering_feature: the one with the larger input weight;
    receiving_feature: the one whose output it disturbs. inhibitors: the neurons that take the
    interference away, the strongest first. input_ratio: the interfering feature's |W1| over the
    receiving one's; output_ratio: the receiving feature's W2 over the interfering one's.
    interference: what one unit of the interfering feature adds to the receiving output through
    the neuron, above 0; inhibition: what it adds through the inhibitors, below 0.
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
    """Every instance in a network, ordered by neuron, then by interfering and receiving feature.

    Signs, scales of neurons at equal function, and the order of neurons and of features do not
    matter.
    """
    limits = thresholds or MotifThresholds()
    size, out = np.abs(W1).astype(np.float64), W2.T.astype(np.float64)
    positive = W1 > 0
    held = held_sides(W1, W2, limits)
    found: list[Motif] = []
    for j in np.flatnonzero(held.sum(axis=1) > 1).tolist():
        features = np.flatnonzero(held[j])
        into, outof = size[j, features], out[j, features]
        input_ratio = into[:, None] / into  # (interfering, receiving)
        output_ratio = outof / outof[:, None]
        pairs = np.argwhere((input_ratio >= limits.ratio) & (output_ratio >= limits.ratio))
        for a, c in pairs.tolist():
            interfering, receiving = int(features[a]), int(features[c])
            interference = into[a] * outof[c]
            driven = positive[:, interfering] == positive[j, interfering]
            pushes = np.where(driven, size[:, interfering] * out[:, receiving], 0)
            inhibitors = np.flatnonzero(pushes <= -limits.part * interference)
            inhibition = float(pushes[inhibitors].sum())
            if -inhibition < limits.inhibition * interference:
                continue
            strongest = inhibitors[np.argsort(pushes[inhibitors], kind="stable")]
            found.append(
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
    return sorted(found)


def held_sides(
    W1: Float[np.ndarray, "neuron feature"],
    W2: Float[np.ndarray, "feature neuron"],
    thresholds: MotifThresholds | None = None,
) -> Bool[np.ndarray, "neuron feature"]:
    """Which features a neuron computes a side of, where that side as a whole is computed, too."""
    limits = thresholds or MotifThresholds()
    gain = path_gain(W1, W2).astype(np.float64)
    high = np.where(W1 > 0, gain, 0).sum(axis=0)
    low = np.where(W1 < 0, gain, 0).sum(axis=0)
    side = np.where(W1 > 0, high, low)

    def about_one(value: np.ndarray) -> np.ndarray:
        return (value >= limits.least_gain) & (value <= limits.most_gain)

    return about_one(gain) & about_one(side)
