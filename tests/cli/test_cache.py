from __future__ import annotations

import json
from pathlib import Path

import pytest

import toymodel as tm
from tests.helpers.networks import model
from toymodel.storage import model_file
from toymodel.storage.model_file import model_key
from toymodel.storage.store import Store

CONFIG = tm.Config(n_features=4, n_neurons=3)
RECIPE = tm.Recipe(steps=20, batch_size=16)


def test_cache_says_what_the_store_holds_and_clears_what_was_trained_here(shell, cache: Path):
    store = Store(cache)
    store.put(model(CONFIG, RECIPE), shipped=True)
    for seed in (1, 2):
        store.put(model(CONFIG.replace(seed=seed), RECIPE))
    about = json.loads(shell("cache", "--json").out)
    size = next(iter(store.files())).stat().st_size
    assert about["folder"] == str(cache)
    assert about["max_bytes"] == 512 * 2**20
    assert about["shipped"] == {"models": 1, "bytes": size}
    assert about["trained"]["models"] == 2
    assert (about["removed"], about["damaged"]) == (0, [])
    lines = shell("cache").out.splitlines()
    assert lines == [str(cache), "  shipped: 1 models, 0.0 MB", "  trained: 2 models, 0.0 MB"]
    about = json.loads(shell("cache", "--clear", "--json").out)
    assert (about["removed"], about["trained"]) == (2, {"models": 0, "bytes": 0})
    assert about["shipped"]["models"] == 1
    assert [path.parent for path in store.files()] == [store.shipped]


def test_cache_check_names_damaged_files(shell, cache: Path):
    store = Store(cache)
    for seed in (1, 2):
        store.put(model(CONFIG.replace(seed=seed), RECIPE))
    assert shell("cache", "--check").out.splitlines()[-1] == "  damaged: none"
    path = sorted(store.files())[0]
    path.write_bytes(path.read_bytes()[:-1])
    answer = shell("cache", "--check", "--json")
    assert (answer.code, answer.err) == (1, "")
    assert json.loads(answer.out)["damaged"] == [str(path)]
    assert path.exists()


def test_cache_check_counts_files_of_other_engines_which_are_not_damaged(
    shell, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    store = Store(cache)
    store.put(model(CONFIG, RECIPE))
    with monkeypatch.context() as before:
        before.setattr(model_file, "ENGINE_VERSION", model_file.ENGINE_VERSION - 1)
        store.put(model(CONFIG.replace(seed=1), RECIPE))
        old = store.trained / f"{model_key(CONFIG.replace(seed=1), RECIPE)}.safetensors"
    answer = shell("cache", "--check")
    assert answer.code == 0
    assert answer.out.splitlines()[-2:] == [
        "  of other versions of the engine: 1; they are not used, and go first when the space is "
        "needed",
        "  damaged: none",
    ]
    about = json.loads(shell("cache", "--check", "--json").out)
    assert (about["damaged"], about["other_engine"]) == ([], [str(old)])
    assert json.loads(shell("cache", "--json").out)["other_engine"] == []


def test_cache_of_a_store_that_is_not_there_is_empty(shell):
    about = json.loads(shell("cache", "--json", "--check", "--clear").out)
    assert (about["shipped"]["models"], about["trained"]["models"]) == (0, 0)


def test_an_odd_environment_is_one_line_on_standard_error(shell, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOYMODEL_CACHE_MB", "lots")
    answer = shell("cache")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert 'TOYMODEL_CACHE_MB = "lots": must be a whole number from 1 to 1,000,000' in answer.err
