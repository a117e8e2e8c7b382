"""Arrays from an untrusted safetensors or npz file.

Every length, size and shape that a file claims is checked before any memory is taken for it. A
pickle, which can run code, is never read.
"""

from __future__ import annotations

import ast
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from toymodel.storage.tensor_file import MAX_MAGNITUDE
from toymodel.storage.tensor_header import (
    MAX_HEADER,
    Entry,
    NoHeader,
    check_layout,
    header_length,
    parse_header,
)
from toymodel.text import quoted

MAX_MEGABYTES = 65
"""Of a file: enough for two matrices of the largest size in float64."""

MAX_ARRAYS = 64
"""Of a file."""

MAX_LENGTH = 2_000
"""Of an array, along each axis."""

MAX_NUMBERS = 10_000_000
"""Of all arrays of a file together."""

MAX_SIZE = MAX_MAGNITUDE
"""Of the absolute value of a number."""

_MAX_NAME = 100  # characters
_MAX_NPY_HEADER = 1_024  # bytes
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP_ENTRY = b"PK\x01\x02"
_NPY = b"\x93NUMPY"
_ENCRYPTED = 0x1
_BFLOAT16 = "BF16"
_TENSOR_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    _BFLOAT16: "<u2",
    **{f"{kind}{8 * size}": f"<{kind.lower()}{size}" for kind in "IU" for size in (1, 2, 4, 8)},
}
_NPY_TYPE = re.compile(r"[<>|=]?(f[248]|[iu][1248])")
_TYPES_ALLOWED = "float16, float32, float64, bfloat16 and integers are allowed"
# What the standard library raises for damaged zip files.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    OverflowError,
    IndexError,
)

Array = Float32[np.ndarray, "_ _ _"] | Float32[np.ndarray, "_ _"] | Float32[np.ndarray, " _"]


class UnusableWeights(ValueError):
    """A file or an array cannot be used; the message says what is wrong and what is allowed."""


def read_arrays(data: bytes) -> dict[str, Array]:
    """Read the arrays of a safetensors or an npz file.

    Args:
        data: the content of the file.

    Returns:
        The arrays by name, in the file's order, as float32. Each has one to three axes of 1 to
        2,000, and its numbers are finite and from -100,000 to 100,000.

    Raises:
        UnusableWeights: for a file that holds anything else.
    """
    if len(data) > MAX_MEGABYTES * 10**6:
        raise UnusableWeights(f"it is larger than {MAX_MEGABYTES} MB")
    arrays = _read_npz(data) if data.startswith(_ZIPS) else _read_safetensors(data)
    if not arrays:
        raise UnusableWeights("it holds no array: W1 and W2 are needed")
    return arrays


def _read_safetensors(data: bytes) -> dict[str, Array]:
    try:
        length = header_length(data, min(MAX_HEADER, len(data) - 8))
    except NoHeader:
        if data.startswith(_NPY):
            raise UnusableWeights(
                "it is a single array: numpy.savez writes several to one file"
            ) from None
        raise UnusableWeights(
            "it is neither a whole npz file nor a whole safetensors file, whose header has "
            f"up to {MAX_HEADER:,} bytes"
        ) from None
    try:
        header = parse_header(data[8 : 8 + length], MAX_ARRAYS)
        about = header.metadata
        if isinstance(about, dict) and "toymodel" in about:
            raise UnusableWeights("toymodel wrote it: the page Train your own opens such files")
        sizes = {name: _bytes_of(name, entry) for name, entry in header.entries.items()}
        _check_total_size(sum(_size(entry.shape) for entry in header.entries.values()))
        content = memoryview(data)[header.start :]
        check_layout(header.entries, sizes, len(content))
    except UnusableWeights:
        raise
    except ValueError as error:
        raise UnusableWeights(str(error)) from None
    return {name: _tensor_array(name, entry, content) for name, entry in header.entries.items()}


def _bytes_of(name: str, entry: Entry) -> int:
    _check_name(name)
    if entry.dtype not in _TENSOR_TYPES:
        raise UnusableWeights(f"{quoted(name)} is {quoted(entry.dtype)}: {_TYPES_ALLOWED}")
    _check_shape(name, entry.shape)
    return _size(entry.shape) * np.dtype(_TENSOR_TYPES[entry.dtype]).itemsize


def _tensor_array(name: str, tensor: Entry, content: memoryview) -> Array:
    raw = np.frombuffer(content[tensor.begin : tensor.end], _TENSOR_TYPES[tensor.dtype])
    if tensor.dtype == _BFLOAT16:  # the upper half of a float32
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    return _as_float32(name, raw.reshape(tensor.shape))


def _read_npz(data: bytes) -> dict[str, Array]:
    # Counted before the directory is read, which takes memory for each entry.
    _check_array_count(data.count(_ZIP_ENTRY))
    arrays: dict[str, Array] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                name = _entry_name(entry)
                if name in arrays:
                    raise UnusableWeights(f"it has {quoted(name)} twice")
                size_before = sum(array.size for array in arrays.values())
                arrays[name] = _read_npy(name, archive, entry, size_before)
    except UnusableWeights:
        raise
    except _ZIP_ERRORS:
        raise UnusableWeights("it is a damaged npz file") from None
    return arrays


def _entry_name(entry: zipfile.ZipInfo) -> str:
    name = entry.filename.removesuffix(".npy")
    if name == entry.filename:
        raise UnusableWeights(
            f"it holds {quoted(name)}, which is no .npy array. Files of torch.save hold pickles, "
            "which can run code and are never read: write a safetensors or an npz file"
        )
    _check_name(name)
    if entry.flag_bits & _ENCRYPTED:
        raise UnusableWeights(f"{quoted(name)} is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnusableWeights(
            f"{quoted(name)} is compressed in a way that numpy does not write: numpy.savez and "
            "numpy.savez_compressed are fine"
        )
    return name


def _read_npy(
    name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, size_before: int
) -> Array:
    # No more is unpacked than the shape takes, and only after the shape was checked.
    with archive.open(entry) as file:
        start = file.read(len(_NPY) + 2)
        version = tuple(start[len(_NPY) :])
        if not start.startswith(_NPY) or version not in ((1, 0), (2, 0)):
            raise UnusableWeights(f"{quoted(name)} is not an array that numpy wrote")
        size = int.from_bytes(file.read(2 * version[0]), "little")
        if size > _MAX_NPY_HEADER:
            raise UnusableWeights(f"the header of {quoted(name)} is too long")
        dtype, fortran, shape = _parse_npy_header(name, file.read(size))
        _check_total_size(size_before + _size(shape))
        needed = _size(shape) * dtype.itemsize
        claimed = entry.file_size - len(start) - 2 * version[0] - size
        content = file.read(needed) if claimed == needed else b""
        if len(content) < needed:
            raise UnusableWeights(f"the content of {quoted(name)} does not fit its shape")
    raw = np.frombuffer(content, dtype)
    return _as_float32(name, raw.reshape(shape[::-1]).T if fortran else raw.reshape(shape))


def _parse_npy_header(name: str, text: bytes) -> tuple[np.dtype, bool, tuple[int, ...]]:
    try:
        header = ast.literal_eval(text.decode("latin-1").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        header = None
    match header:
        case {"descr": descr, "fortran_order": bool(fortran), "shape": tuple(shape)}:
            if not isinstance(descr, str) or not _NPY_TYPE.fullmatch(descr):
                objects = ". Python objects are never read" if descr == "|O" else ""
                kind = quoted(descr) if isinstance(descr, str) else "a table"
                raise UnusableWeights(f"{quoted(name)} is {kind}: {_TYPES_ALLOWED}{objects}")
            _check_shape(name, shape)
            return np.dtype(descr), fortran, shape
    raise UnusableWeights(f"the header of {quoted(name)} cannot be read")


def _check_array_count(count: int) -> None:
    if count > MAX_ARRAYS:
        raise UnusableWeights(f"it holds {count:,} arrays: up to {MAX_ARRAYS} are allowed")


def _check_total_size(count: int) -> None:
    if count > MAX_NUMBERS:
        raise UnusableWeights(f"it holds more than {MAX_NUMBERS:,} numbers")


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= _MAX_NAME or not name.isprintable():
        raise UnusableWeights(
            f"an array is called {quoted(name)}: names have 1 to {_MAX_NAME} printable characters"
        )


def _check_shape(name: str, shape: Sequence[object]) -> None:
    if not 1 <= len(shape) <= 3:
        raise UnusableWeights(f"{quoted(name)} has {len(shape)} axes: one to three are allowed")
    if not all(type(length) is int and 1 <= length <= MAX_LENGTH for length in shape):
        shown = ", ".join(map(str, shape))
        raise UnusableWeights(
            f"{quoted(name)} is ({shown[:60]}): 1 to {MAX_LENGTH:,} are allowed along each axis"
        )


def _size(shape: Sequence[int]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _as_float32(name: str, raw: np.ndarray) -> Array:
    with np.errstate(over="ignore"):  # what becomes infinite is refused below
        array = np.array(raw, np.float32, order="C")
    if not np.isfinite(array).all():
        raise UnusableWeights(f"{quoted(name)} has numbers that are not finite")
    largest = float(np.abs(array).max())
    if largest > MAX_SIZE:
        raise UnusableWeights(
            f"{quoted(name)} has a number of size {largest:.3g}: up to {MAX_SIZE:,} is allowed"
        )
    return array
