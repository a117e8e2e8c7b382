"""The header of a safetensors file, read so that it never costs more than its size promises.

The header of a file that nobody vouches for can claim anything. Its length and the number of its
entries are bounded before it is parsed, and the lengths that it claims are checked before any
memory is taken for a tensor.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from toymodel.text import quoted

MAX_HEADER = 2**20
"""Of bytes, unless a kind of file has a smaller limit."""

_LENGTH = 8  # bytes of the header's own length
_COLONS_PER_ENTRY = 4
_COLONS_OF_METADATA = 10_000  # other programs may write their settings there


class NoHeader(ValueError):
    """The data does not start with a header of an allowed length."""


class Entry(NamedTuple):
    """What a header says of a tensor; only its types are checked.

    Attributes:
        dtype: the name of its type in the format, such as "F32".
        shape: lengths of the axes, as the header has them.
        begin: of its bytes, from the end of the header on.
        end: of its bytes.
    """

    dtype: str
    shape: tuple[Any, ...]
    begin: int
    end: int


class Header(NamedTuple):
    """A parsed header.

    Attributes:
        entries: what it says of the tensors, by name, in its order.
        metadata: what else it says; anything.
        start: where the bytes of the tensors begin in the file.
    """

    entries: dict[str, Entry]
    metadata: object
    start: int


def header_length(start: bytes, most: int = MAX_HEADER) -> int:
    """The length of a header in bytes, which the first eight bytes of a file claim.

    Raises:
        NoHeader: if it is 0 or longer than allowed.
    """
    length = int.from_bytes(start[:_LENGTH], "little")
    if len(start) < _LENGTH or not length:
        raise NoHeader("it does not start as a safetensors file")
    if length > most:
        raise NoHeader(f"its header is too long: up to {most:,} bytes are allowed")
    return length


def parse_header(text: bytes, max_entries: int) -> Header:
    """Parse a header.

    Args:
        text: its bytes, without those of its length.
        max_entries: how many tensors it may have.

    Raises:
        ValueError: for what is no header, and for one of more tensors.
    """
    # An entry has four names with a colon each: far more of them are not even parsed.
    if text.count(b":") > _COLONS_PER_ENTRY * max_entries + _COLONS_OF_METADATA:
        raise ValueError(f"its header is too large: up to {max_entries:,} tensors are allowed")
    try:
        header = json.loads(text.decode(), object_pairs_hook=_without_repetition)
    except _Repetition:
        raise ValueError("its header has a name twice") from None
    except (ValueError, RecursionError):
        raise ValueError("its header cannot be read") from None
    if not isinstance(header, dict):
        raise ValueError("its header is not a JSON object")
    metadata = header.pop("__metadata__", None)
    if len(header) > max_entries:
        raise ValueError(f"it holds {len(header):,} arrays: up to {max_entries:,} are allowed")
    entries = {name: _entry(name, claimed) for name, claimed in header.items()}
    return Header(entries, metadata, _LENGTH + len(text))


class _Repetition(Exception):
    pass


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise _Repetition
    return dict(pairs)


def _entry(name: str, claimed: object) -> Entry:
    match claimed:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(begin), int(end)]}:
            return Entry(dtype, tuple(shape), begin, end)
    raise ValueError(f"the entry of {quoted(name)} in its header cannot be read")


def check_layout(entries: Mapping[str, Entry], sizes: Mapping[str, int], available: int) -> None:
    """Check that tensors lie one behind the other and fill a file.

    Args:
        entries: what the header says.
        sizes: the bytes that each tensor takes by its shape.
        available: the bytes of the file behind its header.

    Raises:
        ValueError: if they do not.
    """
    for name, entry in entries.items():
        if entry.begin < 0 or entry.end - entry.begin != sizes[name]:
            raise ValueError(f"the data offsets of {quoted(name)} do not fit its shape")
    end = 0
    for entry in sorted(entries.values(), key=lambda entry: (entry.begin, entry.end)):
        if entry.begin != end:
            raise ValueError("its tensors overlap or leave gaps")
        end = entry.end
    if end != available:
        raise ValueError(f"its tensors take {end:,} bytes, it has {available:,} for them")
