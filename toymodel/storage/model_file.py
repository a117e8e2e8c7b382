"""A trained model as one safetensors file, named by the hash of its config and recipe."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from toymodel.config import Config
from toymodel.model import History, Model, Weights
from toymodel.recipe import Recipe, require_trained
from toymodel.storage.model_checks import WEIGHTS, check_shapes, check_values
from toymodel.storage.tensor_file import (
    checksum,
    metadata_of,
    pack,
    read_header,
    read_metadata,
    read_tensors,
    write_atomically,
)
from toymodel.text import one_line

ENGINE_VERSION = 2
"""Part of every key. It goes up when the same config and recipe would train other weights."""

MAX_MEGABYTES = 65
"""Of a file that a visitor opens: enough for two restarts of the largest size."""

_MAX_HEADER = 2**16  # bytes
_MAX_TENSORS = 16  # other versions of the engine may have more than this one
_FORMAT = 2


class DamagedFile(ValueError):
    """A file is not a model that `save` wrote, or it was changed since; the message says why."""


class OtherEngine(DamagedFile):
    """A file is whole, but another version of the engine wrote it; the message says what to do."""


def model_key(config: Config, recipe: Recipe) -> str:
    """The name of the model that a config and a recipe give: 32 hexadecimal digits."""
    text = f"{ENGINE_VERSION}\n{config.canonical()}\n{recipe.resolve(config).canonical()}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def require_engine(name: str, engine: object) -> None:
    """Refuse a file of another engine version: this one would train other weights.

    Args:
        name: what the file is called in error messages.
        engine: the version that the file says.

    Raises:
        OtherEngine: for another version.
        ValueError: for what is no version.
    """
    if not str(engine).isdecimal():
        raise ValueError(f"its engine version is {one_line(repr(engine), 40)}")
    version = int(str(engine))
    if version != ENGINE_VERSION:
        remedy = "train it again" if version < ENGINE_VERSION else "update toymodel"
        raise OtherEngine(
            f"{name} was trained by engine {version}; this version reads models of engine "
            f"{ENGINE_VERSION}: {remedy}"
        )


@contextmanager
def naming_damage(name: str, what: str) -> Iterator[None]:
    """Raise what is wrong with a file that is read as a `DamagedFile` that names it.

    Args:
        name: what the file is called in error messages.
        what: it should hold.

    Raises:
        DamagedFile: for a ValueError, KeyError or TypeError.
    """
    try:
        yield
    except DamagedFile:
        raise
    except (ValueError, KeyError, TypeError) as error:
        # The message of a KeyError or a TypeError says little without its type.
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        raise DamagedFile(f"{name} is not a usable {what}: {kind}{error}") from None


def engine_of(about: Mapping[str, Any]) -> str:
    """The engine version in the metadata of a model or of a paused training; "" where it is not."""
    versions = about.get("versions")
    return str(versions.get("engine", "")) if isinstance(versions, Mapping) else ""


def save(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model to one safetensors file, which appears only when it is complete.

    Example:
        tm.save(model, "model.safetensors")
        same = tm.load("model.safetensors")

    Args:
        model: a model that was trained here.
        path: the file; its folder must exist.

    Raises:
        OSError: if the file cannot be written.
        SettingError: for imported weights, which are not stored.
    """
    path, data = Path(path), to_bytes(model)
    if not path.parent.is_dir():
        words = f"there is no folder {path.parent} to write to"
        raise FileNotFoundError(errno.ENOENT, words, str(path))
    if path.is_dir():
        words = "this is a folder: add the name of a file"
        raise IsADirectoryError(errno.EISDIR, words, str(path))
    write_atomically(path, data)


def load(path: str | os.PathLike[str]) -> Model:
    """Read a model that `save` wrote.

    Nothing but the header is read of a file that is not as large as its own settings make it.

    Args:
        path: the file.

    Returns:
        The model, with all its restarts and its history.

    Raises:
        DamagedFile: if the file is something else, or any byte of it was changed.
        OtherEngine: if another version of the engine wrote it. It is a `DamagedFile`, too.
        OSError: if it cannot be read.
    """
    path = Path(path)
    with path.open("rb") as file:
        return _read(file, os.fstat(file.fileno()).st_size, path.name)


def load_named(path: Path) -> Model:
    """Read a file of a store, which is named by the key of its model; raises as `load` does."""
    model = load(path)
    if model_key(model.config, model.recipe) != path.stem:
        raise DamagedFile(f"{path.name} holds a model with another key")
    return model


def read_settings(path: Path) -> tuple[Config, Recipe]:
    """Read the config and the recipe of a model file from its first bytes alone.

    Raises:
        DamagedFile: if they cannot be read. The rest of the file is not checked.
        OtherEngine: as `load` does.
        OSError: if the file cannot be read.
    """
    with naming_damage(path.name, "model"):
        about = read_metadata(path)
        require_engine(path.name, engine_of(about))
        return Config.from_mapping(about["config"]), Recipe.from_mapping(about["recipe"])


def to_bytes(model: Model) -> bytes:
    """The content of the file that `save` writes; raises `SettingError` as it does."""
    require_trained(model.recipe)
    tensors = _tensors(model)
    about: dict[str, Any] = {
        "format": _FORMAT,
        "key": model_key(model.config, model.recipe),
        "config": model.config.model_dump(),
        "recipe": model.recipe.model_dump(),
        "trained_together": model.history.together,
        "versions": {
            "engine": str(ENGINE_VERSION),
            "python": platform.python_version(),
            **{name: _version(name) for name in ("torch", "numpy")},
        },
    }
    about["checksum"] = checksum(tensors, about)
    return pack(tensors, about)


def from_bytes(data: bytes, name: str) -> Model:
    """Read a model from the content of its file.

    Args:
        data: the content.
        name: what the file is called in error messages.

    Raises:
        DamagedFile: as `load` does, and OtherEngine.
    """
    return _read(io.BytesIO(data), len(data), name)


def from_upload(data: bytes, name: str) -> Model:
    """Read a model from a file of a visitor's, as `from_bytes` does, up to 65 MB.

    Raises:
        DamagedFile: as `load` does, and for a larger file.
    """
    if len(data) > MAX_MEGABYTES * 10**6:
        raise DamagedFile(
            f"{name} is larger than {MAX_MEGABYTES} MB, which is all that this page reads: "
            "`toymodel.load` reads it in Python"
        )
    return from_bytes(data, name)


def _read(file: io.BufferedIOBase, size: int, name: str) -> Model:
    # What is cheap comes first: settings, then shapes, then all bytes with their checksum.
    with naming_damage(name, "model"):
        header = read_header(file, max_header=_MAX_HEADER, max_tensors=_MAX_TENSORS)
        about = metadata_of(header)
        if about["format"] != _FORMAT:
            said = one_line(str(about["format"]), 40)
            raise ValueError(f"it has format {said}, this version reads {_FORMAT}")
        settings, engine = None, engine_of(about)
        if engine == str(ENGINE_VERSION):
            settings = Config.from_mapping(about["config"]), Recipe.from_mapping(about["recipe"])
            require_trained(settings[1])
            check_shapes(header, *settings)
        tensors = read_tensors(file, header, size)
        if about.pop("checksum") != checksum(tensors, about):
            raise ValueError("its checksum does not fit its content")
        if settings is None:
            require_engine(name, engine)
            raise ValueError(f"its engine version is {engine!r}")
        together = about["trained_together"]
        if type(together) is not int or together < 1:
            raise ValueError("trained_together is not a number of models")
        check_values(tensors, *settings)
    return _model(*settings, tensors, together)


def _tensors(model: Model) -> dict[str, np.ndarray]:
    stacked = {name: np.stack([getattr(w, name) for w in model.restarts]) for name in WEIGHTS}
    return stacked | {
        "losses": model.losses,
        "loss_errors": model.loss_errors,
        "history.step": model.history.step,
        "history.seconds": model.history.seconds,
        "history.loss": np.ascontiguousarray(model.history.loss),
    }


def _model(config: Config, recipe: Recipe, tensors: dict[str, np.ndarray], together: int) -> Model:
    each_restart = zip(*(tensors[name] for name in WEIGHTS), strict=True)
    return Model(
        config=config,
        recipe=recipe,
        restarts=tuple(
            Weights(**dict(zip(WEIGHTS, arrays, strict=True)), activation=config.activation)
            for arrays in each_restart
        ),
        losses=tensors["losses"],
        loss_errors=tensors["loss_errors"],
        history=History(
            step=tensors["history.step"],
            seconds=tensors["history.seconds"],
            loss=tensors["history.loss"],
            together=together,
        ),
    )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
