from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import toymodel as tm
from tests.helpers.networks import ROOT, model, same_model
from toymodel.model import Model
from toymodel.settings import SettingError
from toymodel.storage import model_file as module
from toymodel.storage.model_file import model_key, to_bytes
from toymodel.storage.store import Store, default_store

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
    assert note.endswith("the model is trained again when it is needed.")
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
    assert "holds a model with another key" in store.notes[0]
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
    assert seeds(store) == [1, 0]
    with pytest.raises(OSError, match="file"):
        store.put_paused("one", b"x")
    cannot = [note for note in store.notes if "cannot be written to" in note]
    assert len(cannot) == 1
    assert str(tmp_path) not in cannot[0]  # visitors read it
    assert list(store.files()) == []
    store.clear()
    assert store.get(CONFIG, RECIPE) is None


def test_memory_is_bounded_oldest_out_first(store: Store):
    for seed in range(70):
        store.put_in_memory(numbered(seed))
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
    with pytest.raises(OSError, match="more than half of the store's size"):
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
    store.put_paused("one", b"x")
    assert store.clear() == 2
    assert list(store.trained.iterdir()) == []


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
from toymodel.settings import SettingError
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
            [sys.executable, "-W", "error", "-c", WRITER, str(tmp_path), str(seed), "60"],
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


def test_a_folder_without_shipped_models_has_those_beside_the_package(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    assert default_store().shipped == cache / "shipped"
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv("TOYMODEL_CACHE", str(elsewhere))
    found = default_store()
    assert (found.trained, found.shipped) == (elsewhere / "trained", ROOT / "cache" / "shipped")
    assert found.contents()
    assert not elsewhere.exists()


@pytest.mark.parametrize("size", ["0", "-1", "1.5", "many", "1000001", "²"])
def test_an_odd_size_is_refused(size: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOYMODEL_CACHE_MB", size)
    with pytest.raises(SettingError, match=r'TOYMODEL_CACHE_MB = ".*": must be a whole number'):
        default_store()


# What there is


def seeds(store: Store) -> list[int]:
    found = store.contents()
    assert all(recipe == RECIPE for _, recipe in found)
    return [config.seed for config, _ in found]


def aged(store: Store, seed: int, used: float, *, shipped: bool = False) -> None:
    """Put a model that was last used then."""
    store.put(numbered(seed), shipped=shipped)
    os.utime(path_of(store, numbered(seed), "shipped" if shipped else "trained"), (used, used))


def test_shipped_models_are_told_first_and_then_the_latest_used(store: Store):
    assert store.contents() == []
    for seed, used in ((1, 100), (2, 300), (3, 200)):
        aged(store, seed, used)
    aged(store, 4, 1, shipped=True)
    assert seeds(store) == [4, 2, 3, 1]
    store.get(CONFIG.replace(seed=1), RECIPE)
    assert path_of(store, numbered(1)).stat().st_mtime > time.time() - 60
    assert seeds(store) == [4, 1, 2, 3]
    # One that is also trained here is told once, and those in memory come last, the latest first.
    aged(store, 4, 200)
    for seed in (5, 6, 3):
        store.put_in_memory(numbered(seed))
    assert seeds(store) == [4, 1, 2, 3, 6, 5]


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


def test_a_file_of_another_engine_under_the_name_of_a_model_is_not_found_and_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    path = path_of(store, numbered(1))
    path.parent.mkdir(parents=True)
    with monkeypatch.context() as before:
        before.setattr(module, "ENGINE_VERSION", module.ENGINE_VERSION - 1)
        data = to_bytes(numbered(1))
    path.write_bytes(data)
    assert store.get(CONFIG.replace(seed=1), RECIPE) is None
    assert store.contents() == []
    assert (path.read_bytes(), list(store.notes)) == (data, [])
    store.put(numbered(1))
    assert store.has(CONFIG.replace(seed=1), RECIPE)


def test_in_a_full_store_files_of_other_engines_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    store = Store(tmp_path)
    with monkeypatch.context() as before:
        before.setattr(module, "ENGINE_VERSION", module.ENGINE_VERSION - 1)
        aged(store, 1, 2_000)
        old = path_of(store, numbered(1))
    aged(store, 2, 1_000)
    aged(store, 3, 1_500)
    size = old.stat().st_size
    Store(tmp_path, max_bytes=3 * size + size // 2).put(numbered(4))
    assert not old.exists()
    assert seeds(store) == [4, 3, 2]
    Store(tmp_path, max_bytes=3 * size + size // 2).put(numbered(5))
    assert seeds(store) == [5, 4, 3]


def test_a_damaged_shipped_file_does_not_hide_the_trained_one(store: Store):
    aged(store, 1, 100)
    aged(store, 1, 100, shipped=True)
    path_of(store, numbered(1), "shipped").write_bytes(b"damaged")
    assert seeds(store) == [1]


def test_only_the_latest_trained_files_are_read(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("toymodel.storage.store._MAX_LISTED", 2)
    for seed in range(6):
        aged(store, seed, 100 + seed, shipped=seed < 3)
    assert seeds(store) == [0, 1, 2, 5, 4]
    # A file that is no model counts, too.
    (store.trained / "new.safetensors").write_text("foreign")
    assert seeds(store) == [0, 1, 2, 5]
