"""Headers that claim too much are refused before they cost anything."""

from __future__ import annotations

import json

import pytest

from tests.helpers.memory import peak_bytes
from toymodel.storage import tensor_header
from toymodel.storage.tensor_header import (
    MAX_HEADER,
    Entry,
    NoHeader,
    check_layout,
    header_length,
    parse_header,
)

ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def text(header: object) -> bytes:
    return json.dumps(header).encode()


def test_a_header_is_what_it_says():
    header = parse_header(text({"__metadata__": {"a": "b"}, "W": ENTRY}), 1)
    assert header.entries == {"W": Entry("F32", (2,), 0, 8)}
    assert header.metadata == {"a": "b"}
    assert header.start == 8 + len(text({"__metadata__": {"a": "b"}, "W": ENTRY}))


@pytest.mark.parametrize("start", [b"", b"\1", bytes(8), (MAX_HEADER + 1).to_bytes(8, "little")])
def test_a_length_that_is_not_allowed_is_refused(start: bytes):
    with pytest.raises(NoHeader):
        header_length(start)
    with pytest.raises(NoHeader, match="up to 10 bytes"):
        header_length((11).to_bytes(8, "little"), 10)
    assert header_length(MAX_HEADER.to_bytes(8, "little")) == MAX_HEADER


def test_a_header_of_far_too_many_entries_is_not_parsed(monkeypatch: pytest.MonkeyPatch):
    many = b"{" + b",".join(b'"%d":{}' % k for k in range(100_000)) + b"}"
    monkeypatch.setattr(tensor_header.json, "loads", None)

    def refused() -> None:
        with pytest.raises(ValueError, match="too large: up to 9 tensors are allowed"):
            parse_header(many, 9)

    assert peak_bytes(refused) < 2**16


def test_one_entry_too_many_is_refused():
    header = {f"t{k}": ENTRY for k in range(10)}
    assert len(parse_header(text(header), 10).entries) == 10
    with pytest.raises(ValueError, match="10 arrays: up to 9 are allowed"):
        parse_header(text(header), 9)


def test_tensors_fill_the_file_one_behind_the_other():
    first, second, empty = (
        Entry("F32", (2,), 0, 8),
        Entry("F32", (1,), 8, 12),
        Entry("F32", (0,), 8, 8),
    )
    check_layout({"b": second, "c": empty, "a": first}, {"a": 8, "b": 4, "c": 0}, 12)
    for available in (11, 13):
        with pytest.raises(ValueError, match=f"take 12 bytes, it has {available}"):
            check_layout({"a": first, "b": second}, {"a": 8, "b": 4}, available)
    with pytest.raises(ValueError, match="data offsets of 'a' do not fit"):
        check_layout({"a": first}, {"a": 4}, 8)
    with pytest.raises(ValueError, match="overlap or leave gaps"):
        check_layout({"a": first, "c": first}, {"a": 8, "c": 8}, 8)
