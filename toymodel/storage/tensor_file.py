"""Tensors with JSON metadata in one safetensors file: read with checks, written as a whole."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from toymodel.storage.tensor_header import (
    MAX_HEADER,
    Entry,
    Header,
    check_layout,
    header_length,
    parse_header,
)
from toymodel.text import quoted

MAX_MAGNITUDE = 100_000
"""Of a weight in a file, in absolute value: with larger ones losses would overflow."""

_METADATA = "toymodel"
_DTYPES = {
    "BOOL": np.dtype("?"),
    **{f"F{8 * size}": np.dtype(f"<f{size}") for size in (2, 4, 8)},
    **{
        f"{kind}{8 * size}": np.dtype(f"<{kind.lower()}{size}")
        for kind in "IU"
        for size in (1, 2, 4, 8)
    },
}


def pack(tensors: dict[str, np.ndarray], about: dict[str, Any]) -> bytes:
    """Put tensors and JSON metadata into the safetensors format."""
    return safetensors.numpy.save(tensors, {_METADATA: json.dumps(about, sort_keys=True)})


def unpack(
    data: bytes, *, max_header: int = MAX_HEADER
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read what `pack` made.

    Args:
        data: the content of the file.
        max_header: the bytes that its header may have.

    Returns:
        The tensors by name, and the metadata.

    Raises:
        ValueError: for any other data.
    """
    file = io.BytesIO(data)
    header = read_header(file, max_header=max_header)
    return read_tensors(file, header, len(data)), metadata_of(header)


def read_header(
    file: io.BufferedIOBase, *, max_header: int = MAX_HEADER, max_tensors: int = MAX_HEADER
) -> Header:
    """Read the header of a file, and nothing else of it.

    Args:
        file: at its start.
        max_header: the bytes that the header may have.
        max_tensors: how many tensors it may list.

    Raises:
        ValueError: for what is no header, and beyond the limits.
    """
    length = header_length(file.read(8), max_header)
    return parse_header(file.read(length), max_tensors)


def read_tensors(file: io.BufferedIOBase, header: Header, size: int) -> dict[str, np.ndarray]:
    """Read the tensors of a file behind its header.

    Nothing is read before the shapes of all tensors are found to fill the file.

    Args:
        file: where its header ends.
        header: what it said.
        size: of the whole file, in bytes.

    Raises:
        ValueError: if the header does not fit the file.
    """
    entries = header.entries
    check_layout(
        entries, {n: _bytes_of(n, entry) for n, entry in entries.items()}, size - header.start
    )
    tensors: dict[str, np.ndarray] = {}
    for name, entry in sorted(entries.items(), key=lambda item: item[1].begin):
        content = bytearray(entry.end - entry.begin)
        if file.readinto(content) < len(content):
            raise ValueError("it ends too early")
        tensors[name] = np.frombuffer(content, _DTYPES[entry.dtype]).reshape(entry.shape)
    return {name: tensors[name] for name in entries}


def _bytes_of(name: str, entry: Entry) -> int:
    if entry.dtype not in _DTYPES:
        raise ValueError(f"{quoted(name)} has the type {quoted(entry.dtype)}")
    if not all(type(length) is int and length >= 0 for length in entry.shape):
        raise ValueError(f"the shape of {quoted(name)} cannot be read")
    return math.prod(entry.shape) * _DTYPES[entry.dtype].itemsize


def read_metadata(path: Path) -> dict[str, Any]:
    """Read the metadata of a file from its first bytes alone.

    Raises:
        ValueError: for a file that does not start as `pack` makes it.
        OSError: for a file that cannot be read.
    """
    with path.open("rb") as file:
        return metadata_of(read_header(file))


def metadata_of(header: Header) -> dict[str, Any]:
    """The metadata in a header that `pack` made.

    Raises:
        ValueError: if there is none.
    """
    if not (isinstance(header.metadata, dict) and isinstance(header.metadata.get(_METADATA), str)):
        raise ValueError("it has no metadata of toymodel")
    try:
        about = json.loads(header.metadata[_METADATA])
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
    if finite:
        check_finite(name, tensor)


def check_finite(name: str, tensor: np.ndarray) -> None:
    """Raise a ValueError if a tensor from a file has numbers that are not finite."""
    if not np.isfinite(tensor).all():
        raise ValueError(f"{name} holds numbers that are not finite")


def check_range(name: str, tensor: np.ndarray, low: float, high: float, words: str) -> None:
    """Check the numbers of a tensor from a file.

    Args:
        name: what it is called in error messages.
        tensor: the tensor; its numbers are finite.
        low: the lowest number that is allowed.
        high: the highest.
        words: what is allowed.

    Raises:
        ValueError: if a number is outside.
    """
    if tensor.size and not low <= tensor.min() <= tensor.max() <= high:
        raise ValueError(
            f"{name} holds numbers from {tensor.min():.3g} to {tensor.max():.3g}, {words}"
        )


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
    try:
        _write_atomically(path, data, durable=durable)
    except OSError as error:
        # Of the file that was asked for, not of the one that was to become it.
        raise OSError(error.errno, error.strerror, str(path)) from None


def _write_atomically(path: Path, data: bytes, *, durable: bool) -> None:
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
