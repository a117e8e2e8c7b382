"""A trained model as one safetensors file, named by what it is."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from toymodel.config import Config, Recipe, require_trained
from toymodel.model import History, Model, Weights
from toymodel.settings import SettingError

ENGINE_VERSION = 1
"""Part of every key. It goes up when the same config and recipe would train other weights."""

RECORDS = 200
"""Of a cycle's losses, at most."""

_FORMAT = 2
_MOST_HEADER = 2**20
_DTYPES = {"history.step": np.dtype(np.int64)}


class DamagedFile(ValueError):
    """A file is not a model that `save` wrote, or no longer is; the message says why."""


def model_key(config: Config, recipe: Recipe) -> str:
    """The name of the model that this config and recipe give: 32 hexadecimal digits."""
    text = f"{ENGINE_VERSION}\n{config.canonical()}\n{recipe.canonical()}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def save(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model to one safetensors file, which appears under its name only when complete.

    Raises `OSError` where the folder cannot be written to, `SettingError` for weights from
    elsewhere.
    """
    write_whole(Path(path), to_bytes(model))


def to_bytes(model: Model) -> bytes:
    """What `save` writes."""
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
    about["checksum"] = _checksum(tensors, about)
    return pack(tensors, about)


def load(path: str | os.PathLike[str]) -> Model:
    """Read a model that `save` wrote.

    Raises `DamagedFile` if a byte of it has changed or it is something else, `OSError` if it
    cannot be read.
    """
    path = Path(path)
    return from_bytes(path.read_bytes(), path.name)


def from_bytes(data: bytes, name: str) -> Model:
    """The model in the bytes of a file of that name; raises `DamagedFile` as `load` does."""
    try:
        tensors, about = unpack(data)
        if about.pop("checksum") != _checksum(tensors, about):
            raise DamagedFile("its checksum does not fit its content")
        if about["format"] != _FORMAT:
            raise DamagedFile(f"it has format {about['format']}, this version reads {_FORMAT}")
        config = Config.from_mapping(about["config"])
        recipe = Recipe.from_mapping(about["recipe"])
        require_trained(recipe)
        together = about["trained_together"]
        if type(together) is not int or together < 1:
            raise DamagedFile("trained_together is not a number of models")
        _check(tensors, config, recipe)
    except DamagedFile as error:
        raise DamagedFile(f"{name} is not a usable model: {error}") from None
    except (safetensors.SafetensorError, SettingError, ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise DamagedFile(f"{name} is not a usable model: {reason}") from None
    return _model(config, recipe, tensors, together)


def read_settings(path: Path) -> tuple[Config, Recipe]:
    """What a store's file is a model of, from its first bytes alone.

    Raises `DamagedFile` where they do not say; whether the rest is whole is for `load` to see.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > _MOST_HEADER:
                raise ValueError("its header is too long")
            about = json.loads(json.loads(file.read(size))["__metadata__"]["toymodel"])
        return Config.from_mapping(about["config"]), Recipe.from_mapping(about["recipe"])
    except (SettingError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedFile(f"{path.name} is not a usable model: {error}") from None


def load_named(path: Path) -> Model:
    """Read a store's file, whose name is the key of its model; raises as `load` does."""
    model = load(path)
    if model_key(model.config, model.recipe) != path.stem:
        raise DamagedFile(f"{path.name} holds another model than its name says")
    return model


def pack(tensors: dict[str, np.ndarray], about: dict[str, Any]) -> bytes:
    """Tensors and JSON about them in the safetensors format."""
    return safetensors.numpy.save(tensors, {"toymodel": json.dumps(about, sort_keys=True)})


def unpack(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """What `pack` packed; raises `safetensors.SafetensorError`, `KeyError` or `ValueError`."""
    tensors = safetensors.numpy.load(data)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    try:
        about = json.loads(header["__metadata__"]["toymodel"])
    except RecursionError:
        raise ValueError("what it says of itself is nested too deeply") from None
    if not isinstance(about, dict):
        raise ValueError("what it says of itself is not a JSON object")
    return tensors, about


def write_whole(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a file so that nobody sees a part of it, whatever fails and whoever else writes.

    durable: also so that it is there after a power cut, which takes longer.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _tensors(model: Model) -> dict[str, np.ndarray]:
    stacked = {
        name: np.stack([getattr(weights, name) for weights in model.restarts])
        for name in ("W1", "W2", "b", "b_hidden")
    }
    return stacked | {
        "losses": model.losses,
        "loss_errors": model.loss_errors,
        "history.step": model.history.step,
        "history.seconds": model.history.seconds,
        "history.loss": np.ascontiguousarray(model.history.loss),
    }


def _model(config: Config, recipe: Recipe, tensors: dict[str, np.ndarray], together: int) -> Model:
    return Model(
        config=config,
        recipe=recipe,
        restarts=tuple(
            Weights(W1=W1, W2=W2, b=b, b_hidden=b_hidden)
            for W1, W2, b, b_hidden in zip(
                tensors["W1"], tensors["W2"], tensors["b"], tensors["b_hidden"], strict=True
            )
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
        raise DamagedFile(f"it holds {restarts} restarts, its recipe has {recipe.restarts}")
    records = tensors["history.step"].size
    if not 1 <= records <= RECORDS * recipe.cycles:
        raise DamagedFile(f"its history has {records} records")
    expected = {
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
    if tensors.keys() != expected.keys():
        raise DamagedFile(f"it holds the tensors {', '.join(sorted(tensors))}")
    if tensors["b_hidden"].any() and not config.hidden_bias:
        raise DamagedFile("it has hidden biases, which its config has not")
    for name, shape in expected.items():
        tensor, dtype = tensors[name], _DTYPES.get(name, np.dtype(np.float32))
        if tensor.shape != shape or tensor.dtype != dtype:
            found = f"{tensor.dtype} {tensor.shape}"
            raise DamagedFile(f"{name} is {found}, it should be {dtype} {shape}")
        if not np.isfinite(tensor).all():
            raise DamagedFile(f"{name} holds numbers that are not finite")
    if config.definition.tied and not np.array_equal(
        tensors["W1"], tensors["W2"].transpose(0, 2, 1)
    ):
        raise DamagedFile("W2 is not W1 transposed, as it is in its task")


def _checksum(tensors: dict[str, np.ndarray], about: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        digest.update(tensor.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
