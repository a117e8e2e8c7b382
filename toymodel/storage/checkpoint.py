"""The state of a paused training, with all that it needs to continue exactly (numpy only)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from toymodel.config import Config
from toymodel.recipe import Recipe
from toymodel.storage import tensor_file
from toymodel.storage.model_file import model_key


class TrainingPaused(Exception):
    """Raise it in `on_snapshot` to stop a training of which a checkpoint is kept."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state of a training between two steps.

    Attributes:
        keys: the model keys of the configs in training, in order.
        tensors: weights, Adam's moments and the records so far, under the engine's names.
        about: everything else, as JSON data; "shards" is how the training was divided.
    """

    keys: list[str]
    tensors: Mapping[str, np.ndarray]
    about: Mapping[str, Any]

    def fits(self, configs: Sequence[Config], recipe: Recipe) -> bool:
        """Whether a training of these configs by this recipe can continue from it."""
        keys = [model_key(config, recipe) for config in configs]
        return self.keys == keys and "shards" in self.about

    @property
    def checksum(self) -> str:
        """A checksum of the whole content."""
        return tensor_file.checksum(self.tensors, [self.keys, self.about])
