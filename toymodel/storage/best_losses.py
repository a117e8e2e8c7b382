"""The lowest loss that is known for each setting that was tried, in `benchmarks/best.json`.

It says how far a network is from what the same sizes can reach, where no exact optimum is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import recipe_name
from toymodel.storage.tensor_file import write_atomically

BEST_FILE = Path(__file__).parents[2] / "benchmarks" / "best.json"


class BestLoss(NamedTuple):
    """The lowest loss known for a setting.

    Attributes:
        loss: normalised.
        error: its standard error.
        recipe: the name of the recipe that reached it.
        seed: of the config that reached it.
    """

    loss: float
    error: float
    recipe: str
    seed: int

    def excess(self, loss: float) -> float:
        """How far a loss is above this one, as a share of it; below 0 for a lower loss."""
        return loss / self.loss - 1


def best_loss(config: Config, path: Path = BEST_FILE) -> BestLoss | None:
    """Look up the lowest loss known for a config with any seed.

    Args:
        config: the setting.
        path: the file; without it, nothing is known.

    Returns:
        The loss, or None if the setting was not tried.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return None
    return _read(path, changed).get(_setting(config))


def record_best(models: Iterable[Model], path: Path = BEST_FILE) -> list[Model]:
    """Write down every model that has a lower loss than the file knows for its setting.

    Args:
        models: trained models.
        path: the file; it is made if it is not there.

    Returns:
        The models that were written down.
    """
    known = dict(_read(path, path.stat().st_mtime_ns)) if path.exists() else {}
    better: dict[str, Model] = {}
    for model in models:
        setting = _setting(model.config)
        if setting not in known or model.loss < known[setting].loss:
            better[setting] = model
            name = recipe_name(model.recipe, model.config)
            # Six digits: more than the error allows, and two runs' losses compare the same way.
            loss, error = (float(f"{v:.6g}") for v in (model.loss, model.loss_error))
            known[setting] = BestLoss(loss, error, name, model.config.seed)
    if better:
        text = json.dumps({k: known[k]._asdict() for k in sorted(known)}, indent=1)
        write_atomically(path, f"{text}\n".encode())
    return list(better.values())


def _setting(config: Config) -> str:
    return config.replace(seed=0).canonical()


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> dict[str, BestLoss]:
    # `changed` makes a written file be read again.
    return {
        name: BestLoss(**about)
        for name, about in json.loads(path.read_text(encoding="utf-8")).items()
    }
