"""The phase diagram of two neurons and two features: what trained networks serve.

Paper: "Superposition as a Phase Change", here for neurons, as "Computation in Superposition" asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Float32, Int

from toymodel.config import Config
from toymodel.errors import TrainingDiverged
from toymodel.model import Model, Weights
from toymodel.phase.exact_loss import squared_errors
from toymodel.recipe import RECIPES, Recipe
from toymodel.storage.model_file import (
    ENGINE_VERSION,
    naming_damage,
    require_engine,
)
from toymodel.storage.tensor_file import check_tensor, pack, unpack, write_atomically

if TYPE_CHECKING:
    from toymodel.training.train import Snapshot

DENSITIES = tuple(round(10 ** (-k / 15), 4) for k in range(31))
"""Feature probabilities of the diagram, the densest first."""

RATIOS = tuple(round(10 ** (k / 15), 4) for k in range(-15, 16))
"""Importances of the second feature over the first."""

RECIPE = RECIPES["quick"].replace(restarts=16, slope_until=0.8)
"""How the diagram is trained. Most cells have an output that no neuron serves: without a slope that
lasts until the learning rate is low, it ends at 0 instead of at the best constant."""

FIRST, SECOND, SHARED, SIDES, NONE = range(5)
PHASES = ("the first", "the second", "both", "a neuron each", "neither")
"""What two neurons serve, in words, by the numbers FIRST to NONE."""

_TENSORS = {
    "W1": ((2, 2), np.float32),
    "W2": ((2, 2), np.float32),
    "b": ((2,), np.float32),
    "losses": ((), np.float64),
}
_MIN_RELATIVE_PATH = 0.05  # of the network's strongest path; a neuron below it serves nothing


@dataclass(frozen=True, kw_only=True, eq=False)
class Diagram:
    """Trained networks of two features and two neurons at every density and importance ratio.

    Attributes:
        densities: (density,), the probability of both features.
        ratios: (ratio,), the importance of the second feature over the first.
        recipe: how the networks were trained.
        W1: (density, ratio, restart, neuron, feature).
        W2: (density, ratio, restart, feature, neuron).
        b: (density, ratio, restart, feature).
        losses: (density, ratio, restart), exact normalised losses; NaN for a restart that
            diverged.
    """

    densities: tuple[float, ...]
    ratios: tuple[float, ...]
    recipe: Recipe
    W1: Float32[np.ndarray, "density ratio restart neuron feature"]
    W2: Float32[np.ndarray, "density ratio restart feature neuron"]
    b: Float32[np.ndarray, "density ratio restart feature"]
    losses: Float[np.ndarray, "density ratio restart"]

    @property
    def best(self) -> Int[np.ndarray, "density ratio"]:
        """The restart with the lowest loss in each cell, (density, ratio)."""
        return np.where(np.isnan(self.losses), np.inf, self.losses).argmin(axis=-1)

    def weights(self, density: int, ratio: int) -> Weights:
        """The best network of the cell at these positions; its features are the diagram's."""
        at = density, ratio, self.best[density, ratio]
        return Weights(
            W1=self.W1[at], W2=self.W2[at], b=self.b[at], b_hidden=np.zeros(2, np.float32)
        )

    def phases(self, min_ratio: float) -> Int[np.ndarray, "density ratio"]:
        """What the best network of each cell serves, (density, ratio), as `phase_of` says it."""
        return _phases(self._best_of(self.W1), self._best_of(self.W2), min_ratio)

    def sharing(self) -> Float[np.ndarray, "density ratio"]:
        """How much the best network of each cell shares its neurons, (density, ratio), 0 to 1.

        It is the smaller input weight over the larger one, of the neuron that shares most.
        """
        W1, W2 = self._best_of(self.W1), self._best_of(self.W2)
        size = np.abs(W1).astype(np.float64)
        larger = size.max(axis=-1)
        share = np.divide(size.min(axis=-1), larger, out=np.zeros_like(larger), where=larger > 0)
        return np.where(_serving(W1, W2), share, 0).max(axis=-1)

    def shared_cells(self, min_ratio: float) -> pd.DataFrame:
        """How the best networks that serve both features share their neurons.

        Args:
            min_ratio: as in `phase_of`.

        Returns:
            One row a cell whose best network shares. Columns: row, column, together (whether
            `larger_together` holds in every neuron that serves), bias (of the output whose feature
            has the larger input weights), other_bias (of the other output).
        """
        rows, columns = np.nonzero(self.phases(min_ratio) == SHARED)
        W1, W2, b = (self._best_of(array)[rows, columns] for array in (self.W1, self.W2, self.b))
        together = larger_together(W1, W2) | ~_serving(W1, W2)
        larger = np.abs(W1).sum(axis=-2).argmax(axis=-1)
        cells = np.arange(len(rows))
        return pd.DataFrame(
            {
                "row": rows,
                "column": columns,
                "together": together.all(axis=-1),
                "bias": b[cells, larger],
                "other_bias": b[cells, 1 - larger],
            }
        )

    def _best_of(self, array: np.ndarray) -> np.ndarray:
        rows, columns = np.indices(self.best.shape)
        return array[rows, columns, self.best]


def phase_of(
    W1: Float32[np.ndarray, "neuron 2"], W2: Float32[np.ndarray, "2 neuron"], min_ratio: float
) -> int:
    """Say what a network of two features serves.

    Args:
        W1: input weights, (neuron, 2).
        W2: output weights, (2, neuron).
        min_ratio: a neuron is shared if its smaller input weight is at least this share of the
            larger one, 0 to 1.

    Returns:
        FIRST, SECOND, SHARED, SIDES or NONE. Neurons whose strongest path is below 5 % of the
        network's do not count.
    """
    return int(_phases(W1[None], W2[None], min_ratio)[0])


def larger_together(
    W1: Float[np.ndarray, "*net neuron 2"], W2: Float[np.ndarray, "*net 2 neuron"]
) -> Bool[np.ndarray, "*net neuron"]:
    """Whether the feature with a neuron's larger input weight has its larger output weight, too.

    In the motif of asymmetric superposition it has the smaller one.

    Args:
        W1: input weights, (*net, neuron, 2).
        W2: output weights, (*net, 2, neuron).
    """
    into, out = np.abs(W1), np.abs(W2)
    return (into[..., 0] > into[..., 1]) == (out[..., 0, :] > out[..., 1, :])


def _phases(
    W1: Float32[np.ndarray, "*net neuron 2"],
    W2: Float32[np.ndarray, "*net 2 neuron"],
    min_ratio: float,
) -> Int[np.ndarray, "*net"]:
    size = np.abs(W1)
    larger, serving = size.max(axis=-1), _serving(W1, W2)
    shared = serving & (size.min(axis=-1) >= min_ratio * larger)
    first = serving & ~shared & (size[..., 0] > size[..., 1])
    second = serving & ~shared & ~first
    return np.select(
        [shared.any(-1), first.any(-1) & second.any(-1), first.any(-1), second.any(-1)],
        [SHARED, SIDES, FIRST, SECOND],
        NONE,
    )


def _serving(
    W1: Float32[np.ndarray, "*net neuron 2"], W2: Float32[np.ndarray, "*net 2 neuron"]
) -> Bool[np.ndarray, "*net neuron"]:
    path = np.abs(W1).max(axis=-1) * np.abs(W2).max(axis=-2)
    strongest = path.max(axis=-1, keepdims=True)
    return (path > _MIN_RELATIVE_PATH * strongest) & (strongest > 0)


def cell_config(density: float, ratio: float) -> tuple[Config, bool]:
    """The config of a cell, and whether its features are the diagram's in reverse order.

    A config has the more important feature first. So the order is reversed where the ratio is
    above 1; such cells have another seed, so that they do not mirror the others.
    """
    reverse = ratio > 1
    config = Config(
        n_features=2,
        n_neurons=2,
        feature_probability=density,
        importance_decay=1 / ratio if reverse else ratio,
        seed=int(reverse),
    )
    return config, reverse


def train_diagram(
    *, on_snapshot: Callable[[Snapshot], None] | None = None, device: str = "auto"
) -> Diagram:
    """Train the networks of all cells in one batch.

    Args:
        on_snapshot: called with the state of the training about ten times a second.
        device: as in `train`.
    """
    from toymodel.training.train import train

    cells = [cell_config(p, r) for p in DENSITIES for r in RATIOS]
    try:
        models: list[Model | None] = [
            *train([config for config, _ in cells], RECIPE, on_snapshot=on_snapshot, device=device)
        ]
    except TrainingDiverged as error:
        models = list(error.models)
    shape = len(DENSITIES), len(RATIOS), RECIPE.restarts
    W1, W2 = np.zeros((2, *shape, 2, 2), np.float32)
    b = np.zeros((*shape, 2), np.float32)
    trained = np.zeros(shape, bool)
    for index, (model, (_, reverse)) in enumerate(zip(models, cells, strict=True)):
        i, j = divmod(index, len(RATIOS))
        order = [1, 0] if reverse else [0, 1]
        for k, weights in enumerate(model.restarts if model else ()):
            W1[i, j, k] = weights.W1[:, order]
            W2[i, j, k], b[i, j, k] = weights.W2[order], weights.b[order]
            trained[i, j, k] = True
    return Diagram(
        densities=DENSITIES,
        ratios=RATIOS,
        recipe=RECIPE,
        W1=W1,
        W2=W2,
        b=b,
        losses=np.where(trained, _losses(W1, W2, b), np.nan),
    )


def _losses(
    W1: Float32[np.ndarray, "density ratio restart 2 2"],
    W2: Float32[np.ndarray, "density ratio restart 2 2"],
    b: Float32[np.ndarray, "density ratio restart 2"],
) -> Float[np.ndarray, "density ratio restart"]:
    p, r = np.array(DENSITIES)[:, None, None], np.array(RATIOS)[:, None]
    error = np.empty(b.shape)
    for i, density in enumerate(DENSITIES):  # one row at a time bounds the memory
        networks = (array[i].reshape(-1, *array.shape[3:]) for array in (W1, W2, b))
        errors = squared_errors(np.full(b[i, ..., 0].size, density), *networks)
        error[i] = errors.reshape(b[i].shape)
    return (error[..., 0] + r * error[..., 1]) / (p / 3 * (1 + r))


def diagram_path(shipped: Path) -> Path:
    """The path of the shipped diagram, in the folder of the shipped models."""
    return shipped / "phase" / "diagram.safetensors"


def save_diagram(diagram: Diagram, path: Path) -> None:
    """Write a diagram to one file.

    Raises:
        OSError: if it cannot be written.
    """
    tensors = {name: getattr(diagram, name) for name in _TENSORS}
    tensors |= {name: np.array(getattr(diagram, name)) for name in ("densities", "ratios")}
    about = {"engine": ENGINE_VERSION, "recipe": diagram.recipe.model_dump()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, pack(tensors, about))


def load_diagram(path: Path) -> Diagram:
    """Read a diagram that `save_diagram` wrote.

    Raises:
        DamagedFile: if the file is something else.
        OtherEngine: if another version of the engine wrote it.
        OSError: if it cannot be read.
    """
    with naming_damage(path.name, "phase diagram"):
        tensors, about = unpack(path.read_bytes())
        require_engine(path.name, about["engine"])
        recipe = Recipe.from_mapping(about["recipe"])
        shape = *(len(tensors[name]) for name in ("densities", "ratios")), recipe.restarts
        for name, (more, dtype) in _TENSORS.items():
            check_tensor(name, tensors[name], (*shape, *more), dtype, finite=name != "losses")
    densities, ratios = (tuple(map(float, tensors.pop(name))) for name in ("densities", "ratios"))
    return Diagram(densities=densities, ratios=ratios, recipe=recipe, **tensors)
