"""How many features a neuron holds, and how much a feature shares (arrays in, small results out).

Paper: "Computation in Superposition" and the neuron weight stack plots before it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import Field

from toymodel.settings import Settings

CLASSES = ("monosemantic", "slightly polysemantic", "polysemantic")
UNUSED = "unused"
"""The class of a neuron without any input weight, whose activation stays at 0."""

CLEAR_SECONDARY = (0.2, 0.6)
"""Between these relative sizes a neuron's second largest weight is a clear secondary feature."""

_REPRESENTED = 0.01


class Thresholds(Settings):
    """Where the classes end.

    second_weight: a neuron is monosemantic while its second largest relative weight is below
        this. extra_weight: it is slightly polysemantic while its extra weight is below this.
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

    relative: (neuron, feature), r = |W1| / the neuron's largest |W1|, 0 to 1. extra_weight:
    (neuron,), sum of r less 1, the height of the stack above its first block. effective_features:
    (neuron,), (sum r)^2 / sum r^2, 1 and up. primary: (neuron,), the feature with the largest
    |W1|. classes: (neuron,), one of CLASSES, or UNUSED.
    """

    relative: Float[np.ndarray, "neuron feature"]
    extra_weight: Float[np.ndarray, " neuron"]
    effective_features: Float[np.ndarray, " neuron"]
    primary: Int[np.ndarray, " neuron"]
    classes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many neurons each class has, in the order of CLASSES; UNUSED only where there are."""
        found = Counter(self.classes)
        return {name: found[name] for name in (*CLASSES, UNUSED) if name != UNUSED or found[name]}


def neurons(
    W1: Float[np.ndarray, "neuron feature"], thresholds: Thresholds | None = None
) -> Neurons:
    """Class, extra weight and effective number of features of every neuron."""
    thresholds = thresholds or Thresholds()
    size = np.abs(W1).astype(np.float64)
    largest = size.max(axis=1, keepdims=True)
    used = largest[:, 0] > 0
    relative = np.divide(size, largest, out=np.zeros_like(size), where=largest > 0)
    total = relative.sum(axis=1)
    square = (relative**2).sum(axis=1)
    features = W1.shape[1]
    second = np.sort(relative, axis=1)[:, -2] if features > 1 else np.zeros(len(W1))
    code = np.where(
        second < thresholds.second_weight, 0, np.where(total - 1 < thresholds.extra_weight, 1, 2)
    )
    return Neurons(
        relative=relative,
        extra_weight=np.where(used, total - 1, 0),
        effective_features=np.divide(total**2, square, out=np.zeros_like(total), where=used),
        primary=size.argmax(axis=1),
        classes=tuple(CLASSES[c] if u else UNUSED for c, u in zip(code, used, strict=True)),
    )


def with_secondary(found: Neurons) -> Bool[np.ndarray, " neuron"]:
    """Which neurons have one primary feature and at least one clear secondary one, (neuron,)."""
    if found.relative.shape[1] < 2:
        return np.zeros(len(found.relative), bool)
    second = np.sort(found.relative, axis=1)[:, -2]
    return (second >= CLEAR_SECONDARY[0]) & (second <= CLEAR_SECONDARY[1])


def instructive(W1: Float[np.ndarray, "neuron feature"], found: Neurons) -> dict[str, int | None]:
    """A neuron of each kind that is worth a look, or None where this model has none.

    "secondary": one with a primary and clear secondary features; "polysemantic": the one with the
    most effective features; "monosemantic": a neuron of that class. The first in the paper's
    order, where there are several.
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
    """The neuron that a first view shows: the first that is `instructive`, else the leftmost."""
    worth = instructive(W1, found).values()
    return next((j for j in worth if j is not None), int(paper_order(W1)[0]))


def paper_order(W1: Float[np.ndarray, "neuron feature"]) -> Int[np.ndarray, " neuron"]:
    """Neurons sorted by the importance of their largest feature, as in the paper's sweep.

    Of neurons with the same one, those that hold it more purely come first.
    """
    found = neurons(W1)
    return np.lexsort((found.extra_weight, found.primary))


def superposition(W1: Float[np.ndarray, "neuron feature"]) -> Float[np.ndarray, " feature"]:
    """The paper's measure of how much each feature shares, (feature,); 0 and up.

    sum over k != i of (w_i/|w_i| . w_k)^2, w_i the i-th column of W1: about 0 where a feature
    has its neurons to itself, 1 and more where it shares them. NaN for features that are not
    represented, whose |w_i| is below 1 % of the largest.
    """
    columns = W1.astype(np.float64)
    norm = np.linalg.norm(columns, axis=0)
    represented = norm > _REPRESENTED * norm.max(initial=0)
    unit = np.divide(columns, norm, out=np.zeros_like(columns), where=norm > 0)
    overlap = (unit.T @ columns) ** 2
    np.fill_diagonal(overlap, 0)
    return np.where(represented, overlap.sum(axis=1), np.nan)


def path_gain(
    W1: Float[np.ndarray, "neuron feature"], W2: Float[np.ndarray, "feature neuron"]
) -> Float[np.ndarray, "neuron feature"]:
    """|W1[j,i]| W2[i,j], (neuron, feature): what neuron j adds to output i for one unit of x_i.

    It does so on the side sign(W1[j,i]); a feature is served well when the gains of each side
    sum to about 1.
    """
    return np.abs(W1) * W2.T
