"""Activities of a neuron with known numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from toymodel.analysis.activations import Activity
from toymodel.analysis.loss import Estimate


def measured(
    cells: Mapping[tuple[int, int], float] | np.ndarray,
    features: tuple[int, ...] = (5, 2),
    *,
    examples: int = 1_000,
    present: Mapping[tuple[int, int], float] | None = None,
) -> Activity:
    """An activity with these weights, by step and group; every input stands for itself."""
    weight = cells if isinstance(cells, np.ndarray) else np.zeros((120, len(features) + 1))
    presence = np.zeros((len(weight), 2))
    for at, value in ({} if isinstance(cells, np.ndarray) else cells).items():
        weight[at] = value
    for at, value in (present or {}).items():
        presence[at] = value
    return Activity(
        neuron=0,
        range=1.0,
        features=features,
        examples=examples,
        silent=Estimate(0.5, 0.0),
        heaviest=1.0,
        weight=weight,
        square=weight,
        presence=presence,
        presence_square=presence,
        bands=(),
    )
