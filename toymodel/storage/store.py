"""The folder of trained models: models are found by config and recipe, and its size is bounded."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from toymodel.config import Config
from toymodel.environment import read_environment, user_cache
from toymodel.model import Model
from toymodel.recipe import Recipe
from toymodel.storage.model_file import (
    ENGINE_VERSION,
    DamagedFile,
    OtherEngine,
    engine_of,
    load_named,
    model_key,
    read_settings,
    save,
    to_bytes,
)
from toymodel.storage.tensor_file import read_metadata, write_atomically
from toymodel.text import refusal

_SUFFIX = ".safetensors"
_PAUSED = ".paused"
_CACHE_MB = 512
_MAX_IN_MEMORY = 64  # models
_MAX_LISTED = 200  # trained models whose settings are read for `contents`
_STALE_SECONDS = 3_600  # a partial file that is older is of a process that has ended


class Store:
    """A folder of models: `shipped` ones, which stay, and `trained` ones, up to a size.

    A damaged file is renamed, with a note, and counts as absent. So do files of other versions of
    the engine, which stay as they are until the space is needed. If the folder cannot be written
    to, models are kept in memory. Threads and processes may share a store.

    Attributes:
        root: the folder.
        max_bytes: the size that the trained models may take. Those of other versions of the
            engine go first, then the least recently used.
        shipped: the folder of the models that come with the project.
        notes: messages to the user about damaged files and failed writes, the latest last.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        max_bytes: int = 2**29,
        shipped: Path | None = None,
    ) -> None:
        self.root = Path(root)
        self.shipped = shipped or self.root / "shipped"
        self.max_bytes = max_bytes
        self.notes: deque[str] = deque(maxlen=20)
        self._memory: OrderedDict[str, Model] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def trained(self) -> Path:
        """The folder of the models that were trained here, and of paused trainings."""
        return self.root / "trained"

    @property
    def grids(self) -> Path:
        """The folder of the grids whose models were trained here."""
        return self.root / "grids"

    @property
    def shipped_grids(self) -> Path:
        """The folder of the grids whose models come with the project."""
        return self.shipped / "grids"

    def get(self, config: Config, recipe: Recipe) -> Model | None:
        """The stored model of a config and a recipe, or None."""
        key = model_key(config, recipe)
        for folder in (self.shipped, self.trained):
            path = folder / (key + _SUFFIX)
            try:
                model = load_named(path)
            except (FileNotFoundError, OtherEngine):
                continue
            except DamagedFile as error:
                self._set_aside(path, error)
                continue
            except OSError as error:
                self._note(f"{path.name} could not be read ({refusal(error)}).")
                continue
            if folder == self.trained:
                with contextlib.suppress(OSError):
                    os.utime(path)  # the time of the last use, for `_evict`
            return model
        with self._lock:
            return self._memory.get(key)

    def has(self, config: Config, recipe: Recipe) -> bool:
        """Whether `get` gives a model."""
        return self.get(config, recipe) is not None

    def in_memory(self, config: Config, recipe: Recipe) -> bool:
        """Whether the model is kept in memory, because it could not be written."""
        return model_key(config, recipe) in self._memory

    def keys(self) -> set[str]:
        """The keys of all models, from their file names alone."""
        with self._lock:
            kept = set(self._memory)
        return kept | {path.stem for path in self.files()}

    def files(self) -> Iterable[Path]:
        """The paths of all model files, the shipped ones first."""
        for folder in (self.shipped, self.trained):
            if folder.is_dir():
                yield from sorted(folder.glob("*" + _SUFFIX))

    def contents(self) -> list[tuple[Config, Recipe]]:
        """The configs and recipes of the stored models.

        Returns:
            The shipped ones in a fixed order, then the most recently used of the trained ones,
            then those in memory, the latest first. At most 200 trained files are read.
        """
        shipped = sorted(_settings(_latest_first(self.shipped)), key=_shipped_order)
        trained = _settings(_latest_first(self.trained)[:_MAX_LISTED])
        with self._lock:
            kept = [(model.config, model.recipe) for model in self._memory.values()]
        return list(dict.fromkeys([*shipped, *trained, *reversed(kept)]))

    def put(self, model: Model, *, shipped: bool = False) -> bool:
        """Store a model; where it cannot be written, keep it in memory and add a note.

        Args:
            model: a model that was trained here.
            shipped: store it with those that come with the project.

        Returns:
            Whether it is on disk.
        """
        key = model_key(model.config, model.recipe)
        folder = self.shipped if shipped else self.trained
        try:
            folder.mkdir(parents=True, exist_ok=True)
            save(model, folder / (key + _SUFFIX))
        except OSError as error:
            self._note(
                f"The store cannot be written to ({refusal(error)}): "
                "models trained now are lost when the program ends."
            )
            self.put_in_memory(model)
            return False
        if not shipped:
            self._evict(keep=key)
        return True

    def put_many(self, models: Iterable[Model]) -> None:
        """Store many models fast: after a power cut the last ones may be missing.

        Raises:
            OSError: if they cannot be written.
        """
        self.trained.mkdir(parents=True, exist_ok=True)
        last = ""
        for model in models:
            last = model_key(model.config, model.recipe)
            write_atomically(self.trained / (last + _SUFFIX), to_bytes(model), durable=False)
        self._evict(keep=last)

    def put_in_memory(self, model: Model) -> None:
        """Keep a model until the program ends; of more than 64 the oldest is dropped."""
        with self._lock:
            self._memory[model_key(model.config, model.recipe)] = model
            while len(self._memory) > _MAX_IN_MEMORY:
                self._memory.popitem(last=False)

    def paused(self, name: str) -> Path:
        """The path of a paused training's file, whose size counts like that of a model."""
        return self.trained / (name + _PAUSED)

    def put_paused(self, name: str, data: bytes) -> None:
        """Store a paused training.

        Raises:
            OSError: if it cannot be written, or would take more than half of the store's size.
        """
        if len(data) > self.max_bytes // 2:
            reason = f"{len(data) / 2**20:.0f} MB is more than half of the store's size"
            raise OSError(errno.EFBIG, reason)
        self.trained.mkdir(parents=True, exist_ok=True)
        write_atomically(self.paused(name), data)
        self._evict(keep=name)

    def clear(self) -> int:
        """Remove everything that was trained here; returns how many model files that were."""
        models = [path for path in self.files() if path.parent == self.trained]
        others = [p for pattern in ("*" + _PAUSED, ".*.part") for p in self.trained.glob(pattern)]
        for path in [*models, *others]:
            path.unlink(missing_ok=True)
        with self._lock:
            self._memory.clear()
        return len(models)

    def _set_aside(self, path: Path, error: DamagedFile) -> None:
        try:
            os.replace(path, path.with_suffix(".damaged"))
            self._note(f"{error}. It was set aside; the model is trained again when it is needed.")
        except OSError:
            self._note(f"{error}. It is not used.")

    def _evict(self, *, keep: str) -> None:
        # Removes files until the rest fits, but never the one to keep. Only a full store reads what
        # they say of themselves.
        for file in _files(self.trained, ".*.part"):
            if file.used < time.time() - _STALE_SECONDS:
                with contextlib.suppress(OSError):
                    file.path.unlink()
        files = _files(self.trained, "[!.]*")
        total = sum(file.size for file in files)
        if total <= self.max_bytes:
            return
        for file in sorted(files, key=lambda file: (not _of_other_engine(file.path), file)):
            if total <= self.max_bytes:
                return
            if file.path.stem != keep:
                with contextlib.suppress(OSError):
                    file.path.unlink()
                total -= file.size

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


class _File(NamedTuple):
    used: float
    size: int
    path: Path


def _files(folder: Path, pattern: str) -> list[_File]:
    files: list[_File] = []
    for path in folder.glob(pattern):
        with contextlib.suppress(OSError):  # another process may have removed it by now
            stat = path.stat()
            files.append(_File(stat.st_mtime, stat.st_size, path))
    return files


def _of_other_engine(path: Path) -> bool:
    engine = _engine(path)
    return engine is not None and engine != str(ENGINE_VERSION)


@lru_cache(maxsize=32_768)  # the name of a file is a hash that depends on the engine
def _engine(path: Path) -> str | None:
    try:
        return engine_of(read_metadata(path))
    except (OSError, ValueError):
        return None


def _latest_first(folder: Path) -> list[_File]:
    return sorted(_files(folder, "[!.]*" + _SUFFIX), key=lambda file: (-file.used, file.path))


def _settings(files: Iterable[_File]) -> list[tuple[Config, Recipe]]:
    found: list[tuple[Config, Recipe]] = []
    for file in files:
        with contextlib.suppress(OSError, DamagedFile):
            config, recipe = read_settings(file.path)
            if model_key(config, recipe) == file.path.stem:  # not a file that was renamed
                found.append((config, recipe))
    return found


def _shipped_order(settings: tuple[Config, Recipe]) -> tuple[Any, ...]:
    # Not by time: shipped files all have the time of the checkout.
    config, recipe = settings
    sizes = config.n_features, config.n_neurons, config.importance_decay, config.seed
    return (recipe.canonical(), *sizes, -config.feature_probability)


def default_store() -> Store:
    """The store of this machine.

    It is in the folder $TOYMODEL_CACHE, else in `cache/` beside the package, else in the user's
    cache folder. Where that folder has no `shipped/`, the models in `cache/shipped/` beside the
    package are the shipped ones. $TOYMODEL_CACHE_MB bounds the size of the trained models, 512 by
    default.

    Raises:
        SettingError: as `read_environment` does.
    """
    beside = Path(__file__).resolve().parents[2] / "cache"
    given = read_environment()
    root = given.cache or (beside if beside.is_dir() else user_cache() / "toymodel")
    folders = (root / "shipped", beside / "shipped")
    shipped = next((folder for folder in folders if folder.is_dir()), folders[0])
    return Store(root, max_bytes=(given.cache_mb or _CACHE_MB) * 2**20, shipped=shipped)
