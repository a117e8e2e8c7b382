"""Networks that are followed along density: each density starts from the weights of the last one.

Paper: "Superposition in a Privileged Basis", where neurons seem to undergo a phase change. Networks
that are trained independently at every density cannot show what one neuron does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float32

from toymodel.config import Config
from toymodel.errors import TrainingDiverged
from toymodel.recipe import MIN_IMPORTANCE, RECIPES, Recipe
from toymodel.storage.model_file import (
    ENGINE_VERSION,
    naming_damage,
    require_engine,
)
from toymodel.storage.tensor_file import check_tensor, pack, unpack, write_atomically

if TYPE_CHECKING:
    from toymodel.training.train import Snapshot

FOLLOW_RECIPE = RECIPES["quick"].replace(steps=1_000, restarts=3, min_importance=MIN_IMPORTANCE)
"""How the shipped networks are trained at each density: the same features at all of them."""

_TENSORS = ("W1", "losses")


@dataclass(frozen=True, kw_only=True, eq=False)
class Chain:
    """Networks at one density after the other, each trained from the weights of the one before.

    Neuron j of a network goes on as neuron j of the next one.

    Attributes:
        config: of the networks; its own density means nothing.
        recipe: of each density.
        densities: (place,), feature probabilities in the order of the training.
        W1: (place, network, neuron, feature).
        losses: (place, network), normalised losses on the evaluation inputs.
    """

    config: Config
    recipe: Recipe
    densities: tuple[float, ...]
    W1: Float32[np.ndarray, "place network neuron feature"]
    losses: Float32[np.ndarray, "place network"]

    def most_like_themselves(self) -> Bool[np.ndarray, "step network neuron"]:
        """Whether no other neuron of the next place's network is more like a neuron than itself.

        The measure is the cosine of the input weights. Where it holds, the neurons need no matching
        beyond their numbers. A step leads from one place to the next.
        """
        length = np.linalg.norm(self.W1, axis=-1, keepdims=True)
        unit = np.divide(self.W1, length, out=np.zeros_like(self.W1), where=length > 0)
        cosine = unit[:-1] @ unit[1:].swapaxes(-1, -2)
        own = np.diagonal(cosine, axis1=-2, axis2=-1)
        return own >= cosine.max(axis=-1)


def there_and_back(densities: Sequence[float]) -> tuple[float, ...]:
    """The densities in their order, and back to the first one."""
    return (*densities, *densities[-2::-1])


def follow(
    config: Config,
    densities: Sequence[float],
    recipe: Recipe,
    *,
    on_snapshot: Callable[[Snapshot], None] | None = None,
    device: str = "auto",
) -> Chain:
    """Train networks at one density after the other, from the weights of the one before.

    Each density is one more cycle of the recipe: new data, Adam anew, and a lower learning rate
    than at the first density, which is trained from new weights.

    Args:
        config: of the networks; its density is replaced.
        densities: feature probabilities in the order of the training, 1 to 100 of them.
        recipe: of each density, with one cycle. Its restarts are the networks.
        on_snapshot: called with the state of the training about ten times a second. The steps of
            a snapshot count those of all densities so far.
        device: as in `train`.

    Raises:
        TrainingDiverged: if a network does.
        SettingError: for a density that a config refuses, and for more than 100 of them.
    """
    from toymodel.training.train import train

    model = None
    W1, losses = [], []
    for place, density in enumerate(densities):
        (model,) = train(
            [config.replace(feature_probability=density)],
            recipe.replace(cycles=place + 1),
            start=[model] if model else None,
            on_snapshot=on_snapshot,
            device=device,
        )
        lost = recipe.restarts - len(model.restarts)
        if lost:
            raise TrainingDiverged([None], [f"{lost} networks diverged at p = {density:g}."])
        W1.append([weights.W1 for weights in model.restarts])
        losses.append(model.losses)
    return Chain(
        config=config,
        recipe=recipe,
        densities=tuple(densities),
        W1=np.array(W1),
        losses=np.array(losses),
    )


def chain_path(shipped: Path) -> Path:
    """The path of the shipped chain, in the folder of the shipped models."""
    return shipped / "phase" / "chain.safetensors"


def save_chain(chain: Chain, path: Path) -> None:
    """Write a chain to one file.

    Raises:
        OSError: if it cannot be written.
    """
    tensors = {name: getattr(chain, name) for name in _TENSORS}
    about = {
        "engine": ENGINE_VERSION,
        "config": chain.config.model_dump(),
        "recipe": chain.recipe.model_dump(),
        "densities": chain.densities,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, pack(tensors, about))


def load_chain(path: Path) -> Chain:
    """Read a chain that `save_chain` wrote.

    Raises:
        DamagedFile: if the file is something else.
        OtherEngine: if another version of the engine wrote it.
        OSError: if it cannot be read.
    """
    with naming_damage(path.name, "chain of networks"):
        tensors, about = unpack(path.read_bytes())
        require_engine(path.name, about["engine"])
        config, recipe = Config.from_mapping(about["config"]), Recipe.from_mapping(about["recipe"])
        densities = tuple(float(p) for p in about["densities"])
        networks = len(densities), recipe.restarts
        check_tensor("W1", tensors["W1"], (*networks, config.n_neurons, config.n_features))
        check_tensor("losses", tensors["losses"], networks)
    return Chain(config=config, recipe=recipe, densities=densities, **tensors)
