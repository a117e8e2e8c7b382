"""What the tensors of a model's file must be: their names, types, shapes and numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from toymodel.config import Config
from toymodel.recipe import Recipe
from toymodel.storage.tensor_file import MAX_MAGNITUDE, check_finite, check_range
from toymodel.storage.tensor_header import Entry, Header
from toymodel.text import one_line, quoted

RECORDS = 200
"""Records of the loss in a cycle, at most."""

SMALLEST_LOSS = float(np.finfo(np.float32).tiny)
"""Of a restart in a file: its logarithm and its inverse are finite."""

WEIGHTS = ("W1", "W2", "b", "b_hidden")
"""The tensors that hold the weights of every restart."""

_TYPES = {
    **dict.fromkeys((*WEIGHTS, "losses", "loss_errors"), "F32"),
    "history.step": "I64",
    **dict.fromkeys(("history.seconds", "history.loss"), "F32"),
}


def check_shapes(header: Header, config: Config, recipe: Recipe) -> None:
    """Check that a header lists the tensors of a model, before any of them is read.

    Raises:
        ValueError: for other tensors, types and shapes than its settings give.
    """
    entries = header.entries
    for what, names in (
        ("lacks", _TYPES.keys() - entries.keys()),
        ("also holds", entries.keys() - _TYPES.keys()),
    ):
        if names:
            listed = ", ".join(map(quoted, sorted(names)))
            raise ValueError(f"it {what} {one_line(listed, 100)}")
    n, m = config.n_features, config.n_neurons
    restarts, records = (_length(entries[name]) for name in ("losses", "history.step"))
    if not 1 <= restarts <= recipe.restarts:
        raise ValueError(f"it holds {restarts} restarts, its recipe has {recipe.restarts}")
    if not 1 <= records <= RECORDS * recipe.cycles:
        raise ValueError(f"its history has {records} records")
    shapes = {
        "W1": (restarts, m, n),
        "W2": (restarts, n, m),
        "b": (restarts, n),
        "b_hidden": (restarts, m),
        "losses": (restarts,),
        "loss_errors": (restarts,),
        "history.step": (records,),
        "history.seconds": (records,),
        "history.loss": (restarts, records),
    }
    for name, shape in shapes.items():
        entry = entries[name]
        if entry.shape != shape or entry.dtype != _TYPES[name]:
            found = one_line(f"{entry.dtype} {entry.shape}", 60)
            raise ValueError(f"{name} is {found}, it should be {_TYPES[name]} {shape}")


def _length(entry: Entry) -> int:
    length = entry.shape[0] if entry.shape else None
    return length if type(length) is int else 0


def check_values(tensors: Mapping[str, np.ndarray], config: Config, recipe: Recipe) -> None:
    """Check the numbers of a model's tensors, whose shapes are right.

    A model with numbers beyond these bounds was never trained, and no page could show it.

    Raises:
        ValueError: for numbers that are not finite or too large, a loss of 0, and what
            contradicts the settings.
    """
    largest = f"at most {MAX_MAGNITUDE:,} is allowed, with either sign"
    for name, tensor in tensors.items():
        check_finite(name, tensor)
        if name in WEIGHTS:
            check_range(name, tensor, -MAX_MAGNITUDE, MAX_MAGNITUDE, largest)
        elif name == "losses":
            check_range(name, tensor, SMALLEST_LOSS, np.inf, "above 0 is allowed")
        else:
            check_range(name, tensor, 0, np.inf, "0 and up is allowed")
    if tensors["history.step"].max() > recipe.total_steps:
        raise ValueError(f"its history goes beyond the {recipe.total_steps:,} steps of its recipe")
    if tensors["b_hidden"].any() and not config.hidden_bias:
        raise ValueError("it has hidden biases, but its config has none")
    tied = config.definition.tied
    if tied and not np.array_equal(tensors["W1"], tensors["W2"].transpose(0, 2, 1)):
        raise ValueError("W2 is not W1 transposed, as its task requires")
