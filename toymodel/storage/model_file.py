"""A trained model as one safetensors file, named by the hash of its config and recipe."""

from __future__ import annotations

import hashlib
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
from toymodel.storage.tensor_file import (
    check_tensor,
    checksum,
    pack,
    read_metadata,
    unpack,
    write_atomically,
)

ENGINE_VERSION = 2
"""Part of every key. It goes up when the same config and recipe would train other weights."""

RECORDS = 200
"""Records of the loss in a cycle, at most."""

_FORMAT = 2
_WEIGHTS = ("W1", "W2", "b", "b_hidden")


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
        raise ValueError(f"its engine version is {engine!r}")
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
    write_atomically(Path(path), to_bytes(model))


def load(path: str | os.PathLike[str]) -> Model:
    """Read a model that `save` wrote.

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
    return from_bytes(path.read_bytes(), path.name)


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
    with naming_damage(name, "model"):
        tensors, about = unpack(data)
        if about.pop("checksum") != checksum(tensors, about):
            raise ValueError("its checksum does not fit its content")
        if about["format"] != _FORMAT:
            raise ValueError(f"it has format {about['format']}, this version reads {_FORMAT}")
        require_engine(name, engine_of(about))
        config = Config.from_mapping(about["config"])
        recipe = Recipe.from_mapping(about["recipe"])
        require_trained(recipe)
        together = about["trained_together"]
        if type(together) is not int or together < 1:
            raise ValueError("trained_together is not a number of models")
        _check(tensors, config, recipe)
    return _model(config, recipe, tensors, together)


def _tensors(model: Model) -> dict[str, np.ndarray]:
    stacked = {name: np.stack([getattr(w, name) for w in model.restarts]) for name in _WEIGHTS}
    return stacked | {
        "losses": model.losses,
        "loss_errors": model.loss_errors,
        "history.step": model.history.step,
        "history.seconds": model.history.seconds,
        "history.loss": np.ascontiguousarray(model.history.loss),
    }


def _model(config: Config, recipe: Recipe, tensors: dict[str, np.ndarray], together: int) -> Model:
    each_restart = zip(*(tensors[name] for name in _WEIGHTS), strict=True)
    return Model(
        config=config,
        recipe=recipe,
        restarts=tuple(
            Weights(**dict(zip(_WEIGHTS, arrays, strict=True)), activation=config.activation)
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


def _check(tensors: dict[str, np.ndarray], config: Config, recipe: Recipe) -> None:
    n, m = config.n_features, config.n_neurons
    restarts = len(tensors["losses"])
    if not 1 <= restarts <= recipe.restarts:
        raise ValueError(f"it holds {restarts} restarts, its recipe has {recipe.restarts}")
    records = tensors["history.step"].size
    if not 1 <= records <= RECORDS * recipe.cycles:
        raise ValueError(f"its history has {records} records")
    shapes = {
        "W1": (restarts, m, n),
        "W2": (restarts, n, m),
        "b": (restarts, n),
        "b_hidden": (restarts, m),
        "losses": (restarts,),
        "loss_errors": (restarts,),
        "history.step": (records,),
        "history.seconds": (records,),
        "history.loss": (restarts, records),
    }
    if tensors.keys() != shapes.keys():
        raise ValueError(f"it holds the tensors {', '.join(sorted(tensors))}")
    for name, shape in shapes.items():
        dtype = np.int64 if name == "history.step" else np.float32
        check_tensor(name, tensors[name], shape, dtype)
    if tensors["b_hidden"].any() and not config.hidden_bias:
        raise ValueError("it has hidden biases, but its config has none")
    tied = config.definition.tied
    if tied and not np.array_equal(tensors["W1"], tensors["W2"].transpose(0, 2, 1)):
        raise ValueError("W2 is not W1 transposed, as its task requires")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
