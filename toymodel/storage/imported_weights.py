"""Weights from elsewhere: which array is which, and a model that can be looked at as any other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from jaxtyping import Float32
from pydantic import Field

from toymodel.analysis.loss import evaluate
from toymodel.config import Config, Recipe
from toymodel.model import History, Model, Weights
from toymodel.settings import Allowed, Settings
from toymodel.storage.weight_file import Array, UnusableWeights, quoted

_Name = Annotated[
    str | None,
    Field(min_length=1, max_length=100),
    Allowed("an array's name of 1 to 100 characters"),
]

_NAMES = {
    "W1": ("w1", "w_in", "w_enc", "fc1.weight", "linear1.weight", "up_proj.weight", "0.weight"),
    "W2": ("w2", "w_out", "w_dec", "fc2.weight", "linear2.weight", "down_proj.weight", "2.weight"),
    "b": ("b", "b2", "b_out", "b_dec", "fc2.bias", "linear2.bias", "down_proj.bias", "2.bias"),
    "b_hidden": (
        *("b_hidden", "b1", "c", "b_in", "b_enc"),
        *("fc1.bias", "linear1.bias", "up_proj.bias", "0.bias"),
    ),
}
"""What arrays are commonly called, perhaps after the name of a layer and a dot, in any case."""

_TRANSPOSED = ("w_in", "w_enc", "w_out", "w_dec")  # where these names are used, x W is meant


class Assignment(Settings):
    """Which array of a file is which.

    Attributes:
        W1: the name of the input weights.
        W2: of the output weights; the same name where they are tied.
        b: of the output biases; None for zeros.
        b_hidden: of the neurons' biases; None for zeros.
        W1_transposed: the file has W1 as (feature, neuron).
        W2_transposed: the file has W2 as (neuron, feature).
    """

    W1: Annotated[_Name, Field(alias="w1", title="W₁ (neuron, feature)")] = None
    W2: Annotated[_Name, Field(alias="w2", title="W₂ (feature, neuron)")] = None
    b: Annotated[_Name, Field(alias="b", title="Output biases")] = None
    b_hidden: Annotated[_Name, Field(alias="bh", title="Hidden biases")] = None
    W1_transposed: Annotated[bool, Field(alias="w1t", title="Stored transposed")] = False
    W2_transposed: Annotated[bool, Field(alias="w2t", title="Stored transposed")] = False


def assign(arrays: Mapping[str, Array], chosen: Assignment) -> Weights:
    """The network that some arrays are; raises `UnusableWeights` where shapes do not fit."""
    W1 = _matrix(arrays, "W1", chosen.W1, transposed=chosen.W1_transposed)
    W2 = _matrix(arrays, "W2", chosen.W2, transposed=chosen.W2_transposed)
    m, n = W1.shape
    if W2.shape != (n, m):
        raise UnusableWeights(
            f"W2 is {W2.shape}; with W1 (neurons: {m}, features: {n}) it must be ({n}, {m})"
        )
    b = _biases(arrays, "b", chosen.b, n, "feature")
    b_hidden = _biases(arrays, "b_hidden", chosen.b_hidden, m, "neuron")
    return Weights(W1=W1, W2=W2, b=b, b_hidden=b_hidden)


def guess(arrays: Mapping[str, Array]) -> Assignment:
    """Which array is probably which, by names and shapes; raises `UnusableWeights` for no matrix.

    Shapes alone cannot tell neurons from features: where no name and no bias does, matrices count
    as stored like W1 (neuron, feature) and W2 (feature, neuron).
    """
    matrices = [name for name, array in arrays.items() if array.ndim == 2]
    vectors = [name for name, array in arrays.items() if array.ndim == 1]
    if not matrices:
        raise UnusableWeights("none of its arrays has two axes, as W1 and W2 have")
    named = {role: _called(role, vectors if role[0] == "b" else matrices) for role in _NAMES}
    first = named["W1"] or next((m for m in matrices if m != named["W2"]), matrices[0])
    second = named["W2"] or _partner(arrays, first, matrices)
    turned = _is_transposed(arrays, first, named)
    n, m = arrays[first].shape if turned else arrays[first].shape[::-1]
    shape = arrays[second].shape
    second_turned = shape == (m, n) if n != m else second.lower().endswith(_TRANSPOSED)
    if second == first:
        second_turned = not turned
    left = [name for name in vectors if name not in named.values()]
    b = named["b"] or next((name for name in left if len(arrays[name]) == n), None)
    b_hidden = named["b_hidden"] or next(
        (name for name in left if name != b and len(arrays[name]) == m), None
    )
    return Assignment(
        W1=first,
        W2=second,
        b=b,
        b_hidden=b_hidden,
        W1_transposed=turned,
        W2_transposed=second_turned,
    )


def as_model(weights: Weights, like: Config | None = None) -> Model:
    """Weights from elsewhere as a model of one restart, which is measured and has no history.

    like: gives task, density and importance decay. In the absolute-value task the network may
    have hidden biases too. Its recipe names the weights, so that it is never taken for a model
    that was trained; it can be neither saved nor trained. Raises `UnusableWeights` for weights
    that the task cannot have, or whose loss is too large to be told.
    """
    m, n = weights.W1.shape
    config = (like or Config()).replace(n_features=n, n_neurons=m, seed=0, hidden_bias=False)
    if config.definition.tied:
        if not np.array_equal(weights.W2, weights.W1.T):
            raise UnusableWeights(
                f"in the {config.task} task W2 is W1 transposed: choose the same array for both, "
                "or the absolute value"
            )
        config = config.replace(hidden_bias=bool(weights.b_hidden.any()))
    with np.errstate(over="ignore", invalid="ignore"):  # what becomes infinite is refused
        found = evaluate(config, weights)
    if not all(value < float(np.finfo(np.float32).max) for value in found):
        raise UnusableWeights(f"their loss, {found.value:.3g}, is too large to be told")
    return Model(
        config=config,
        recipe=Recipe(weights=digest(weights)),
        restarts=(weights,),
        losses=np.array([found.value], np.float32),
        loss_errors=np.array([found.error], np.float32),
        history=History(
            step=np.zeros(0, np.int64),
            seconds=np.zeros(0, np.float32),
            loss=np.zeros((1, 0), np.float32),
        ),
    )


def digest(weights: Weights) -> str:
    """What tells weights from others: 16 hexadecimal digits."""
    found = hashlib.sha256(repr(weights.W1.shape).encode())
    for part in (weights.W1, weights.W2, weights.b, weights.b_hidden):
        found.update(part.tobytes())
    return found.hexdigest()[:16]


def _array(arrays: Mapping[str, Array], role: str, name: str | None, axes: int) -> Array:
    if name is None or name not in arrays:
        missing = "no array is chosen" if name is None else f"the file has no {quoted(name)}"
        raise UnusableWeights(f"{role}: {missing}")
    if arrays[name].ndim != axes:
        wanted = "two axes" if axes == 2 else "one axis"
        raise UnusableWeights(f"{role} has the shape {arrays[name].shape}: it must have {wanted}")
    return arrays[name]


def _matrix(
    arrays: Mapping[str, Array], role: str, name: str | None, *, transposed: bool
) -> Float32[np.ndarray, "_ _"]:
    array = _array(arrays, role, name, 2)
    return np.ascontiguousarray(array.T if transposed else array)


def _biases(
    arrays: Mapping[str, Array], role: str, name: str | None, length: int, each: str
) -> Float32[np.ndarray, " _"]:
    if name is None:
        return np.zeros(length, np.float32)
    array = _array(arrays, role, name, 1)
    if len(array) != length:
        raise UnusableWeights(
            f"{role} has {len(array)} numbers; one for each {each}, {length}, are needed"
        )
    return array


def _called(role: str, names: Sequence[str]) -> str | None:
    for common in _NAMES[role]:
        for name in names:
            if name.lower() == common or name.lower().endswith("." + common):
                return name
    return None


def _partner(arrays: Mapping[str, Array], first: str, matrices: Sequence[str]) -> str:
    others = [name for name in matrices if name != first]
    fits = (n for n in others if sorted(arrays[n].shape) == sorted(arrays[first].shape))
    return next(fits, others[0] if others else first)


def _is_transposed(
    arrays: Mapping[str, Array], first: str, named: Mapping[str, str | None]
) -> bool:
    rows, columns = arrays[first].shape
    if rows != columns:
        for role, if_transposed in (("b_hidden", columns), ("b", rows)):
            name = named[role]
            if name and len(arrays[name]) in (rows, columns):
                return len(arrays[name]) == if_transposed
    return first.lower().endswith(_TRANSPOSED)
