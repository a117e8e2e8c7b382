"""Files of tensors with metadata: read as written, refused otherwise, never half written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from tests.helpers.memory import peak_bytes
from toymodel.storage.tensor_file import (
    check_tensor,
    checksum,
    pack,
    read_metadata,
    unpack,
    write_atomically,
)

TENSORS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([2**40, -1])}
ABOUT = {"seed": 2**127, "name": "x", "list": [1, None, 0.1 + 0.2]}


def with_metadata(text: str) -> bytes:
    return safetensors.numpy.save(TENSORS, {"toymodel": text})


def test_tensors_and_metadata_come_back(tmp_path: Path):
    data = pack(TENSORS, ABOUT)
    tensors, about = unpack(data)
    assert about == ABOUT
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype
        np.testing.assert_array_equal(tensors[name], tensor)
    (tmp_path / "a").write_bytes(data)
    assert read_metadata(tmp_path / "a") == ABOUT


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 8,
        b"\xff" * 8,
        b"\0" * 10_000,
        (2**62).to_bytes(8, "little") + b"{}",
        (99_000_000).to_bytes(8, "little") + b"{" * 1_000,
        (400_000).to_bytes(8, "little") + b'{"a":' * 80_000,
        (200_000).to_bytes(8, "little") + b"[" * 200_000,
        (3).to_bytes(8, "little") + b"\xff\xfe\xfd",
        *(
            len(text).to_bytes(8, "little") + text
            for text in (
                *(b"null", b"[]", b"5", b"9" * 5_000, b"{}", b'{"__metadata__": null}'),
                *(b'{"__metadata__": {"toymodel": 5}}', b'{"__metadata__": {"toymodel": {}}}'),
            )
        ),
        *(
            with_metadata(text)
            for text in ("", "5", "null", '"text"', "[]", "9" * 5_000, "[" * 100_000)
        ),
        safetensors.numpy.save(TENSORS),
        b"\x80\x04cos\nsystem\n(S'false'\ntR.",
        "Grüße".encode("utf-16"),
    ],
    ids=lambda data: f"{data[:24]!r}",
)
def test_other_data_is_refused(tmp_path: Path, data: bytes):
    with pytest.raises(ValueError):
        unpack(data)
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(ValueError):
        read_metadata(tmp_path / "a")


@pytest.mark.parametrize("claimed", [2**21, 2**31, 2**62, 2**64 - 1])
@pytest.mark.parametrize("size", [8, 2**31])
def test_a_header_that_claims_to_be_huge_is_not_read(tmp_path: Path, claimed: int, size: int):
    path = tmp_path / "a"
    path.write_bytes(claimed.to_bytes(8, "little"))
    os.truncate(path, size)  # the rest is a hole, which takes no space

    def refused() -> None:
        with pytest.raises(ValueError, match="its header is too long"):
            read_metadata(path)

    assert peak_bytes(refused) < 2**20


def test_metadata_is_read_without_the_tensors(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(pack(TENSORS, ABOUT))
    os.truncate(path, 2**31)
    assert peak_bytes(lambda: read_metadata(path)) < 2**20


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (np.ones((2, 2), np.float32), r"W is float32 \(2, 2\), it should be float32 \(2, 3\)"),
        (np.ones((2, 3)), "W is float64"),
        (np.full((2, 3), np.nan, np.float32), "W holds numbers that are not finite"),
        (np.full((2, 3), -np.inf, np.float32), "W holds numbers that are not finite"),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(tensor: np.ndarray, words: str):
    with pytest.raises(ValueError, match=words):
        check_tensor("W", tensor, (2, 3))
    check_tensor("W", tensor, tensor.shape, tensor.dtype, finite=False)


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({}, {**ABOUT, "seed": 1}),
        ({"b": np.array([2**40, 1])}, ABOUT),
        ({"b": TENSORS["b"][None]}, ABOUT),
        ({"b": TENSORS["b"].astype(np.float64)}, ABOUT),
        ({"c": np.zeros(1)}, ABOUT),
    ],
)
def test_every_change_changes_the_checksum(changes: dict[str, Any], about: dict[str, Any]):
    known = checksum(TENSORS, ABOUT)
    assert checksum(dict(reversed(TENSORS.items())), dict(reversed(ABOUT.items()))) == known
    assert checksum(TENSORS | changes, about) != known
    renamed = {"c" if name == "b" else name: tensor for name, tensor in TENSORS.items()}
    assert checksum(renamed, ABOUT) != known


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_replaces_another_one_as_a_whole(tmp_path: Path, durable: bool):
    path = tmp_path / "a"
    for data in (b"one", b"another"):
        write_atomically(path, data, durable=durable)
        assert path.read_bytes() == data
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_failed_write_leaves_what_was_there_and_nothing_else(tmp_path: Path):
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="a"):
        write_atomically(tmp_path / "a", b"data")
    with pytest.raises(OSError, match="missing"):
        write_atomically(tmp_path / "missing" / "a", b"data")
    assert list(tmp_path.rglob("*")) == [tmp_path / "a"]
