"""Tensors with JSON metadata in one safetensors file: read with checks, written as a whole."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

_MAX_HEADER = 2**20  # bytes
_METADATA = "toymodel"


def pack(tensors: dict[str, np.ndarray], about: dict[str, Any]) -> bytes:
    """Put tensors and JSON metadata into the safetensors format."""
    return safetensors.numpy.save(tensors, {_METADATA: json.dumps(about, sort_keys=True)})


def unpack(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read what `pack` made.

    Returns:
        The tensors by name, and the metadata.

    Raises:
        ValueError: for any other data.
    """
    try:
        tensors = safetensors.numpy.load(data)
    except safetensors.SafetensorError as error:
        raise ValueError(f"it cannot be read as a safetensors file ({error})") from None
    return tensors, _metadata(data[8 : 8 + int.from_bytes(data[:8], "little")])


def read_metadata(path: Path) -> dict[str, Any]:
    """Read the metadata of a file from its first bytes alone.

    Raises:
        ValueError: for a file that does not start as `pack` makes it.
        OSError: for a file that cannot be read.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > _MAX_HEADER:
            raise ValueError("its header is too long")
        return _metadata(file.read(size))


def _metadata(header: bytes) -> dict[str, Any]:
    try:
        about = json.loads(json.loads(header)["__metadata__"][_METADATA])
    except (KeyError, TypeError):
        raise ValueError("it has no metadata of toymodel") from None
    except RecursionError:
        raise ValueError("its metadata is nested too deeply") from None
    if not isinstance(about, dict):
        raise ValueError("its metadata is not a JSON object")
    return about


def check_tensor(
    name: str,
    tensor: np.ndarray,
    shape: tuple[int, ...],
    dtype: Any = np.float32,
    *,
    finite: bool = True,
) -> None:
    """Check a tensor from a file.

    Args:
        name: what it is called in error messages.
        tensor: the tensor.
        shape: the shape that it must have.
        dtype: the type that it must have.
        finite: whether all its numbers must be finite.

    Raises:
        ValueError: if it differs.
    """
    if tensor.shape != shape or tensor.dtype != dtype:
        found, needed = f"{tensor.dtype} {tensor.shape}", f"{np.dtype(dtype)} {shape}"
        raise ValueError(f"{name} is {found}, it should be {needed}")
    if finite and not np.isfinite(tensor).all():
        raise ValueError(f"{name} holds numbers that are not finite")


def checksum(tensors: Mapping[str, np.ndarray], about: object) -> str:
    """Compute a SHA-256 checksum of tensors, in any order, and of JSON data."""
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        digest.update(np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def write_atomically(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a file that appears under its name only when it is complete.

    Several processes may write the same file at once; the last one wins.

    Args:
        path: where; its folder must exist.
        data: the whole content.
        durable: wait until the file would survive a power cut, which takes longer.

    Raises:
        OSError: if it cannot be written. Then an earlier file is left as it was.
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
