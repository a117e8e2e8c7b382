"""What a model is asked to compute, and on which inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Task:
    """A function of each feature, and the range in which an active feature is uniform.

    symbol: the function as it is written.
    `target` maps an array (numpy or torch) to one of the same shape, element by element.
    `mean` and `mean_square` are those of the target of an active feature. `neurons` is how many a
    feature takes that is computed exactly and by itself. `tied`: the output weights are the input
    weights, transposed.
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
    def each(self) -> str:
        """What a feature takes that is computed by itself, in words."""
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

"abs" is |x| ("Computation in Superposition"); "identity" is x itself, of features from 0 to 1, by
way of a hidden layer with the same weights in and out ("Superposition in a Privileged Basis").
"""
