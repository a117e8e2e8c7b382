from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.networks import ROOT, model, run_python, same_model
from toymodel.model import Model
from toymodel.storage import model_file as module
from toymodel.storage.model_file import DamagedFile, load, model_key, read_settings, save
from toymodel.storage.store import Store, default_store
from toymodel.storage.tensor_file import pack, unpack

CONFIG = tm.Config(n_features=3, n_neurons=2)
RECIPE = tm.Recipe(steps=5, restarts=2)
KEY = model_key(CONFIG, RECIPE)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def numbered(seed: int) -> Model:
    return model(CONFIG.replace(seed=seed), RECIPE, seed=seed)


def path_of(store: Store, found: Model, folder: str = "trained") -> Path:
    return store.root / folder / f"{model_key(found.config, found.recipe)}.safetensors"


def rewritten(path: Path, tensors: dict[str, Any] | None = None, **about: object) -> None:
    """The file with other content and a checksum that fits it."""
    old_tensors, old_about = unpack(path.read_bytes())
    old_about.pop("checksum")
    all_tensors, all_about = old_tensors | (tensors or {}), old_about | about
    all_about["checksum"] = module._checksum(all_tensors, all_about)
    path.write_bytes(pack(all_tensors, all_about))


# Keys


def test_a_key_is_the_same_in_every_process_and_for_every_way_to_write_the_settings():
    assert len(KEY) == 32
    assert set(KEY) <= set("0123456789abcdef")
    again = tm.Config.from_mapping(json.loads(CONFIG.canonical()))
    assert model_key(again, RECIPE) == KEY
    assert model_key(CONFIG.replace(feature_probability=1), RECIPE) == KEY
    code = "import sys, toymodel as tm; from toymodel.storage.model_file import model_key; " + (
        "print(model_key(tm.Config(n_features=3, n_neurons=2), tm.Recipe(steps=5, restarts=2)))"
    )
    output = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert output.strip() == KEY


def test_every_field_and_the_engine_version_change_the_key(monkeypatch: pytest.MonkeyPatch):
    config = {
        "n_features": 4,
        "n_neurons": 3,
        "feature_probability": 0.5,
        "importance_decay": 0.5,
        "seed": 1,
        "task": "identity",
    }
    recipe = {
        "steps": 6,
        "batch_size": 64,
        "learning_rate": 0.01,
        "schedule": "constant",
        "warmup": 0.0,
        "beta1": 0.5,
        "beta2": 0.5,
        "init": "kaiming",
        "init_scale": 1.0,
        "sampler": "iid",
        "min_active": 2.0,
        "linear_until": 0.0,
        "restarts": 3,
        "cycles": 2,
        "weights": "0123456789abcdef",
    }
    assert config.keys() | {"hidden_bias"} == tm.Config.model_fields.keys()
    assert recipe.keys() == tm.Recipe.model_fields.keys()
    keys = [model_key(CONFIG.replace(**{k: v}), RECIPE) for k, v in config.items()]
    keys += [model_key(CONFIG, RECIPE.replace(**{k: v})) for k, v in recipe.items()]
    keys.append(model_key(CONFIG.replace(task="identity", hidden_bias=True), RECIPE))
    monkeypatch.setattr(module, "ENGINE_VERSION", module.ENGINE_VERSION + 1)
    keys.append(model_key(CONFIG, RECIPE))
    assert len({KEY, *keys}) == len(keys) + 1


# Files


def test_a_model_comes_back_as_it_was_saved(tmp_path: Path):
    saved = model(CONFIG, RECIPE)
    save(saved, tmp_path / "a.safetensors")
    loaded = load(tmp_path / "a.safetensors")
    assert same_model(loaded, saved)
    assert loaded.W1.dtype == loaded.losses.dtype == np.float32
    assert list(tmp_path.glob("*")) == [tmp_path / "a.safetensors"]


def test_every_number_of_settings_comes_back_exactly(tmp_path: Path):
    config = tm.Config(n_features=1, n_neurons=1, feature_probability=0.1 + 0.2, seed=2**31 - 1)
    saved = model(config, tm.Recipe(learning_rate=1 / 3))
    save(saved, tmp_path / "a")
    assert same_model(load(tmp_path / "a"), saved)


def test_a_file_says_what_made_it(tmp_path: Path):
    save(model(CONFIG, RECIPE), tmp_path / "a")
    _, about = unpack((tmp_path / "a").read_bytes())
    assert about["key"] == KEY
    assert about["config"] == CONFIG.model_dump()
    assert about["recipe"] == RECIPE.model_dump()
    assert about["versions"].keys() == {"engine", "python", "torch", "numpy"}
    assert "unknown" not in about["versions"].values()


@pytest.mark.parametrize("flip", [0x01, 0xFF])
def test_a_flipped_byte_gives_a_clear_refusal_or_the_same_model(tmp_path: Path, flip: int):
    saved = model(tm.Config(n_features=2, n_neurons=1), tm.Recipe(steps=2))
    path = tmp_path / "a"
    save(saved, path)
    data = bytearray(path.read_bytes())
    refused = 0
    for position in range(len(data)):
        data[position] ^= flip
        path.write_bytes(data)
        data[position] ^= flip
        try:
            assert same_model(load(path), saved), f"byte {position}"
        except DamagedFile as error:
            refused += 1
            assert str(error).startswith("a is not a usable model: ")
            assert "Type-check" not in str(error)
    assert refused > 0.95 * len(data)


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path):
    path = tmp_path / "a"
    save(model(tm.Config(n_features=2, n_neurons=1), tm.Recipe(steps=2)), path)
    data = path.read_bytes()
    for length in [*range(0, len(data) - 1, 7), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(DamagedFile, match="a is not a usable model"):
            load(path)
    path.write_bytes(data + b"\0")
    with pytest.raises(DamagedFile, match="a is not a usable model"):
        load(path)


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
        b"\x80\x04cos\nsystem\n(S'false'\ntR.",
        "Grüße".encode("utf-16"),
    ],
    ids=["empty", "zeros", "ones", "10 kB", "huge header", "cut header", "deep", "pickle", "text"],
)
def test_what_is_no_model_file_is_refused(tmp_path: Path, data: bytes):
    path = tmp_path / "a"
    path.write_bytes(data)
    with pytest.raises(DamagedFile, match="a is not a usable model"):
        load(path)


NONSENSE = """
import sys
import safetensors.numpy
from toymodel.storage.model_file import DamagedFile, load
from toymodel.storage.tensor_file import unpack

with open(sys.argv[1], "rb") as file:
    tensors, _ = unpack(file.read())
deep = ["[" * 100_000, '{"a":' * 100_000]
for about in ["", "5", "null", '"text"', "[]", "[1]", "{}", '{"checksum": 1}', "9" * 5_000, *deep]:
    with open(sys.argv[1], "wb") as file:
        file.write(safetensors.numpy.save(tensors, {"toymodel": about}))
    try:
        load(sys.argv[1])
        print("taken:", about[:20])
    except DamagedFile as error:
        if not str(error).startswith("a is not a usable model: "):
            print("unclear:", error)
    except BaseException as error:
        print("crash:", about[:20], type(error).__name__)
"""


def test_what_a_file_says_of_itself_may_be_nonsense(tmp_path: Path):
    # In a process of its own, where no check of signatures stands before the answer.
    save(model(CONFIG, RECIPE), tmp_path / "a")
    result = run_python("-c", NONSENSE, str(tmp_path / "a"))
    assert (result.stdout, result.stderr) == ("", "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 1}, "it has format 1, this version reads 2"),
        ({"config": None}, "Type(Check)?Error"),
        ({"config": CONFIG.model_dump() | {"n_features": 0}}, "n_features = 0: must be a whole"),
        ({"config": CONFIG.model_dump() | {"n_features": 4}}, r"W1 is float32 \(2, 2, 3\)"),
        ({"config": CONFIG.model_dump() | {"colour": 1}}, "colour = 1: must be one of"),
        ({"recipe": RECIPE.model_dump() | {"steps": "5"}}, 'steps = "5": must be a whole'),
        ({"recipe": RECIPE.model_dump() | {"restarts": 1}}, "it holds 2 restarts, its recipe"),
        ({"tensors": {"W1": np.ones((2, 2, 3))}}, "W1 is float64"),
        ({"tensors": {"b": np.full((2, 3), np.nan, np.float32)}}, "b holds numbers that are not"),
        ({"tensors": {"losses": np.array([1, np.inf], np.float32)}}, "losses holds numbers that"),
        ({"tensors": {"losses": np.ones(0, np.float32)}}, "it holds 0 restarts"),
        ({"trained_together": 0}, "trained_together is not"),
        ({"tensors": {"history.loss": np.ones((2, 3), np.float32)}}, "history.loss is float32"),
        ({"tensors": {"more": np.ones(1)}}, "it holds the tensors W1, W2"),
        (
            {"tensors": {"history.step": np.zeros(0, np.int64)}},
            "its history has 0 records",
        ),
        (
            {"tensors": {"history.step": np.zeros(201, np.int64)}},
            "its history has 201 records",
        ),
    ],
)
def test_content_that_does_not_fit_is_refused_even_with_a_good_checksum(
    tmp_path: Path, change: dict[str, Any], message: str
):
    save(model(CONFIG, RECIPE), tmp_path / "a")
    rewritten(tmp_path / "a")
    assert same_model(load(tmp_path / "a"), model(CONFIG, RECIPE))
    rewritten(tmp_path / "a", **change)
    with pytest.raises(DamagedFile, match=message):
        load(tmp_path / "a")


def test_a_model_with_hidden_biases_is_none_of_the_absolute_value_task(tmp_path: Path):
    made = model(CONFIG, RECIPE)
    made.restarts[1].b_hidden[0] = 0.5
    save(made, tmp_path / "a")
    with pytest.raises(DamagedFile, match="hidden biases"):
        load(tmp_path / "a")


def identity(*, hidden_bias: bool) -> tm.Model:
    made = model(CONFIG.replace(task="identity", hidden_bias=hidden_bias), RECIPE)
    tied = [replace(each, W2=np.ascontiguousarray(each.W1.T)) for each in made.restarts]
    return replace(made, restarts=tuple(tied))


@pytest.mark.parametrize("hidden_bias", [True, False])
def test_an_identity_model_comes_back_with_its_hidden_biases(tmp_path: Path, hidden_bias: bool):
    made = identity(hidden_bias=hidden_bias)
    if hidden_bias:
        made.restarts[0].b_hidden[:] = 0.25
    save(made, tmp_path / "a")
    assert same_model(load(tmp_path / "a"), made)


def test_an_identity_model_has_tied_weights(tmp_path: Path):
    made = identity(hidden_bias=True)
    made.restarts[1].W2[0, 0] += 0.5
    save(made, tmp_path / "a")
    with pytest.raises(DamagedFile, match="W2 is not W1 transposed"):
        load(tmp_path / "a")


def test_a_file_that_is_not_there_is_no_damaged_one(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "a")


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    saved = model(CONFIG, RECIPE)
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="a"):
        save(saved, tmp_path / "a")
    with pytest.raises(OSError, match="missing"):
        save(saved, tmp_path / "missing" / "a")
    assert list(tmp_path.rglob("*")) == [tmp_path / "a"]


# What a file's first bytes say


def header(text: str | bytes) -> bytes:
    """The first bytes of a safetensors file with this header."""
    data = text.encode() if isinstance(text, str) else text
    return len(data).to_bytes(8, "little") + data


def saying(about: object) -> str:
    """A header that says this of the model."""
    text = about if isinstance(about, str) else json.dumps(about)
    return json.dumps({"__metadata__": {"toymodel": text}})


SAID = {"config": CONFIG.model_dump(), "recipe": RECIPE.model_dump()}


def test_the_first_bytes_of_a_file_say_what_it_is_a_model_of(tmp_path: Path):
    config = tm.Config(n_features=1, n_neurons=7, feature_probability=0.1 + 0.2, seed=2**31 - 1)
    recipe = tm.Recipe(learning_rate=1 / 3, restarts=2, sampler="iid")
    save(model(config, recipe), tmp_path / "a")
    assert read_settings(tmp_path / "a") == (config, recipe)
    (tmp_path / "b").write_bytes(header(saying(SAID)))
    assert read_settings(tmp_path / "b") == (CONFIG, RECIPE)


def test_settings_are_read_as_soon_as_their_bytes_are_there(tmp_path: Path):
    saved, path = model(CONFIG, RECIPE), tmp_path / "a"
    save(saved, path)
    data = path.read_bytes()
    # safetensors fills its header up with spaces, which may be missing.
    needed = len(data[: 8 + int.from_bytes(data[:8], "little")].rstrip())
    assert needed < len(data)
    path.write_bytes(data[:needed])
    assert read_settings(path) == (CONFIG, RECIPE)
    for length in range(needed):
        path.write_bytes(data[:length])
        with pytest.raises(DamagedFile, match="a is not a usable model"):
            read_settings(path)


@pytest.mark.parametrize("flip", [0x01, 0xFF])
def test_settings_of_a_file_with_a_flipped_byte_are_read_or_refused(tmp_path: Path, flip: int):
    path = tmp_path / "a"
    save(model(CONFIG, RECIPE), path)
    data = bytearray(path.read_bytes())
    refused = 0
    for position in range(8 + int.from_bytes(data[:8], "little")):
        data[position] ^= flip
        path.write_bytes(data)
        data[position] ^= flip
        try:
            config, recipe = read_settings(path)
            assert (type(config), type(recipe)) == (tm.Config, tm.Recipe)
        except DamagedFile as error:
            refused += 1
            assert str(error).startswith("a is not a usable model: ")
    assert refused > 100


@pytest.mark.parametrize("claimed", [2**21, 2**31, 2**62, 2**64 - 1])
@pytest.mark.parametrize("size", [8, 2**31])
def test_a_header_that_claims_to_be_huge_is_not_read(tmp_path: Path, claimed: int, size: int):
    path = tmp_path / "a"
    path.write_bytes(claimed.to_bytes(8, "little"))
    os.truncate(path, size)  # the rest is a hole, which takes no place
    peak = peak_of(lambda: refused_settings(path, "its header is too long"))
    assert peak < 2**20


def test_settings_are_read_without_the_tensors(tmp_path: Path):
    path = tmp_path / "a"
    save(model(CONFIG, RECIPE), path)
    os.truncate(path, 2**31)
    found: list[object] = []
    assert peak_of(lambda: found.append(read_settings(path))) < 2**20
    assert found == [(CONFIG, RECIPE)]


def peak_of(call: Callable[[], object]) -> int:
    """The most bytes that a call holds at once."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refused_settings(path: Path, message: str) -> None:
    with pytest.raises(DamagedFile, match=message):
        read_settings(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 8,
        b"\xff" * 8,
        header(b"\xff\xfe\xfd"),
        header("not JSON"),
        header("null"),
        header("[]"),
        header("5"),
        header("9" * 5_000),
        header("[" * 400_000),
        header('{"a":' * 200_000),
        header("{}"),
        header('{"__metadata__": null}'),
        header('{"__metadata__": {"toymodel": 5}}'),
        header('{"__metadata__": {"toymodel": {}}}'),
        header(saying("")),
        header(saying("[" * 400_000)),
        header(saying("9" * 5_000)),
        header(saying(None)),
        header(saying([])),
        header(saying("config")),
        header(saying({})),
        header(saying(SAID | {"config": None})),
        header(saying(SAID | {"config": []})),
        header(saying(SAID | {"config": [["seed", 1]]})),
        header(saying(SAID | {"config": {"n_features": 0}})),
        header(saying(SAID | {"config": {"n_features": "3"}})),
        header(saying(SAID | {"config": {"feature_probability": float("nan")}})),
        header(saying(SAID | {"config": {"self": 1}})),
        header(saying(SAID | {"config": {"\ud800": 1}})),
        header(saying(SAID | {"recipe": {"steps": {"a": [1] * 1_000}}})),
        header(saying('{"config": {"seed": ' + "[" * 900 + "]" * 900 + '}, "recipe": {}}')),
    ],
    ids=range(32),
)
def test_settings_of_what_is_no_model_file_are_refused(tmp_path: Path, data: bytes):
    (tmp_path / "a").write_bytes(data)
    refused_settings(tmp_path / "a", "a is not a usable model: ")


def test_settings_of_a_file_that_is_not_there_are_no_damaged_ones(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        read_settings(tmp_path / "a")
    with pytest.raises(IsADirectoryError):
        read_settings(tmp_path)


# The store


def test_what_was_put_is_there(store: Store):
    saved = model(CONFIG, RECIPE)
    assert not store.has(CONFIG, RECIPE)
    assert store.get(CONFIG, RECIPE) is None
    assert store.put(saved)
    assert store.has(CONFIG, RECIPE)
    found = store.get(CONFIG, RECIPE)
    assert found is not None
    assert same_model(found, saved)
    assert not store.in_memory(CONFIG, RECIPE)
    assert list(store.files()) == [path_of(store, saved)]
    assert store.get(CONFIG.replace(seed=1), RECIPE) is None
    assert store.get(CONFIG, RECIPE.replace(steps=6)) is None
    assert list(store.notes) == []


def test_shipped_models_come_first_and_stay(store: Store):
    store.put(model(CONFIG, RECIPE, seed=1), shipped=True)
    store.put(model(CONFIG, RECIPE, seed=2))
    found = store.get(CONFIG, RECIPE)
    assert found is not None
    assert same_model(found, model(CONFIG, RECIPE, seed=1))
    assert store.clear() == 1
    assert [path.parent for path in store.files()] == [store.shipped]


def test_a_damaged_file_is_set_aside_with_a_note(store: Store):
    saved = model(CONFIG, RECIPE)
    store.put(saved)
    path = path_of(store, saved)
    path.write_bytes(path.read_bytes()[:-1])
    assert store.get(CONFIG, RECIPE) is None
    assert not path.exists()
    assert path.with_suffix(".damaged").exists()
    (note,) = store.notes
    assert note.startswith(f"{path.name} is not a usable model: ")
    assert note.endswith("it is trained again when somebody asks for it.")
    assert not store.has(CONFIG, RECIPE)
    store.put(saved)
    assert store.get(CONFIG, RECIPE) is not None


def test_a_damaged_shipped_file_gives_way_to_a_trained_one(store: Store):
    saved = model(CONFIG, RECIPE)
    store.put(saved, shipped=True)
    store.put(saved)
    path_of(store, saved, "shipped").write_bytes(b"")
    found = store.get(CONFIG, RECIPE)
    assert found is not None
    assert same_model(found, saved)
    assert len(store.notes) == 1


def test_a_file_renamed_to_another_key_is_refused(store: Store):
    saved = numbered(1)
    store.put(saved)
    os.replace(path_of(store, saved), path_of(store, numbered(2)))
    assert store.get(CONFIG.replace(seed=2), RECIPE) is None
    assert "holds another model than its name says" in store.notes[0]
    assert store.get(CONFIG.replace(seed=1), RECIPE) is None


def test_what_cannot_be_read_is_noted_and_absent(store: Store):
    path_of(store, model(CONFIG, RECIPE)).mkdir(parents=True)
    assert store.get(CONFIG, RECIPE) is None
    assert "could not be read" in store.notes[0]


def test_a_folder_that_cannot_be_written_to_means_memory_and_a_note(tmp_path: Path):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "store")
    saved = model(CONFIG, RECIPE)
    assert store.get(CONFIG, RECIPE) is None
    assert not store.put(saved)
    assert not store.put(numbered(1))
    assert store.get(CONFIG, RECIPE) is saved
    assert store.has(CONFIG, RECIPE)
    assert store.in_memory(CONFIG, RECIPE)
    cannot = [note for note in store.notes if "cannot be written to" in note]
    assert len(cannot) == 1
    assert str(store.trained) in cannot[0]
    assert list(store.files()) == []
    store.clear()
    assert store.get(CONFIG, RECIPE) is None


def test_memory_is_bounded_oldest_out_first(store: Store):
    for seed in range(70):
        store.keep_in_memory(numbered(seed))
    kept = [store.in_memory(CONFIG.replace(seed=seed), RECIPE) for seed in range(70)]
    assert kept == [False] * 6 + [True] * 64


def test_the_oldest_use_goes_first_and_shipped_models_stay(tmp_path: Path):
    store = Store(tmp_path)
    store.put(numbered(0), shipped=True)
    for seed in (1, 2, 3):
        store.put(numbered(seed))
        os.utime(path_of(store, numbered(seed)), (seed, seed))
    os.utime(path_of(store, numbered(0), "shipped"), (0, 0))
    sizes = [path.stat().st_size for path in store.files()]
    small = Store(tmp_path, max_bytes=sum(sizes[1:]) + sizes[0] // 2)
    assert small.get(CONFIG.replace(seed=1), RECIPE) is not None  # this use is newer than 2 and 3
    small.put(numbered(4))
    kept = [small.has(CONFIG.replace(seed=seed), RECIPE) for seed in range(5)]
    assert kept == [True, True, False, True, True]
    tiny = Store(tmp_path, max_bytes=1)
    tiny.put(numbered(5))
    kept = [tiny.has(CONFIG.replace(seed=seed), RECIPE) for seed in range(6)]
    assert kept == [True, False, False, False, False, True]


def test_damaged_files_count_and_go_too(tmp_path: Path):
    store = Store(tmp_path, max_bytes=1)
    store.put(numbered(1))
    path = path_of(store, numbered(1))
    path.write_bytes(b"no model")
    store.get(CONFIG.replace(seed=1), RECIPE)
    store.put(numbered(2))
    assert [p.name for p in store.trained.iterdir()] == [path_of(store, numbered(2)).name]


def test_paused_trainings_count_and_go_as_models_do(tmp_path: Path):
    store = Store(tmp_path)
    store.put_paused("old", b"x" * 100)
    store.put_paused("new", b"x" * 100)
    store.put(numbered(1))
    os.utime(store.paused("old"), (1, 1))
    os.utime(store.paused("new"), (2, 2))
    size = path_of(store, numbered(1)).stat().st_size
    small = Store(tmp_path, max_bytes=2 * size + 100)
    small.put(numbered(2))
    assert [store.paused(name).exists() for name in ("old", "new")] == [False, True]
    Store(tmp_path, max_bytes=200).put_paused("newest", b"x" * 100)
    assert list(store.trained.iterdir()) == [store.paused("newest")]
    assert store.paused("newest").read_bytes() == b"x" * 100


def test_a_pause_that_would_drive_most_models_out_is_refused(tmp_path: Path):
    store = Store(tmp_path, max_bytes=10_000)
    store.put(numbered(1))
    with pytest.raises(OSError, match="more than half of what the store may take"):
        store.put_paused("large", b"x" * 5_001)
    assert path_of(store, numbered(1)).exists()
    assert not store.paused("large").exists()


def test_what_an_ended_process_left_goes_after_a_while(store: Store):
    store.put(numbered(1))
    left, fresh = store.trained / ".abc.part", store.trained / ".def.part"
    for path in (left, fresh):
        path.write_bytes(b"x")
    os.utime(left, (1, 1))
    store.put(numbered(2))
    assert (left.exists(), fresh.exists()) == (False, True)
    store.clear()
    assert not fresh.exists()


def test_clearing_takes_paused_trainings_too(store: Store):
    store.put_paused("one", b"x")
    store.put(numbered(1))
    assert list(store.files()) == [path_of(store, numbered(1))]
    assert store.clear() == 1
    assert list(store.trained.iterdir()) == []


def test_a_pause_that_cannot_be_written_raises(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Store(tmp_path / "file" / "store").put_paused("one", b"x")


def test_a_few_notes_are_kept_and_none_twice(store: Store):
    for seed in range(30):
        path = path_of(store, numbered(seed))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        store.get(CONFIG.replace(seed=seed), RECIPE)
    assert len(store.notes) == len(set(store.notes)) == 20
    assert path_of(store, numbered(29)).name in store.notes[-1]


WRITER = """
import sys
from tests.helpers.networks import model
from toymodel import Config, Recipe
from toymodel.storage.store import Store

seed, count = int(sys.argv[2]), int(sys.argv[3])
store = Store(sys.argv[1])
mine = model(Config(n_features=40, n_neurons=30), Recipe(restarts=2), seed=seed)
for _ in range(count):
    assert store.put(mine)
"""


def test_two_processes_may_write_one_key_while_others_read_it(tmp_path: Path):
    config, recipe = tm.Config(n_features=40, n_neurons=30), tm.Recipe(restarts=2)
    candidates = [model(config, recipe, seed=seed) for seed in (1, 2)]
    store = Store(tmp_path)
    writers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WRITER, str(tmp_path), str(seed), "150"],
            cwd=ROOT,
            stderr=subprocess.PIPE,
        )
        for seed in (1, 2)
    ]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        found = store.get(config, recipe)
        if found:
            (which,) = (i for i, model in enumerate(candidates) if same_model(model, found))
            seen.add(which)
    for writer in writers:
        _, errors = writer.communicate()
        assert (writer.returncode, errors) == (0, b"")
    assert seen
    assert list(store.notes) == []
    assert [path.suffix for path in store.trained.iterdir()] == [".safetensors"]


def test_threads_may_share_a_store(tmp_path: Path):
    store = Store(tmp_path, max_bytes=8_000)
    problems: list[BaseException] = []

    def use(offset: int) -> None:
        try:
            for seed in range(offset, offset + 12):
                store.put(numbered(seed % 16))
                found = store.get(CONFIG.replace(seed=seed % 16), RECIPE)
                assert found is None or same_model(found, numbered(seed % 16))
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=use, args=(8 * i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert [note for note in store.notes if "not a usable" in note] == []


# Where the default store is


def test_the_default_store_is_where_the_environment_says(
    cache: Path, monkeypatch: pytest.MonkeyPatch
):
    assert default_store().root == cache
    assert default_store().max_bytes == 512 * 2**20
    monkeypatch.setenv("TOYMODEL_CACHE_MB", "3")
    assert default_store().max_bytes == 3 * 2**20
    monkeypatch.delenv("TOYMODEL_CACHE")
    assert default_store().root.name in ("cache", "toymodel")


@pytest.mark.parametrize("size", ["0", "-1", "1.5", "many", "1000001", "²"])
def test_an_odd_size_is_refused(size: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOYMODEL_CACHE_MB", size)
    with pytest.raises(ValueError, match=f"TOYMODEL_CACHE_MB = '{size}': must be a whole number"):
        default_store()


def test_a_use_is_noted_on_the_file_so_that_it_stays_longer(store: Store):
    store.put(numbered(1))
    os.utime(path_of(store, numbered(1)), (1, 1))
    store.get(CONFIG.replace(seed=1), RECIPE)
    assert path_of(store, numbered(1)).stat().st_mtime > time.time() - 60


# What there is


def seeds(store: Store, most: int = 200) -> list[int]:
    found = store.contents(most)
    assert all(recipe == RECIPE for _, recipe in found)
    return [config.seed for config, _ in found]


def aged(store: Store, seed: int, used: float, *, shipped: bool = False) -> None:
    """Put a model that was last used then."""
    store.put(numbered(seed), shipped=shipped)
    os.utime(path_of(store, numbered(seed), "shipped" if shipped else "trained"), (used, used))


def test_a_store_without_a_folder_contains_nothing(store: Store):
    assert store.contents() == []


def test_shipped_models_are_told_first_and_then_the_latest_used(store: Store):
    for seed, used in ((1, 100), (2, 300), (3, 200)):
        aged(store, seed, used)
    aged(store, 4, 1, shipped=True)
    assert seeds(store) == [4, 2, 3, 1]
    store.get(CONFIG.replace(seed=1), RECIPE)
    assert seeds(store) == [4, 1, 2, 3]


def test_contents_are_what_get_finds_whatever_they_are(store: Store):
    kinds = [
        (CONFIG, RECIPE),
        (CONFIG, RECIPE.replace(steps=6)),
        (CONFIG.replace(n_neurons=1, feature_probability=0.3), RECIPE.replace(restarts=1)),
    ]
    for config, recipe in kinds:
        store.put(model(config, recipe))
    assert set(store.contents()) == set(kinds)
    assert all(store.get(config, recipe) for config, recipe in store.contents())


def test_a_model_that_is_shipped_and_trained_is_told_once(store: Store):
    aged(store, 1, 200)
    aged(store, 2, 100)
    aged(store, 2, 50, shipped=True)
    assert seeds(store) == [2, 1]


def test_models_in_memory_are_told_too_the_latest_first(store: Store):
    aged(store, 1, 100)
    for seed in (2, 3, 1):
        store.keep_in_memory(numbered(seed))
    assert seeds(store) == [1, 3, 2]


def test_a_folder_that_cannot_be_written_to_does_not_hide_what_is_in_memory(tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    store = Store(tmp_path / "file")
    store.put(numbered(1))
    assert seeds(store) == [1]


def test_what_get_would_not_give_is_left_out_and_left_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    for seed in range(1, 6):
        aged(store, seed, 1_000 - seed)
    paths = {seed: path_of(store, numbered(seed)) for seed in range(1, 6)}
    paths[1].write_bytes(paths[1].read_bytes()[:50])
    os.replace(paths[2], paths[2].with_stem("0" * 32))
    (store.trained / "notes.safetensors").write_text("foreign")
    (store.trained / "folder.safetensors").mkdir()
    (store.trained / ".hidden.safetensors").write_bytes(paths[5].read_bytes())
    os.replace(paths[3], paths[3].with_suffix(".damaged"))
    store.put_paused("a", b"paused")
    names = sorted(path.name for path in store.trained.iterdir())
    assert seeds(store) == [4, 5]
    assert sorted(path.name for path in store.trained.iterdir()) == names
    assert list(store.notes) == []
    monkeypatch.setattr(module, "ENGINE_VERSION", module.ENGINE_VERSION + 1)
    assert seeds(store) == []


def test_a_damaged_shipped_file_does_not_hide_the_trained_one(store: Store):
    aged(store, 1, 100)
    aged(store, 1, 100, shipped=True)
    path_of(store, numbered(1), "shipped").write_bytes(b"damaged")
    assert seeds(store) == [1]


def test_so_many_files_of_those_trained_here_are_looked_at(store: Store):
    for seed in range(6):
        aged(store, seed, 100 + seed, shipped=seed < 3)
    assert seeds(store, 2) == [0, 1, 2, 5, 4]
    assert seeds(store, 1) == [0, 1, 2, 5]
    assert seeds(store, 3) == [0, 1, 2, 5, 4, 3]
    # A file that is no model is looked at, too.
    (store.trained / "new.safetensors").write_text("foreign")
    assert seeds(store, 2) == [0, 1, 2, 5]
