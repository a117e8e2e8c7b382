"""Files of anybody's making: what is right is read, and all else is one exception."""

from __future__ import annotations

import io
import json
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

import toymodel as tm
from tests.helpers.networks import model
from toymodel.storage.weight_file import (
    MAX_ARRAYS,
    MAX_MEGABYTES,
    MAX_NUMBERS,
    MAX_SIZE,
    UnusableWeights,
    read_arrays,
)

W1 = np.arange(6, dtype=np.float32).reshape(2, 3) / 4
W2 = -W1.T
TYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]


def npz(compressed: bool = False, **arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **arrays)
    return file.getvalue()


def npy(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version, allow_pickle=True)
    return file.getvalue()


def npy_of(header: str, content: bytes = b"", version: int = 1) -> bytes:
    """A .npy file with any header."""
    text = header.encode("latin-1") + b"\n"
    length = len(text).to_bytes(2 * version, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + content


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file.getvalue()


def tensors(header: object, content: bytes = b"") -> bytes:
    """A safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content


def tensor(shape: object = (2, 3), dtype: object = "F32", offsets: object = (0, 24)) -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def refused(data: bytes, words: str) -> None:
    with pytest.raises(UnusableWeights, match=words):
        read_arrays(data)


def same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert found[name].dtype == np.float32
        assert found[name].flags.c_contiguous and found[name].flags.writeable
        np.testing.assert_array_equal(found[name], array)


# What is read


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_number_comes_back(kind: str):
    arrays = {"W1": np.array([[1, 2, 100]], kind), "b": np.array([3, 0], kind)}
    for data in (npz(**arrays), npz(True, **arrays), safetensors.numpy.save(arrays)):
        found = read_arrays(data)
        same({name: found[name] for name in arrays}, arrays)


@pytest.mark.parametrize("order", ["<", ">", "="])
@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i4"])
def test_either_order_of_bytes_and_of_axes_comes_back(order: str, kind: str):
    array = (W1 * 4).astype(order + kind)
    turned = np.asfortranarray(array)
    assert not turned.flags.c_contiguous
    same(read_arrays(npz(plain=array, turned=turned)), {"plain": W1 * 4, "turned": W1 * 4})


def test_bfloat16_is_the_upper_half_of_a_float32():
    numbers = np.array([[1.0, -2.5], [0.15625, 3e4]], np.float32)
    upper = (numbers.view(np.uint32) >> 16).astype("<u2")
    expected = (upper.astype(np.uint32) << 16).view(np.float32)
    data = tensors({"W": tensor((2, 2), "BF16", (0, 8))}, upper.tobytes())
    same(read_arrays(data), {"W": expected})
    assert read_arrays(data)["W"][0, 1] == -2.5


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_both_versions_of_npy_are_read(version: tuple[int, int]):
    same(read_arrays(zipped({"W1.npy": npy(W1, version)})), {"W1": W1})


def test_the_largest_matrices_are_read():
    rng = np.random.default_rng(0)
    arrays = {"W1": rng.normal(size=(2_000, 2_000)), "W2": rng.normal(size=(2_000, 2_000))}
    data = npz(**arrays)
    assert len(data) < MAX_MEGABYTES * 10**6
    found = read_arrays(data)
    np.testing.assert_array_equal(found["W2"], arrays["W2"].astype(np.float32))


# What is refused, in words


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "neither a whole npz file nor a whole safetensors file"),
        (b"W1 = [[1, 2], [3, 4]]\n" * 20, "neither a whole npz"),
        (bytes(2_000), "neither a whole npz"),
        (bytes(MAX_MEGABYTES * 10**6 + 1), "larger than 65 MB"),
        (npy(W1), "a single array"),
        (zipped({}), "holds no array"),
        (tensors({}), "holds no array"),
        (tensors({"__metadata__": {"a": "b"}}), "holds no array"),
        ((2**31).to_bytes(8, "little") + b"{}", "whose header has up to 1,048,576 bytes"),
        ((2**64 - 1).to_bytes(8, "little") + b"{}", "neither a whole npz"),
        (tensors(b"{" * 100_000), "header cannot be read"),
        (tensors(b'{"a":' * 2_000), "header cannot be read"),
        (tensors(b'{"a":' * 100_000), "header is too large: up to 64 tensors"),
        (tensors(b"\xff\xfe"), "header cannot be read"),
        (tensors(b'{"a": ' + b"9" * 5_000 + b"}"), "header cannot be read"),
        (tensors([1]), "not a JSON object"),
        (tensors(b'{"W": 1, "W": 2}'), "a name twice"),
        (tensors({"W": 3}), "entry of 'W' in its header cannot"),
        (tensors({"W": tensor(offsets=(0, 24.0))}), "entry of 'W' in its header cannot"),
        (tensors({"W": tensor(offsets=(0,))}), "entry of 'W' in its header cannot"),
        (tensors({"W": tensor(dtype="F8_E4M3")}), "'W' is 'F8_E4M3': float16, float32"),
        (tensors({"W": tensor(dtype="BOOL")}), "'W' is 'BOOL'"),
        (tensors({"W": tensor(())}), "0 axes: one to three are allowed"),
        (tensors({"W": tensor((1, 2, 3, 1))}), "4 axes: one to three are allowed"),
        (tensors({"W": tensor((0, 3))}), r"'W' is \(0, 3\): 1 to 2,000"),
        (tensors({"W": tensor((2_001, 1))}), r"'W' is \(2001, 1\): 1 to 2,000"),
        (tensors({"W": tensor((True, 6))}), r"'W' is \(True, 6\)"),
        (tensors({"W": tensor((2.0, 3))}), r"'W' is \(2.0, 3\)"),
        (tensors({"W": tensor((-2, -3))}), r"'W' is \(-2, -3\)"),
        (tensors({"W": tensor((2**33, 2**31), offsets=(0, 0))}), "1 to 2,000"),
        (tensors({"W": tensor()}, bytes(20)), "take 24 bytes, it has 20"),
        (tensors({"W": tensor()}, bytes(28)), "take 24 bytes, it has 28"),
        (tensors({"W": tensor(offsets=(-24, 0))}, bytes(24)), "data offsets of 'W' do not fit"),
        (tensors({"W": tensor(offsets=(0, 2**63))}, bytes(24)), "data offsets of 'W' do not fit"),
        (tensors({"W": tensor(offsets=(8, 32))}, bytes(32)), "overlap or leave gaps"),
        (tensors({"V": tensor(), "W": tensor()}, bytes(24)), "overlap or leave gaps"),
        (
            tensors({"V": tensor(), "W": tensor(offsets=(12, 36))}, bytes(36)),
            "overlap or leave gaps",
        ),
        (tensors({"": tensor()}, bytes(24)), "names have 1 to 100"),
        (tensors({"W" * 101: tensor()}, bytes(24)), "names have 1 to 100"),
        (tensors({"W\n": tensor()}, bytes(24)), "names have 1 to 100"),
        (tensors({"\ud800": tensor()}, bytes(24)), "names have 1 to 100"),
        (zipped({"archive/data.pkl": b"x"}), "which is no .npy array.*pickles"),
        (zipped({"W.npy": b""}), "'W' is not an array that numpy wrote"),
        (zipped({"W.npy": b"text"}), "'W' is not an array"),
        (zipped({"W.npy": npy(W1)[:-1]}), "content of 'W' does not fit its shape"),
        (zipped({"W.npy": npy(W1) + b"x"}), "content of 'W' does not fit its shape"),
        (zipped({"W.npy": npy(W1)[:40]}), "header of 'W' cannot be read"),
        (zipped({"W.npy": npy(W1)}, zipfile.ZIP_BZIP2), "compressed in a way"),
        (zipped({"W.npy": npy(W1)}, zipfile.ZIP_LZMA), "compressed in a way"),
        (zipped({".npy": npy(W1)}), "names have 1 to 100"),
        (npz(W=np.array(["text"])), "'W' is '<U4': float16"),
        (npz(W=np.array([b"text"])), "'W' is '.S4': float16"),
        (npz(W=np.ones((2, 2), complex)), "'W' is '<c16': float16"),
        (npz(W=np.ones((2, 2), bool)), r"'W' is '\|b1': float16"),
        (npz(W=np.zeros(2, [("a", "f4")])), "'W' is a table: float16"),
        (npz(W=np.zeros(2, "M8[s]")), "'W' is '<M8"),
        (npz(W=np.float32(1)), "0 axes"),
        (npz(W=np.ones((2, 2, 2, 2))), "4 axes"),
        (npz(W=np.ones((2, 0))), r"'W' is \(2, 0\)"),
        (npz(W=np.ones((2_001, 1))), r"'W' is \(2001, 1\): 1 to 2,000"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_said_with_what_is_allowed(data: bytes, words: str):
    refused(data, words)


HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': %s}"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "[]",
        "{" * 500,
        "-" * 900 + "1",
        "{[]: 1}",
        "{'descr': '<f4'}",
        HEADER % "[2, 3]",
        HEADER % "3",
        HEADER % "(2, 3), __import__('os').abort()",
        "__import__('os').abort()",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}",
    ],
)
def test_a_header_of_npy_is_nothing_but_three_plain_values(header: str):
    refused(zipped({"W.npy": npy_of(header, bytes(24))}), "header of 'W' cannot be read")


@pytest.mark.parametrize(
    "shape", ["(1000000, 1000000)", "(4294967296, 4294967296)", "(-1, 6)", "(True, 6)", "(2.0, 3)"]
)
def test_a_shape_is_refused_before_anything_is_unpacked(shape: str):
    refused(zipped({"W.npy": npy_of(HEADER % shape, bytes(24))}), "1 to 2,000 are allowed")


@pytest.mark.parametrize("version", [1, 2])
def test_a_long_header_of_npy_is_not_parsed_and_one_of_another_version_refused(version: int):
    header = HEADER % ("(2, 3)" + " " * 2_000)
    refused(zipped({"W.npy": npy_of(header, bytes(24), version)}), "header of 'W' is too long")
    data = bytearray(npy(W1))
    data[6] = 3
    refused(zipped({"W.npy": bytes(data)}), "not an array that numpy wrote")


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_numbers_that_are_not_finite_are_refused(odd: float, kind: str):
    array = np.array([[1, odd]], kind)
    refused(npz(W=array), "'W' has numbers that are not finite")
    refused(safetensors.numpy.save({"W": array}), "'W' has numbers that are not finite")
    for bits in (0x7F80, 0xFF80, 0x7FC0):
        content = np.array([bits], "<u2").tobytes()
        refused(tensors({"W": tensor((1,), "BF16", (0, 2))}, content), "not finite")


def test_numbers_too_large_for_float32_or_for_the_analysis_are_refused():
    refused(npz(W=np.array([1e300])), "not finite")
    refused(npz(W=np.array([0, -2.0 * MAX_SIZE])), r"of size 2e\+05: up to 100,000 is allowed")
    refused(npz(W=np.array([2**63], np.uint64)), "up to 100,000 is allowed")
    same(read_arrays(npz(W=np.array([MAX_SIZE]))), {"W": np.array([MAX_SIZE])})


def test_too_many_arrays_are_refused():
    few = {f"a{k}": np.ones(1) for k in range(MAX_ARRAYS)}
    assert len(read_arrays(npz(**few))) == len(read_arrays(safetensors.numpy.save(few)))
    many = few | {"one more": np.ones(1)}
    refused(npz(**many), "65 arrays: up to 64 are allowed")
    refused(safetensors.numpy.save(many), "65 arrays: up to 64 are allowed")


def test_a_directory_of_a_million_entries_is_not_read():
    entry = b"PK\x01\x02" + bytes(42)
    count = 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(entry) * count, 4, 0)
    data = b"PK\x03\x04" + entry * count + end
    assert peak(data, "1,000,000 arrays") < 10 * 2**20


def test_too_many_numbers_together_are_refused():
    arrays = {f"a{k}": np.zeros((2_000, 2_000), np.int8) for k in range(3)}
    assert MAX_NUMBERS < 3 * 4_000_000
    refused(npz(True, **arrays), "more than 10,000,000 numbers")
    refused(safetensors.numpy.save(arrays), "more than 10,000,000 numbers")


def test_a_name_that_stands_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate name"):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("W.npy", npy(W1))
            archive.writestr("W.npy", npy(W1))
    refused(file.getvalue(), "'W' twice")


def test_a_model_that_toymodel_saved_is_told_to_be_one(tmp_path: Path):
    tm.save(model(tm.Config(n_features=3, n_neurons=2), tm.Recipe()), tmp_path / "model")
    refused((tmp_path / "model").read_bytes(), "toymodel wrote it")


# What is hostile


class Payload:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_is_never_run(tmp_path: Path):
    trap = tmp_path / "it ran"
    array = np.empty((1, 1), object)
    array[0, 0] = Payload(trap)
    data = npz(W1=array)
    refused(data, r"'W1' is '\|O'.*Python objects are never read")
    assert not trap.exists()
    np.load(io.BytesIO(data), allow_pickle=True)["W1"]
    assert trap.exists()  # the trap works


def peak(data: bytes, words: str) -> int:
    """The memory that refusing some data takes."""
    tracemalloc.start()
    try:
        refused(data, words)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("honest", [True, False])
def test_a_bomb_is_not_unpacked(honest: bool):
    # 64 MB in 64 KB, behind a header of six numbers; honest: so the directory says.
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("W.npy", "w") as entry,
    ):
        start = npy_of(HEADER % "(2, 3)")
        entry.write(start)
        for _ in range(4):
            entry.write(bytes(2**24))
    data = bytearray(file.getvalue())
    told = len(start) + (2**26 if honest else W1.nbytes)
    at = place_of(data, 24)
    data[at : at + 4] = told.to_bytes(4, "little")
    assert len(data) < 2**17
    assert peak(bytes(data), "content of 'W' does not fit its shape|damaged") < 2 * 2**20


def place_of(data: bytes, field: int) -> int:
    """Where the directory's only entry has a field."""
    return data.index(b"PK\x01\x02") + field


@pytest.mark.parametrize("size", [0, 1, 130, 2**31, 2**32 - 2])
def test_a_size_that_is_a_lie_is_found_out(size: int):
    data = bytearray(npz(True, W=np.zeros((2_000, 2_000), np.float32)))
    for start in (place_of(data, 24), 22):
        data[start : start + 4] = size.to_bytes(4, "little")
    with pytest.raises(UnusableWeights):
        read_arrays(bytes(data))


def test_what_is_encrypted_is_refused():
    data = bytearray(npz(W=W1))
    for start in (place_of(data, 8), 6):
        data[start] |= 1
    refused(bytes(data), "'W' is encrypted")
    data = bytearray(npz(W=W1))
    data[data.index(W1.tobytes())] ^= 1
    refused(bytes(data), "damaged npz file")


PARTS = {"W1": W1, "b": W1[0]}


@pytest.mark.parametrize("made", [npz(**PARTS), npz(True, **PARTS), safetensors.numpy.save(PARTS)])
def test_a_part_of_a_file_is_refused(made: bytes):
    for length in range(len(made)):
        with pytest.raises(UnusableWeights):
            read_arrays(made[:length])


def sound(data: bytes) -> None:
    """Whatever the data is, it is read right or refused."""
    try:
        found = read_arrays(data)
    except UnusableWeights:
        return
    for array in found.values():
        assert array.dtype == np.float32
        assert array.ndim in (1, 2)
        assert np.abs(array).max() <= MAX_SIZE


@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", bytes(8)]))
def test_random_bytes_are_refused_or_read(data: bytes, start: bytes):
    sound(start + data)


VALID = [
    npz(W1=W1, W2=W2),
    npz(True, W1=W1, W2=W2),
    safetensors.numpy.save({"W1": W1, "W2": np.ascontiguousarray(W2)}),
]


@given(
    st.sampled_from(VALID),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_a_file_with_changed_bytes_is_refused_or_read(valid: bytes, changes):
    data = bytearray(valid)
    for place, value in changes:
        data[place % len(data)] = value
    sound(bytes(data))


@given(st.text(max_size=200), st.binary(max_size=40), st.sampled_from([1, 2]))
def test_any_header_of_npy_is_refused_or_read(header: str, content: bytes, version: int):
    text = header.encode("latin-1", "replace").decode("latin-1")
    sound(zipped({"W.npy": npy_of(text, content, version)}))


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
LISTS = st.lists(LEAF | st.lists(LEAF, max_size=2), max_size=3)
JSON = LEAF | LISTS | st.dictionaries(st.text(max_size=3), LEAF | LISTS, max_size=3)


@given(
    st.dictionaries(
        st.text(max_size=4),
        st.fixed_dictionaries({}, optional=dict.fromkeys(("dtype", "shape", "data_offsets"), JSON))
        | st.fixed_dictionaries(
            {
                "dtype": st.sampled_from(["F32", "I8"]),
                "shape": st.lists(st.integers(0, 4), max_size=3),
                "data_offsets": st.lists(st.integers(0, 64), min_size=2, max_size=2),
            }
        ),
        max_size=3,
    ),
    st.binary(max_size=64),
)
def test_any_header_of_safetensors_is_refused_or_read(header: dict, content: bytes):
    sound(tensors(header, content))
