"""A training that was paused: all that it needs to go on as if it never had been (numpy only)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from toymodel.config import Config, Recipe
from toymodel.storage.model_file import model_key


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state of a training between two steps.

    keys: of the models in training. tensors: weights, Adam's moments and the records so far, by
    names of the engine's own. about: what else it needs, as JSON has it.
    """

    keys: list[str]
    tensors: Mapping[str, np.ndarray]
    about: Mapping[str, Any]

    def fits(self, configs: Sequence[Config], recipe: Recipe) -> bool:
        """Whether it is of this training, and says how that was laid out."""
        keys = [model_key(config, recipe) for config in configs]
        return self.keys == keys and "shards" in self.about

    @property
    def checksum(self) -> str:
        """Of all that is in it."""
        digest = hashlib.sha256(json.dumps([self.keys, self.about], sort_keys=True).encode())
        for name, tensor in sorted(self.tensors.items()):
            digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
            digest.update(np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data)
        return digest.hexdigest()


class TrainingPaused(Exception):
    """Raise it in `on_snapshot` to stop a training of which a checkpoint is kept."""
