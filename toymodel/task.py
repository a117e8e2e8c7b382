"""What a model is asked to compute, and on which inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Task:
    """A function of each feature, and the range of its inputs.

    Attributes:
        symbol: the function in mathematical notation.
        low: the lower end of the range on which an active feature is uniform.
        high: the upper end.
        target: maps an array (numpy or torch) to one of the same shape, element by element.
        mean: the mean of the target of an active feature.
        mean_square: the mean of its square.
        neurons: how many neurons compute one feature exactly, without superposition.
        tied: whether the output weights are the input weights, transposed.
    """

    symbol: str
    low: float
    high: float
    target: Callable[[Any], Any]
    mean: float
    mean_square: float
    neurons: int
    tied: bool

    @property
    def neurons_in_words(self) -> str:
        """The neurons that compute one feature exactly: "one neuron" or "two neurons"."""
        return {1: "one neuron", 2: "two neurons"}[self.neurons]


def _same(x: Any) -> Any:
    return x


TASKS: dict[str, Task] = {
    "abs": Task(
        symbol="|x|",
        low=-1.0,
        high=1.0,
        target=abs,
        mean=1 / 2,
        mean_square=1 / 3,
        neurons=2,
        tied=False,
    ),
    "identity": Task(
        symbol="x",
        low=0.0,
        high=1.0,
        target=_same,
        mean=1 / 2,
        mean_square=1 / 3,
        neurons=1,
        tied=True,
    ),
}
"""The paper's tasks by name.

"abs" is |x| of features from -1 to 1, from "Computation in Superposition". "identity" is x itself
of features from 0 to 1, with the same weights in and out, from "Superposition in a Privileged
Basis".
"""
