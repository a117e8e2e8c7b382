"""The folder of trained models: found again by what they are, bounded, never half written."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from toymodel.config import Config, Recipe
from toymodel.model import Model
from toymodel.storage.model_file import (
    DamagedFile,
    load_named,
    model_key,
    read_settings,
    save,
    to_bytes,
    write_whole,
)

_SUFFIX = ".safetensors"
_PAUSED = ".paused"
_MEMORY_MODELS = 64
_LEFT_SECONDS = 3_600


def _by_kind(settings: tuple[Config, Recipe]) -> tuple[Any, ...]:
    config, recipe = settings
    sizes = config.n_features, config.n_neurons, config.importance_decay, config.seed
    return (recipe.canonical(), *sizes, -config.feature_probability)


class Store:
    """A folder of models: `shipped` ones, which stay, and `trained` ones, up to a size.

    A damaged file is set aside and counts as absent; a folder that cannot be written to means
    that models live in memory. `notes` says what of that happened. Safe to share by threads and
    by processes.
    """

    def __init__(self, root: str | os.PathLike[str], *, max_bytes: int = 2**29) -> None:
        self.root = Path(root)
        self.max_bytes = max_bytes
        self.notes: deque[str] = deque(maxlen=20)
        self._memory: OrderedDict[str, Model] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def shipped(self) -> Path:
        """The folder of the models that come with the project."""
        return self.root / "shipped"

    @property
    def trained(self) -> Path:
        """The folder of the models that were trained here."""
        return self.root / "trained"

    def get(self, config: Config, recipe: Recipe) -> Model | None:
        """The stored model of this config and recipe, or None."""
        key = model_key(config, recipe)
        for folder in (self.shipped, self.trained):
            path = folder / (key + _SUFFIX)
            try:
                model = load_named(path)
            except FileNotFoundError:
                continue
            except DamagedFile as error:
                self._set_aside(path, error)
                continue
            except OSError as error:
                self._note(f"{path.name} could not be read ({error.strerror}).")
                continue
            if folder == self.trained:
                with contextlib.suppress(OSError):
                    os.utime(path)  # the oldest use is the first to go
            return model
        with self._lock:
            return self._memory.get(key)

    def has(self, config: Config, recipe: Recipe) -> bool:
        """Whether `get` gives a model."""
        return self.get(config, recipe) is not None

    def put(self, model: Model, *, shipped: bool = False) -> bool:
        """Keep a model. Returns whether it is on disk; if not it is kept in memory."""
        key = model_key(model.config, model.recipe)
        folder = self.shipped if shipped else self.trained
        try:
            folder.mkdir(parents=True, exist_ok=True)
            save(model, folder / (key + _SUFFIX))
        except OSError as error:
            self._note(
                f"{folder} cannot be written to ({error.strerror}): "
                "what is trained now lasts until the program ends."
            )
            self.keep_in_memory(model)
            return False
        if not shipped:
            self._evict(keep=key)
        return True

    def put_many(self, models: Iterable[Model]) -> None:
        """Keep many models at once; raises `OSError` where they cannot be written.

        Each is there when the program ends; after a power cut the last ones may not be.
        """
        self.trained.mkdir(parents=True, exist_ok=True)
        last = ""
        for model in models:
            last = model_key(model.config, model.recipe)
            write_whole(self.trained / (last + _SUFFIX), to_bytes(model), durable=False)
        self._evict(keep=last)

    def keys(self) -> set[str]:
        """The keys of all models that there are, by their names alone."""
        with self._lock:
            kept = set(self._memory)
        return kept | {path.stem for path in self.files()}

    @property
    def grids(self) -> Path:
        """The folder of the grids of which models were trained here."""
        return self.root / "grids"

    def in_memory(self, config: Config, recipe: Recipe) -> bool:
        """Whether the model is kept in memory, because it could not be written."""
        return model_key(config, recipe) in self._memory

    def keep_in_memory(self, model: Model) -> None:
        """Keep a model for as long as the program runs; the oldest of many gives way."""
        with self._lock:
            self._memory[model_key(model.config, model.recipe)] = model
            while len(self._memory) > _MEMORY_MODELS:
                self._memory.popitem(last=False)

    def paused(self, name: str) -> Path:
        """The file of a paused training, which counts towards the size as the models do."""
        return self.trained / (name + _PAUSED)

    def put_paused(self, name: str, data: bytes) -> None:
        """Keep a paused training; raises `OSError` where it cannot be written.

        One that would drive most other models out counts as such.
        """
        if len(data) > self.max_bytes // 2:
            reason = f"{len(data) / 2**20:.0f} MB is more than half of what the store may take"
            raise OSError(errno.EFBIG, reason)
        self.trained.mkdir(parents=True, exist_ok=True)
        write_whole(self.paused(name), data)
        self._evict(keep=name)

    def files(self) -> Iterable[Path]:
        """Every model file, shipped ones first."""
        for folder in (self.shipped, self.trained):
            if folder.is_dir():
                yield from sorted(folder.glob("*" + _SUFFIX))

    def contents(self, most: int = 200) -> list[tuple[Config, Recipe]]:
        """What there are models of: shipped ones, then the latest used of those trained here.

        most: files looked at of those trained here.
        """
        found: dict[tuple[Config, Recipe], None] = {}
        for folder in (self.shipped, self.trained):
            aged: list[tuple[float, Path]] = []
            for path in folder.glob("[!.]*" + _SUFFIX):
                with contextlib.suppress(OSError):  # another process may evict at the same time
                    aged.append((path.stat().st_mtime, path))
            settings: list[tuple[Config, Recipe]] = []
            looked_at = len(aged) if folder == self.shipped else most
            for _, path in sorted(aged, key=lambda one: (-one[0], one[1]))[:looked_at]:
                with contextlib.suppress(OSError, DamagedFile):
                    config, recipe = read_settings(path)
                    if model_key(config, recipe) == path.stem:  # of this engine's version
                        settings.append((config, recipe))
            if folder == self.shipped:  # their age is that of the checkout
                settings.sort(key=_by_kind)
            found |= dict.fromkeys(settings)
        with self._lock:
            kept = [(model.config, model.recipe) for model in self._memory.values()]
        return list(found | dict.fromkeys(reversed(kept)))

    def clear(self) -> int:
        """Remove what was trained, not what is shipped; returns how many models went."""
        gone = 0
        for pattern in ("*" + _PAUSED, ".*.part"):
            for path in self.trained.glob(pattern):
                path.unlink(missing_ok=True)
        for path in list(self.files()):
            if path.parent == self.trained:
                path.unlink(missing_ok=True)
                gone += 1
        with self._lock:
            self._memory.clear()
        return gone

    def _set_aside(self, path: Path, error: DamagedFile) -> None:
        try:
            os.replace(path, path.with_suffix(".damaged"))
            self._note(f"{error}. It was set aside; it is trained again when somebody asks for it.")
        except OSError:
            self._note(f"{error}. It is not used.")

    def _evict(self, *, keep: str) -> None:
        for path in self.trained.glob(".*.part"):  # left by a process that was ended
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - _LEFT_SECONDS:
                    path.unlink()
        aged: list[tuple[float, int, Path]] = []
        for path in self.trained.glob("[!.]*"):  # others may be writing .part files
            with contextlib.suppress(OSError):  # another process may evict at the same time
                stat = path.stat()
                aged.append((stat.st_mtime, stat.st_size, path))
        total = sum(size for _, size, _ in aged)
        for _, size, path in sorted(aged):
            if total <= self.max_bytes:
                return
            if path.stem != keep:
                with contextlib.suppress(OSError):
                    path.unlink()
                total -= size

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def default_store() -> Store:
    """The store in $TOYMODEL_CACHE, or `cache/` beside the package, or the user's cache folder.

    $TOYMODEL_CACHE_MB bounds the size of the trained models (512 where it is not set).
    """
    beside = Path(__file__).resolve().parents[2] / "cache"
    given = os.environ.get("TOYMODEL_CACHE")
    if given or beside.is_dir():
        root = Path(given or beside)
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "toymodel"
    size = os.environ.get("TOYMODEL_CACHE_MB", "512")
    if not size.isdecimal() or not 1 <= int(size) <= 10**6:
        raise ValueError(
            f"TOYMODEL_CACHE_MB = {size!r}: must be a whole number of megabytes from 1 to 1,000,000"
        )
    return Store(root, max_bytes=int(size) * 2**20)
