"""The phase diagram of the smallest system: two neurons, two features, and which they serve.

Paper: "Superposition as a Phase Change", of neurons here, as "Computation in Superposition" asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import safetensors
from jaxtyping import Bool, Float, Float32, Int

from toymodel.config import RECIPES, Config, Recipe
from toymodel.errors import TrainingDiverged
from toymodel.model import Model, Weights
from toymodel.phase.exact_loss import squared_errors
from toymodel.storage.model_file import ENGINE_VERSION, DamagedFile, pack, unpack, write_whole

if TYPE_CHECKING:
    from toymodel.training.train import Snapshot

DENSITIES = tuple(round(10 ** (-k / 15), 4) for k in range(31))
RATIOS = tuple(round(10 ** (k / 15), 4) for k in range(-15, 16))
RECIPE = RECIPES["quick"].replace(restarts=8)

FIRST, SECOND, SHARED, SIDES, NONE = range(5)
PHASES = ("the first", "the second", "both", "a neuron each", "neither")
"""What two neurons serve, by its number in `phases`."""

_TENSORS = {
    "W1": ((2, 2), np.float32),
    "W2": ((2, 2), np.float32),
    "b": ((2,), np.float32),
    "losses": ((), np.float64),
}
_IDLE = 0.05  # of the network's strongest path: a neuron below it serves nothing


@dataclass(frozen=True, kw_only=True, eq=False)
class Diagram:
    """Networks of two features and two neurons at every density and relative importance.

    densities: (density,), p of both features. ratios: (ratio,), importance of the second feature
    over the first's. W1: (density, ratio, restart, neuron, feature), W2: (density, ratio, restart,
    feature, neuron), b: (density, ratio, restart, feature). losses: (density, ratio, restart),
    exact and normalised; NaN for a restart that diverged.
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
        """The restart with the lowest loss."""
        return np.where(np.isnan(self.losses), np.inf, self.losses).argmin(axis=-1)

    def weights(self, density: int, ratio: int) -> Weights:
        """The best network of a cell; its first feature is the diagram's first."""
        at = density, ratio, self.best[density, ratio]
        return Weights(
            W1=self.W1[at], W2=self.W2[at], b=self.b[at], b_hidden=np.zeros(2, np.float32)
        )

    def phases(self, least: float) -> Int[np.ndarray, "density ratio"]:
        """What the best network of each cell serves, as `phase_of` has it."""
        return _phases(self._kept(self.W1), self._kept(self.W2), least)

    def sharing(self) -> Float[np.ndarray, "density ratio"]:
        """The smaller input weight over the larger, of the best network's neuron that shares most.

        0 to 1; neurons that serve nothing do not count.
        """
        W1, W2 = self._kept(self.W1), self._kept(self.W2)
        size = np.abs(W1).astype(np.float64)
        larger = size.max(axis=-1)
        share = np.divide(size.min(axis=-1), larger, out=np.zeros_like(larger), where=larger > 0)
        return np.where(_busy(W1, W2), share, 0).max(axis=-1)

    def _kept(self, of: np.ndarray) -> np.ndarray:
        rows, columns = np.indices(self.best.shape)
        return of[rows, columns, self.best]


def phase_of(
    W1: Float32[np.ndarray, "neuron 2"], W2: Float32[np.ndarray, "2 neuron"], least: float
) -> int:
    """What a network of two features serves: FIRST, SECOND, SHARED, SIDES or NONE.

    A neuron is shared where the smaller of its input weights is `least` of the larger or more;
    neurons whose strongest path is below 5 % of the network's do not count.
    """
    return int(_phases(W1[None], W2[None], least)[0])


def _phases(
    W1: Float32[np.ndarray, "*net neuron 2"], W2: Float32[np.ndarray, "*net 2 neuron"], least: float
) -> Int[np.ndarray, "*net"]:
    size = np.abs(W1)
    larger, busy = size.max(axis=-1), _busy(W1, W2)
    shared = busy & (size.min(axis=-1) >= least * larger)
    first = busy & ~shared & (size[..., 0] > size[..., 1])
    second = busy & ~shared & ~first
    return np.select(
        [shared.any(-1), first.any(-1) & second.any(-1), first.any(-1), second.any(-1)],
        [SHARED, SIDES, FIRST, SECOND],
        NONE,
    )


def _busy(
    W1: Float32[np.ndarray, "*net neuron 2"], W2: Float32[np.ndarray, "*net 2 neuron"]
) -> Bool[np.ndarray, "*net neuron"]:
    path = np.abs(W1).max(axis=-1) * np.abs(W2).max(axis=-2)
    strongest = path.max(axis=-1, keepdims=True)
    return (path > _IDLE * strongest) & (strongest > 0)


def cell_config(density: float, ratio: float) -> tuple[Config, bool]:
    """What is trained for a cell, and whether its features are the diagram's in reverse order.

    Features come in the order of importance; so where the second one matters more, it is the
    network's first. Such cells have a seed of their own: they are not the others' mirror image.
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
    densities: Sequence[float] = DENSITIES,
    ratios: Sequence[float] = RATIOS,
    recipe: Recipe = RECIPE,
    *,
    on_snapshot: Callable[[Snapshot], None] | None = None,
    device: str = "auto",
) -> Diagram:
    """Train every cell of a diagram in one batch; raises `SettingError` for what a config refuses.

    densities: each in (0, 1]. ratios: each above 0. device: as in `train`.
    """
    from toymodel.training.train import train

    cells = [cell_config(p, r) for p in densities for r in ratios]
    try:
        models: list[Model | None] = [
            *train([config for config, _ in cells], recipe, on_snapshot=on_snapshot, device=device)
        ]
    except TrainingDiverged as error:
        models = list(error.models)
    shape = len(densities), len(ratios), recipe.restarts
    W1, W2 = np.zeros((2, *shape, 2, 2), np.float32)
    b = np.zeros((*shape, 2), np.float32)
    there = np.zeros(shape, bool)
    for index, (model, (_, reverse)) in enumerate(zip(models, cells, strict=True)):
        i, j = divmod(index, len(ratios))
        for k, weights in enumerate(model.restarts if model else ()):
            order = [1, 0] if reverse else [0, 1]
            W1[i, j, k] = weights.W1[:, order]
            W2[i, j, k], b[i, j, k] = weights.W2[order], weights.b[order]
            there[i, j, k] = True
    return Diagram(
        densities=tuple(densities),
        ratios=tuple(ratios),
        recipe=recipe,
        W1=W1,
        W2=W2,
        b=b,
        losses=np.where(there, _losses(densities, ratios, W1, W2, b), np.nan),
    )


def _losses(
    densities: Sequence[float],
    ratios: Sequence[float],
    W1: np.ndarray,
    W2: np.ndarray,
    b: np.ndarray,
) -> Float[np.ndarray, "density ratio restart"]:
    p, r = np.asarray(densities)[:, None, None], np.asarray(ratios)[:, None]
    every = np.broadcast_to(p, W1.shape[:3])
    parts = [
        squared_errors(q.reshape(-1), *(a.reshape(-1, *a.shape[2:]) for a in row)).reshape(
            *q.shape, 2
        )
        for q, *row in zip(every, W1, W2, b, strict=True)
    ]
    error = np.array(parts)
    return (error[..., 0] + r * error[..., 1]) / (p / 3 * (1 + r))


def diagram_path(shipped: Path) -> Path:
    """Where the shipped diagram is, in the folder of what is shipped."""
    return shipped / "phase" / "diagram.safetensors"


def save_diagram(diagram: Diagram, path: Path) -> None:
    """Write a diagram to one file; raises `OSError` where that fails."""
    tensors = {name: getattr(diagram, name) for name in _TENSORS}
    tensors |= {name: np.array(getattr(diagram, name)) for name in ("densities", "ratios")}
    about = {"engine": ENGINE_VERSION, "recipe": diagram.recipe.model_dump()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, pack(tensors, about))


def load_diagram(path: Path) -> Diagram:
    """Read a diagram that `save_diagram` wrote.

    Raises `DamagedFile` if it is something else or of another engine, `OSError` if it cannot be
    read.
    """
    try:
        tensors, about = unpack(path.read_bytes())
        if about["engine"] != ENGINE_VERSION:
            raise ValueError(f"it is of engine {about['engine']}, this is {ENGINE_VERSION}")
        recipe = Recipe.from_mapping(about["recipe"])
        shape = *(len(tensors[name]) for name in ("densities", "ratios")), recipe.restarts
        for name, (more, dtype) in _TENSORS.items():
            if tensors[name].shape != (*shape, *more) or tensors[name].dtype != dtype:
                raise ValueError(f"{name} is {tensors[name].dtype} {tensors[name].shape}")
            if name != "losses" and not np.isfinite(tensors[name]).all():
                raise ValueError(f"{name} holds numbers that are not finite")
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise DamagedFile(f"{path.name} is not a usable phase diagram: {error}") from None
    densities, ratios = (tuple(map(float, tensors.pop(name))) for name in ("densities", "ratios"))
    return Diagram(densities=densities, ratios=ratios, recipe=recipe, **tensors)
