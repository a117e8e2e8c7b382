"""Imported weights: which array of a file is which, and a model made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from jaxtyping import Float32
from pydantic import Field

from toymodel.analysis.loss import evaluate
from toymodel.config import Activation, Config
from toymodel.model import History, Model, Weights
from toymodel.recipe import Recipe
from toymodel.settings import Allowed, Settings
from toymodel.storage.weight_file import Array, UnusableWeights
from toymodel.text import quoted

_Name = Annotated[
    str | None,
    Field(min_length=1, max_length=100),
    Allowed("an array's name of 1 to 100 characters"),
]

_NAMES = {
    "W1": ("w1", "w_in", "w_enc", "fc1.weight", "linear1.weight", "up_proj.weight", "0.weight"),
    "W2": ("w2", "w_out", "w_dec", "fc2.weight", "linear2.weight", "down_proj.weight", "2.weight"),
    "b": (
        "b",
        "b2",
        "b_out",
        "b_dec",
        "b_final",
        "fc2.bias",
        "linear2.bias",
        "down_proj.bias",
        "2.bias",
    ),
    "b_hidden": (
        *("b_hidden", "b1", "c", "b_in", "b_enc"),
        *("fc1.bias", "linear1.bias", "up_proj.bias", "0.bias"),
    ),
}
"""Common names of arrays, in any case; a layer's name and a dot may stand before them."""

_TRANSPOSED = ("w_in", "w_enc", "w_out", "w_dec")  # such names are used where a layer is x W


class Assignment(Settings):
    """Which array of a file is which.

    Attributes:
        W1: the name of the input weights.
        W2: the name of the output weights; the same one if the weights are tied.
        b: the name of the output biases; None for zeros.
        b_hidden: the name of the hidden biases; None for zeros.
        W1_transposed: whether the file has W1 as (feature, neuron).
        W2_transposed: whether the file has W2 as (neuron, feature).
    """

    W1: Annotated[_Name, Field(alias="w1", title="W₁ (neuron, feature)")] = None
    W2: Annotated[_Name, Field(alias="w2", title="W₂ (feature, neuron)")] = None
    b: Annotated[_Name, Field(alias="b", title="Output biases")] = None
    b_hidden: Annotated[_Name, Field(alias="bh", title="Hidden biases")] = None
    W1_transposed: Annotated[bool, Field(alias="w1t", title="Stored transposed")] = False
    W2_transposed: Annotated[bool, Field(alias="w2t", title="Stored transposed")] = False


def count_instances(arrays: Mapping[str, Array]) -> int | None:
    """How many networks a file holds, whose arrays have a leading axis; None if they have none.

    Args:
        arrays: the arrays by name, as `read_arrays` gives them.

    Raises:
        UnusableWeights: if arrays with three axes hold different numbers of networks.
    """
    many = {name: len(array) for name, array in arrays.items() if array.ndim == 3}
    if len(set(many.values())) > 1:
        told = ", ".join(f"{quoted(name)} has {count:,}" for name, count in many.items())
        raise UnusableWeights(
            f"arrays with three axes have the instance first, and the same number of them: {told}"
        )
    return next(iter(many.values()), None)


def one_instance(arrays: Mapping[str, Array], instance: int) -> dict[str, Array]:
    """The arrays of one network of a file, without the leading axis; all where there is none.

    Arrays of one axis, and those of two with another length, are shared by the instances.

    Args:
        arrays: the arrays by name, as `read_arrays` gives them.
        instance: its number, from 0; without a leading axis it does not matter.

    Raises:
        UnusableWeights: if there is no such instance, or numbers of instances differ.
    """
    count = count_instances(arrays)
    if count is None:
        return dict(arrays)
    if instance >= count:
        raise UnusableWeights(f"it has no instance {instance}: they go from 0 to {count - 1:,}")
    # With one instance, a bias of one axis and one of two are told apart by their axes alone.
    return {
        name: array[instance] if array.ndim == 3 or _is_many(array, count) else array
        for name, array in arrays.items()
    }


def _is_many(array: Array, count: int) -> bool:
    return array.ndim == 2 and len(array) == count


def assumptions(arrays: Mapping[str, Array], chosen: Assignment) -> list[str]:
    """What an assignment takes for granted, which the file does not say: a sentence each.

    Args:
        arrays: the arrays by name, of one network.
        chosen: which of them is which; a network can be made of it.
    """
    said: list[str] = []
    known = {
        role: _find_name(role, [name for name in arrays if arrays[name].ndim == axes])
        for role, axes in (("W1", 2), ("W2", 2))
    }
    if chosen.W1 == chosen.W2:
        said.append("The file gives one matrix, W1: its transpose is used as W2.")
    for role, by_name in known.items():
        name = getattr(chosen, role)
        if name != by_name and not (role == "W2" and chosen.W1 == chosen.W2):
            said.append(f"{role} is {quoted(str(name))}, because of its shape, not of its name.")
    rows, columns = arrays[str(chosen.W1)].shape
    if rows == columns:
        axes = "(feature, neuron)" if chosen.W1_transposed else "(neuron, feature)"
        said.append(
            f"W1 is square, {rows} by {columns}, so its shape does not say which way round it is: "
            f"it is read as {axes}. *Stored transposed* turns it."
        )
    for role, words in (("b", "output biases"), ("b_hidden", "hidden biases")):
        if getattr(chosen, role) is None:
            said.append(f"There are no {words}: zeros are used.")
    used = {chosen.W1, chosen.W2, chosen.b, chosen.b_hidden}
    if unused := [quoted(name) for name in arrays if name not in used]:
        said.append(f"Not used: {', '.join(unused)}.")
    return said


def assign(
    arrays: Mapping[str, Array], chosen: Assignment, activation: Activation = "relu"
) -> Weights:
    """Make a network of the arrays of a file.

    Args:
        arrays: the arrays by name, as `read_arrays` gives them.
        chosen: which of them is which.
        activation: of the hidden layer, which arrays do not tell.

    Raises:
        UnusableWeights: if an array is missing or has a shape that does not fit.
    """
    W1 = _matrix(arrays, "W1", chosen.W1, transposed=chosen.W1_transposed)
    W2 = _matrix(arrays, "W2", chosen.W2, transposed=chosen.W2_transposed)
    m, n = W1.shape
    if W2.shape != (n, m):
        raise UnusableWeights(
            f"W2 is {W2.shape}; with W1 (neurons: {m}, features: {n}) it must be ({n}, {m})"
        )
    b = _biases(arrays, "b", chosen.b, n, "feature")
    b_hidden = _biases(arrays, "b_hidden", chosen.b_hidden, m, "neuron")
    return Weights(W1=W1, W2=W2, b=b, b_hidden=b_hidden, activation=activation)


def guess(arrays: Mapping[str, Array]) -> Assignment:
    """Guess which array is which, from their names and shapes.

    Shapes alone cannot tell neurons from features. Where neither a name nor a bias can, W1 is
    taken to be (neuron, feature) and W2 to be (feature, neuron).

    Args:
        arrays: the arrays by name, as `read_arrays` gives them.

    Raises:
        UnusableWeights: if no array has two axes.
    """
    matrices = [name for name, array in arrays.items() if array.ndim == 2]
    vectors = [name for name, array in arrays.items() if array.ndim == 1]
    if not matrices:
        raise UnusableWeights("none of its arrays has two axes, as W1 and W2 have")
    known = {role: _find_name(role, vectors if role[0] == "b" else matrices) for role in _NAMES}
    W1 = known["W1"] or next((name for name in matrices if name != known["W2"]), matrices[0])
    W2 = known["W2"] or _partner(arrays, W1, matrices)
    W1_transposed = _is_transposed(arrays, W1, known)
    n, m = arrays[W1].shape if W1_transposed else arrays[W1].shape[::-1]
    if W2 == W1:
        W2_transposed = not W1_transposed
    elif n != m:
        W2_transposed = arrays[W2].shape == (m, n)
    else:
        W2_transposed = W2.lower().endswith(_TRANSPOSED)
    unknown = [name for name in vectors if name not in known.values()]
    b = known["b"] or next((name for name in unknown if len(arrays[name]) == n), None)
    b_hidden = known["b_hidden"] or next(
        (name for name in unknown if name != b and len(arrays[name]) == m), None
    )
    return Assignment(
        W1=W1,
        W2=W2,
        b=b,
        b_hidden=b_hidden,
        W1_transposed=W1_transposed,
        W2_transposed=W2_transposed,
    )


def as_model(weights: Weights, like: Config | None = None) -> Model:
    """Make a model of imported weights: measured, with one restart and no history.

    Its recipe holds a hash of the weights, so that it is never taken for a trained model. It can
    be neither saved nor trained.

    Args:
        weights: the network. It says whether the model has hidden biases, and its activation.
        like: gives the task, the feature probability and the importance decay; the default config
            if it is None.

    Raises:
        UnusableWeights: if the task cannot have these weights, or their loss is too large for a
            float32.
    """
    m, n = weights.W1.shape
    config = (like or Config()).replace(
        n_features=n,
        n_neurons=m,
        seed=0,
        hidden_bias=bool(weights.b_hidden.any()),
        activation=weights.activation,
    )
    if config.definition.tied and not np.array_equal(weights.W2, weights.W1.T):
        raise UnusableWeights(
            f"in the {config.task} task W2 is W1 transposed: choose the same array for both, "
            "or the absolute value"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # what becomes infinite is refused below
        loss = evaluate(config, weights)
    if not all(value < float(np.finfo(np.float32).max) for value in loss):
        raise UnusableWeights(f"their loss, {loss.value:.3g}, is too large to be measured")
    return Model(
        config=config,
        recipe=Recipe(weights=digest(weights)),
        restarts=(weights,),
        losses=np.array([loss.value], np.float32),
        loss_errors=np.array([loss.error], np.float32),
        history=History(
            step=np.zeros(0, np.int64),
            seconds=np.zeros(0, np.float32),
            loss=np.zeros((1, 0), np.float32),
        ),
    )


def digest(weights: Weights) -> str:
    """A hash of the weights: 16 hexadecimal digits."""
    found = hashlib.sha256(repr(weights.W1.shape).encode())
    for array in (weights.W1, weights.W2, weights.b, weights.b_hidden):
        found.update(array.tobytes())
    return found.hexdigest()[:16]


def _array(arrays: Mapping[str, Array], role: str, name: str | None, axes: int) -> Array:
    if name is None or name not in arrays:
        missing = "no array is chosen" if name is None else f"the file has no {quoted(name)}"
        raise UnusableWeights(f"{role}: {missing}")
    if arrays[name].ndim != axes:
        needed = "two axes" if axes == 2 else "one axis"
        raise UnusableWeights(f"{role} has the shape {arrays[name].shape}: it must have {needed}")
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
            f"{role} has {len(array)} numbers; it needs {length}, one for each {each}"
        )
    return array


def _find_name(role: str, names: Sequence[str]) -> str | None:
    for common in _NAMES[role]:
        for name in names:
            if name.lower() == common or name.lower().endswith("." + common):
                return name
    return None


def _partner(arrays: Mapping[str, Array], W1: str, matrices: Sequence[str]) -> str:
    # The first other matrix of the same shape or its transpose, else any other one.
    others = [name for name in matrices if name != W1]
    fits = (n for n in others if sorted(arrays[n].shape) == sorted(arrays[W1].shape))
    return next(fits, others[0] if others else W1)


def _is_transposed(arrays: Mapping[str, Array], W1: str, known: Mapping[str, str | None]) -> bool:
    rows, columns = arrays[W1].shape
    if rows != columns:
        for role, if_transposed in (("b_hidden", columns), ("b", rows)):
            name = known[role]
            if name and len(arrays[name]) in (rows, columns):
                return len(arrays[name]) == if_transposed
    return W1.lower().endswith(_TRANSPOSED)
