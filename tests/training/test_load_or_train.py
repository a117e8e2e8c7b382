from __future__ import annotations

from pathlib import Path

import pytest

import toymodel as tm
from tests.helpers.networks import SOMETIMES_WILD, model, run_python, same_model
from toymodel.storage.checkpoint import Checkpoint
from toymodel.storage.model_file import model_key
from toymodel.storage.store import Store
from toymodel.training.snapshot import Snapshot

pytestmark = pytest.mark.usefixtures("short_evaluation")

CONFIGS = [tm.Config(n_features=4, n_neurons=3, seed=seed) for seed in range(3)]
RECIPE = tm.Recipe(steps=20, batch_size=16)


def test_what_is_stored_is_read_and_only_the_rest_is_trained(tmp_path: Path):
    store = Store(tmp_path)
    stored = model(CONFIGS[1], RECIPE)
    store.put(stored)
    watched: list[int] = []

    def watch(snapshot: Snapshot) -> None:
        watched.append(len(snapshot.configs))

    models = tm.load_or_train(CONFIGS, RECIPE, store=store, on_snapshot=watch)
    assert [found.config for found in models] == CONFIGS
    assert same_model(models[1], stored)
    assert set(watched) == {2}
    for found in models:
        kept = store.get(found.config, RECIPE)
        assert kept is not None
        assert same_model(kept, found)


def test_training_through_the_store_gives_what_training_gives(tmp_path: Path):
    (trained,) = tm.train([CONFIGS[0]], RECIPE)
    for _ in range(2):
        (found,) = tm.load_or_train([CONFIGS[0]], RECIPE, store=Store(tmp_path))
        assert same_model(found, trained)
    first, second, third = tm.load_or_train(
        [CONFIGS[0], CONFIGS[1], CONFIGS[0]], RECIPE, store=Store(tmp_path)
    )
    assert first is third
    assert second.config == CONFIGS[1]


def test_the_default_store_and_the_standard_recipe_are_used_where_none_is_given(cache: Path):
    stored = model(CONFIGS[0], tm.Recipe())
    Store(cache).put(stored)
    (found,) = tm.load_or_train([CONFIGS[0]])
    assert same_model(found, stored)
    assert tm.load_or_train([]) == []


def test_a_damaged_file_is_trained_again(tmp_path: Path):
    store = Store(tmp_path)
    (trained,) = tm.load_or_train(CONFIGS[:1], RECIPE, store=store)
    path = store.trained / f"{model_key(CONFIGS[0], RECIPE)}.safetensors"
    path.write_bytes(b"damaged")
    (again,) = tm.load_or_train(CONFIGS[:1], RECIPE, store=store)
    assert same_model(again, trained)
    assert len(store.notes) == 1


def test_a_diverged_model_is_never_stored_and_the_others_are(tmp_path: Path):
    store = Store(tmp_path)
    configs = [tm.Config(n_features=2, n_neurons=1, seed=seed) for seed in range(8)]
    stored = model(configs[3], SOMETIMES_WILD)
    store.put(stored)
    with pytest.raises(tm.TrainingDiverged) as caught:
        tm.load_or_train(configs, SOMETIMES_WILD, store=store)
    models = caught.value.models
    assert len(models) == 8
    assert models[3] is not None
    assert same_model(models[3], stored)
    assert 0 < models.count(None) < 7
    assert len(caught.value.reasons) == models.count(None)
    for config, found in zip(configs, models, strict=True):
        kept = store.get(config, SOMETIMES_WILD)
        assert (kept is None) == (found is None)


def test_a_stopped_training_stores_nothing(tmp_path: Path):
    def stop(snapshot: Snapshot) -> None:
        raise tm.TrainingCancelled

    store = Store(tmp_path)
    with pytest.raises(tm.TrainingCancelled):
        tm.load_or_train(CONFIGS, RECIPE, store=store, on_snapshot=stop)
    assert list(store.files()) == []


def test_each_cycle_is_stored_and_a_longer_training_goes_on_from_there(tmp_path: Path):
    store = Store(tmp_path)
    recipes = [RECIPE.replace(cycles=cycles) for cycles in (1, 2, 3)]
    tm.load_or_train(CONFIGS[:2], recipes[1], store=store)
    assert [store.has(CONFIGS[0], recipe) for recipe in recipes] == [True, True, False]
    seen: list[tuple[int, int]] = []

    def watch(snapshot: Snapshot) -> None:
        seen.append((snapshot.step, snapshot.steps))

    longer = tm.load_or_train(CONFIGS[:2], recipes[2], store=store, on_snapshot=watch)
    assert min(seen) == (40, 60)
    assert max(seen) == (60, 60)
    for found, whole in zip(longer, tm.train(CONFIGS[:2], recipes[2]), strict=True):
        assert same_model(found, whole)


def test_cycles_start_from_what_is_stored_whatever_it_is(tmp_path: Path):
    store = Store(tmp_path)
    stored = model(CONFIGS[0], RECIPE)
    store.put(stored)
    (longer,) = tm.load_or_train(CONFIGS[:1], RECIPE.replace(cycles=2), store=store)
    (expected,) = tm.train(CONFIGS[:1], RECIPE.replace(cycles=2), start=[stored])
    assert same_model(longer, expected)


def test_what_diverged_in_an_early_cycle_leaves_the_others_stored(tmp_path: Path):
    store = Store(tmp_path)
    configs = [CONFIGS[0], CONFIGS[1].replace(feature_probability=1e-300), CONFIGS[2]]
    recipe = RECIPE.replace(cycles=2)
    with pytest.raises(tm.TrainingDiverged, match="by step 20:") as caught:
        tm.load_or_train(configs, recipe, store=store)
    assert [found is None for found in caught.value.models] == [False, True, False]
    for cycle in (RECIPE, recipe):
        assert [store.has(config, cycle) for config in configs] == [True, False, True]


def test_a_checkpoint_of_another_training_is_not_used(tmp_path: Path):
    foreign = Checkpoint([model_key(CONFIGS[1], RECIPE)], {}, {})
    for recipe in (RECIPE, RECIPE.replace(cycles=2)):
        (found,) = tm.load_or_train(CONFIGS[:1], recipe, store=Store(tmp_path), resume=foreign)
        assert same_model(found, tm.train(CONFIGS[:1], recipe)[0])


def test_reading_a_stored_model_does_not_import_torch(cache: Path):
    Store(cache).put(model(CONFIGS[0], RECIPE))
    code = (
        "import sys, toymodel as tm; "
        "config = tm.Config(n_features=4, n_neurons=3, seed=0); "
        "(found,) = tm.load_or_train([config], tm.Recipe(steps=20, batch_size=16)); "
        "found.weights.output; print('torch' in sys.modules)"
    )
    result = run_python("-c", code)
    assert (result.stdout, result.stderr) == ("False\n", "")


# What callers give


def test_wrong_arguments_are_told_in_words_and_presets_have_names(cache: Path):
    # In a Python of its own, without the checks of signatures that tests have.
    code = """
import toymodel as tm
config = tm.Config(n_features=3, n_neurons=2)
tm.RECIPES["quick"] = tm.Recipe(steps=10, batch_size=8)
for function in (tm.train, tm.load_or_train):
    (model,) = function(iter([config]), "quick")
    assert model.recipe == tm.RECIPES["quick"].resolve(config)
    wrong_ones = [(config,), ([config, 3],), ("abs",), ([config], "best"), ([config], {"steps": 3})]
    for wrong in wrong_ones:
        try:
            function(*wrong)
        except tm.SettingError as error:
            print(error)
"""
    result = run_python("-c", code)
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    starts = [
        'configs = "one Config": must be a list of them: [config]',
        'configs[1] = "int": must be a Config',
        'configs[0] = "str": must be a Config',
        "recipe = \"best\": must be a Recipe, or the name of a preset: 'quick', ",
        'recipe = "dict": must be a Recipe, or the name of a preset: ',
    ]
    assert len(lines) == 10
    assert all(line.startswith(begin) for line, begin in zip(lines, starts * 2, strict=True))
