"""How many features a neuron holds, and how much a feature shares its neurons.

Paper: "Computation in Superposition" and the neuron weight stack plots before it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import Field

from toymodel.arrays import takes_matrices
from toymodel.settings import Settings

CLASSES = ("monosemantic", "slightly polysemantic", "polysemantic")

UNUSED = "unused"
"""The class of a neuron without any input weight, whose activation stays at 0."""

CLEAR_SECONDARY = (0.2, 0.6)
"""Relative weights between which a neuron's second largest is a clear secondary feature."""

_MIN_REPRESENTED = 0.01  # of the largest norm


class Thresholds(Settings):
    """Where the classes of neurons end.

    Attributes:
        second_weight: a neuron is monosemantic if its second largest relative weight is below
            this; above 0 and at most 1.
        extra_weight: another neuron is slightly polysemantic if its extra weight is below this,
            else polysemantic; above 0 and at most 100.

    Raises:
        SettingError: for a value that is not allowed.
    """

    second_weight: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            alias="mono",
            title="Monosemantic: second largest weight below",
            description="Relative to the neuron's largest input weight; usually 0.05.",
        ),
    ] = 0.05
    extra_weight: Annotated[
        float,
        Field(
            gt=0,
            le=100,
            alias="slight",
            title="Slightly polysemantic: extra weight below",
            description="The height of the stack above its first block; usually 1.",
        ),
    ] = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Neurons:
    """What each neuron holds, by its input weights.

    Attributes:
        relative: (neuron, feature), r = |W1| / the neuron's largest |W1|, from 0 to 1.
        extra_weight: (neuron,), the sum of r, less 1: the height of the stack above its first
            block.
        effective_features: (neuron,), (sum r)^2 / sum r^2, 1 and up; 0 for an unused neuron.
        primary: (neuron,), the feature with the largest |W1|.
        classes: one of CLASSES for each neuron, or UNUSED.
    """

    relative: Float[np.ndarray, "neuron feature"]
    extra_weight: Float[np.ndarray, " neuron"]
    effective_features: Float[np.ndarray, " neuron"]
    primary: Int[np.ndarray, " neuron"]
    classes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many neurons each of CLASSES has, and UNUSED if there are such neurons."""
        count = Counter(self.classes)
        return {name: count[name] for name in (*CLASSES, UNUSED) if name != UNUSED or count[name]}


@takes_matrices(W1="neuron feature")
def neurons(
    W1: Float[np.ndarray, "neuron feature"], thresholds: Thresholds | None = None
) -> Neurons:
    """Classify every neuron by how many features it holds.

    Example:
        tm.neurons(model.W1).counts  # {"monosemantic": 30, "slightly polysemantic": 9, ...}

    Args:
        W1: input weights, (neuron, feature).
        thresholds: where the classes end; the defaults if None.

    Returns:
        Class, extra weight and effective number of features of every neuron.
    """
    thresholds = thresholds or Thresholds()
    size = np.abs(W1).astype(np.float64)
    largest = size.max(axis=1, keepdims=True)
    used = largest[:, 0] > 0
    relative = np.divide(size, largest, out=np.zeros_like(size), where=largest > 0)
    total = relative.sum(axis=1)
    square = (relative**2).sum(axis=1)
    code = np.where(
        second_weight(relative) < thresholds.second_weight,
        0,
        np.where(total - 1 < thresholds.extra_weight, 1, 2),
    )
    return Neurons(
        relative=relative,
        extra_weight=np.where(used, total - 1, 0),
        effective_features=np.divide(total**2, square, out=np.zeros_like(total), where=used),
        primary=size.argmax(axis=1),
        classes=tuple(CLASSES[c] if u else UNUSED for c, u in zip(code, used, strict=True)),
    )


def second_weight(relative: Float[np.ndarray, "neuron feature"]) -> Float[np.ndarray, " neuron"]:
    """The second largest of each neuron's relative weights, (neuron,); 0 for one feature."""
    if relative.shape[1] < 2:
        return np.zeros(len(relative))
    return np.sort(relative, axis=1)[:, -2]


def with_secondary(found: Neurons) -> Bool[np.ndarray, " neuron"]:
    """Whether each neuron has a clear secondary feature, beside one primary feature, (neuron,)."""
    second = second_weight(found.relative)
    return (second >= CLEAR_SECONDARY[0]) & (second <= CLEAR_SECONDARY[1])


def instructive(W1: Float[np.ndarray, "neuron feature"], found: Neurons) -> dict[str, int | None]:
    """Choose a neuron of each kind that is worth a look.

    Args:
        W1: input weights, (neuron, feature).
        found: what `neurons` says of them.

    Returns:
        "secondary": the first neuron with a clear secondary feature. "polysemantic": the neuron
        with the most effective features that is not monosemantic. "monosemantic": the first
        neuron of that class. First means in the paper's order; None if there is no such neuron.
    """
    order = paper_order(W1)
    classes, secondary = np.array(found.classes)[order], with_secondary(found)[order]
    mixed = np.isin(classes, CLASSES[1:])
    most = np.where(mixed, found.effective_features[order], -1).argmax()

    def first(which: Bool[np.ndarray, " neuron"]) -> int | None:
        return int(order[which.argmax()]) if which.any() else None

    return {
        "secondary": first(secondary),
        "polysemantic": int(order[most]) if mixed.any() else None,
        "monosemantic": first(classes == CLASSES[0]),
    }


def first_shown(W1: Float[np.ndarray, "neuron feature"], found: Neurons) -> int:
    """The neuron to show first: the first that is `instructive`, else the first of all."""
    choices = instructive(W1, found).values()
    return next((j for j in choices if j is not None), int(paper_order(W1)[0]))


def paper_order(W1: Float[np.ndarray, "neuron feature"]) -> Int[np.ndarray, " neuron"]:
    """Sort neurons by the importance of their primary feature, as the paper's sweep does.

    Of neurons with the same primary feature, the one with the least extra weight comes first.
    """
    found = neurons(W1)
    return np.lexsort((found.extra_weight, found.primary))


@takes_matrices(W1="neuron feature")
def superposition(W1: Float[np.ndarray, "neuron feature"]) -> Float[np.ndarray, " feature"]:
    """Measure how much each feature shares its neurons: the colour in the paper's sweep.

    It is the sum over k != i of (w_i/|w_i| . w_k)^2, where w_i is the i-th column of W1.

    Example:
        tm.superposition(model.W1).max()

    Args:
        W1: input weights, (neuron, feature).

    Returns:
        (feature,): about 0 for a feature with neurons of its own, 1 and more for one that shares
        them. NaN for a feature that is not represented, whose |w_i| is below 1 % of the largest.
    """
    columns = W1.astype(np.float64)
    norm = np.linalg.norm(columns, axis=0)
    represented = norm > _MIN_REPRESENTED * norm.max(initial=0)
    unit = np.divide(columns, norm, out=np.zeros_like(columns), where=norm > 0)
    overlap = (unit.T @ columns) ** 2
    np.fill_diagonal(overlap, 0)
    return np.where(represented, overlap.sum(axis=1), np.nan)


def effective_neurons(W1: Float[np.ndarray, "neuron feature"]) -> Float[np.ndarray, " feature"]:
    """Count the neurons that each feature is spread over.

    It is (sum_j W1[j, i]^2)^2 / sum_j W1[j, i]^4: k for a feature with equally large weights to k
    neurons, and about (m + 2) / 3 for a random direction of m neurons.

    Args:
        W1: input weights, (neuron, feature).

    Returns:
        (feature,), from 1 to m. NaN for a feature that is not represented, as in `superposition`.
    """
    square = W1.astype(np.float64) ** 2
    total = square.sum(axis=0)
    represented = np.sqrt(total) > _MIN_REPRESENTED * np.sqrt(total.max(initial=0))
    # Shares of the total, so that no square of a square rounds to 0.
    share = np.divide(square, total, out=np.zeros_like(square), where=total > 0)
    fourth = (share**2).sum(axis=0)
    return np.divide(1, fourth, out=np.full_like(total, np.nan), where=represented & (fourth > 0))


@takes_matrices(W1="neuron feature", W2="feature neuron")
def path_gain(
    W1: Float[np.ndarray, "neuron feature"], W2: Float[np.ndarray, "feature neuron"]
) -> Float[np.ndarray, "neuron feature"]:
    """Compute what each neuron adds to each feature's output for one unit of the feature.

    It does so on the side of the feature that drives the neuron: the sign of W1[j, i]. A feature
    is computed well if the gains of each of its sides sum to about 1.

    Example:
        gain = tm.path_gain(model.W1, model.W2)
        gain[:, 0]  # how each neuron serves feature 0

    Args:
        W1: input weights, (neuron, feature).
        W2: output weights, (feature, neuron).

    Returns:
        |W1[j, i]| W2[i, j], (neuron, feature).
    """
    return np.abs(W1) * W2.T
