"""Model files: models come back as they were saved, and any other file is refused in words."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.memory import peak_bytes
from tests.helpers.networks import model, run_python, same_model
from toymodel.storage import model_file as module
from toymodel.storage.model_file import (
    ENGINE_VERSION,
    DamagedFile,
    OtherEngine,
    from_bytes,
    from_upload,
    load,
    model_key,
    read_settings,
    save,
    to_bytes,
)
from toymodel.storage.tensor_file import checksum, pack, unpack

CONFIG = tm.Config(n_features=3, n_neurons=2)
RECIPE = tm.Recipe(steps=5, restarts=2)
KEY = "603c2a270d6e35c9f742d4e0889e0cb8"  # of files that are stored already
MODEL = model(CONFIG, RECIPE)
DATA = to_bytes(MODEL)
SMALL = model(tm.Config(n_features=2, n_neurons=1), tm.Recipe(steps=2))
REFUSED = "^a is not a usable model: (?!.*Type-check)"


def changed(tensors: dict[str, Any] | None = None, **about: object) -> bytes:
    """The file with other content and a checksum that fits it."""
    old_tensors, old_about = unpack(DATA)
    old_about.pop("checksum")
    all_tensors, all_about = old_tensors | (tensors or {}), old_about | about
    return pack(all_tensors, all_about | {"checksum": checksum(all_tensors, all_about)})


# Keys


def test_a_key_is_the_same_for_every_way_to_write_the_settings():
    again = tm.Config.from_mapping(json.loads(CONFIG.canonical()))
    assert model_key(CONFIG, RECIPE) == model_key(again, RECIPE) == KEY
    assert model_key(CONFIG.replace(feature_probability=1), RECIPE) == KEY


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
        "init_scale": 0.5,
        "sampler": "iid",
        "min_active": 2.0,
        "slope": 0.5,
        "slope_until": 0.25,
        "curriculum": 1.0,
        "min_importance": 0.5,
        "restarts": 3,
        "cycles": 2,
        "weights": "0123456789abcdef",
    }
    assert config.keys() | {"hidden_bias", "activation"} == tm.Config.model_fields.keys()
    assert recipe.keys() == tm.Recipe.model_fields.keys()
    keys = [model_key(CONFIG.replace(**{k: v}), RECIPE) for k, v in config.items()]
    keys += [model_key(CONFIG, RECIPE.replace(**{k: v})) for k, v in recipe.items()]
    keys.append(model_key(CONFIG.replace(task="identity", hidden_bias=True), RECIPE))
    keys.append(model_key(CONFIG.replace(hidden_bias=True), RECIPE))
    keys.append(model_key(CONFIG.replace(activation="none"), RECIPE))
    monkeypatch.setattr(module, "ENGINE_VERSION", module.ENGINE_VERSION + 1)
    keys.append(model_key(CONFIG, RECIPE))
    assert len({KEY, *keys}) == len(keys) + 1


def test_what_a_recipe_chooses_gives_the_key_that_it_gives_when_it_is_set():
    recipe = tm.RECIPES["standard"]
    for config in (CONFIG, CONFIG.replace(task="identity"), CONFIG.replace(n_features=900)):
        resolved = recipe.resolve(config)
        assert resolved != recipe
        assert model_key(config, recipe) == model_key(config, resolved)
        part = recipe.replace(curriculum=resolved.curriculum)
        assert model_key(config, part) == model_key(config, resolved)
        assert model_key(config, resolved.replace(curriculum=0.5)) != model_key(config, resolved)


# What comes back


def identity(*, hidden_bias: float) -> tm.Model:
    made = model(CONFIG.replace(task="identity", hidden_bias=bool(hidden_bias)), RECIPE)
    tied = [replace(each, W2=np.ascontiguousarray(each.W1.T)) for each in made.restarts]
    tied[0].b_hidden[:] = hidden_bias
    return replace(made, restarts=tuple(tied))


@pytest.mark.parametrize(
    "saved",
    [
        MODEL,
        model(
            tm.Config(n_features=1, n_neurons=7, feature_probability=0.1 + 0.2, seed=2**31 - 1),
            tm.Recipe(learning_rate=1 / 3, sampler="iid"),
        ),
        identity(hidden_bias=0.0),
        identity(hidden_bias=0.25),
    ],
    ids=["abs", "exact numbers", "identity", "hidden bias"],
)
def test_a_model_comes_back_as_it_was_saved(tmp_path: Path, saved: tm.Model):
    save(saved, tmp_path / "a")
    loaded = load(tmp_path / "a")
    assert same_model(loaded, saved)
    assert loaded.W1.dtype == loaded.losses.dtype == np.float32
    assert read_settings(tmp_path / "a") == (saved.config, saved.recipe)


def test_a_file_says_what_made_it():
    _, about = unpack(DATA)
    assert about["key"] == KEY
    assert about["config"] == CONFIG.model_dump()
    assert about["recipe"] == RECIPE.model_dump()
    assert about["versions"].keys() == {"engine", "python", "torch", "numpy"}
    assert "unknown" not in about["versions"].values()


def test_settings_are_read_as_soon_as_their_bytes_are_there(tmp_path: Path):
    # safetensors fills its header up with spaces, which may be missing.
    path, needed = tmp_path / "a", DATA[: 8 + int.from_bytes(DATA[:8], "little")].rstrip()
    path.write_bytes(needed)
    assert read_settings(path) == (CONFIG, RECIPE)
    for length in [*range(0, len(needed) - 1, 5), len(needed) - 1]:
        path.write_bytes(needed[:length])
        with pytest.raises(DamagedFile, match=REFUSED):
            read_settings(path)


# What is refused


def test_a_changed_byte_gives_a_refusal_or_the_same_model(tmp_path: Path):
    data = bytearray(to_bytes(SMALL))
    header = 8 + int.from_bytes(data[:8], "little")
    refused = {"model": 0, "settings": 0}

    def read(position: int, flip: int) -> None:
        data[position] ^= flip
        try:
            assert same_model(from_bytes(bytes(data), "a"), SMALL), f"byte {position}"
        except DamagedFile as error:
            refused["model"] += 1
            assert str(error).startswith("a is not a usable model: ")
            assert "Type-check" not in str(error)
        if position < header:
            (tmp_path / "a").write_bytes(data)
            try:
                config, recipe = read_settings(tmp_path / "a")
                assert (type(config), type(recipe)) == (tm.Config, tm.Recipe)
            except OtherEngine:  # no checksum is read here
                refused["settings"] += 1
            except DamagedFile as error:
                refused["settings"] += 1
                assert str(error).startswith("a is not a usable model: ")
        data[position] ^= flip

    for position in range(len(data)):
        read(position, (0x01, 0xFF)[position % 2])
    assert refused["model"] > 0.95 * len(data)
    assert refused["settings"] > 100


def test_a_file_cut_off_anywhere_is_refused():
    data = to_bytes(SMALL)
    for length in [*range(0, len(data) - 1, 7), len(data) - 1]:
        with pytest.raises(DamagedFile, match=REFUSED):
            from_bytes(data[:length], "a")
    with pytest.raises(DamagedFile, match=REFUSED):
        from_bytes(data + b"\0", "a")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 1}, "it has format 1, this version reads 2"),
        ({"config": CONFIG.model_dump() | {"n_features": 0}}, "n_features = 0: must be a whole"),
        (
            {"config": CONFIG.model_dump() | {"n_features": 4}},
            r"W1 is F32 \(2, 2, 3\), it should be F32 \(2, 2, 4\)",
        ),
        ({"config": CONFIG.model_dump() | {"colour": 1}}, "colour = 1: must be one of"),
        ({"recipe": RECIPE.model_dump() | {"steps": "5"}}, 'steps = "5": must be a whole'),
        ({"recipe": RECIPE.model_dump() | {"restarts": 1}}, "it holds 2 restarts, its recipe"),
        ({"tensors": {"W1": np.ones((2, 2, 3))}}, "W1 is F64"),
        ({"tensors": {"b": np.full((2, 3), np.nan, np.float32)}}, "b holds numbers that are not"),
        ({"tensors": {"b_hidden": np.ones((2, 2), np.float32)}}, "it has hidden biases"),
        ({"tensors": {"losses": np.array([1, np.inf], np.float32)}}, "losses holds numbers that"),
        ({"tensors": {"losses": np.ones(0, np.float32)}}, "it holds 0 restarts"),
        ({"trained_together": 0}, "trained_together is not"),
        ({"tensors": {"history.loss": np.ones((2, 3), np.float32)}}, "history.loss is F32"),
        ({"tensors": {"more": np.ones(1)}}, "it also holds 'more'"),
        (
            {"tensors": {"b": np.full((2, 3), 1e10, np.float32)}},
            "b holds .* to 1e.10, at most 100,000",
        ),
        ({"tensors": {"W1": np.full((2, 2, 3), -2e5, np.float32)}}, "W1 holds .* at most 100,000"),
        ({"tensors": {"losses": np.zeros(2, np.float32)}}, "losses holds .* above 0"),
        ({"tensors": {"loss_errors": -np.ones(2, np.float32)}}, "loss_errors holds .* 0 and up"),
        ({"tensors": {"history.step": np.array([1, 6])}}, "beyond the 5 steps of its recipe"),
        ({"tensors": {"history.step": np.zeros(0, np.int64)}}, "its history has 0 records"),
        ({"tensors": {"history.step": np.zeros(201, np.int64)}}, "its history has 201 records"),
    ],
)
def test_content_that_does_not_fit_is_refused_even_with_a_good_checksum(
    change: dict[str, Any], message: str
):
    assert same_model(from_bytes(changed(), "a"), MODEL)
    with pytest.raises(DamagedFile, match=f"{REFUSED}.*{message}"):
        from_bytes(changed(**change), "a")


def test_nothing_is_read_of_a_file_that_is_not_as_large_as_its_settings_make_it(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(DATA)
    os.truncate(path, 2**31)  # the rest is a hole, which takes no space

    def refused() -> None:
        with pytest.raises(DamagedFile, match=f"{REFUSED}its tensors take"):
            load(path)

    assert peak_bytes(refused) < 2**20
    large = CONFIG.replace(n_features=2_000, n_neurons=2_000)
    path.write_bytes(changed(config=large.model_dump()))
    with pytest.raises(DamagedFile, match=r"W1 is F32 .* \(2, 2000, 2000\)"):
        load(path)


def test_a_header_of_a_million_tensors_costs_nothing(tmp_path: Path):
    # As large as 81 MB, it took gigabytes and minutes.
    header = b"{" + b",".join(b'"%07d":{}' % k for k in range(500_000)) + b"}"
    data = len(header).to_bytes(8, "little") + header
    small = b"{" + b",".join(b'"%d":{}' % k for k in range(6_000)) + b"}"

    def refused() -> None:
        with pytest.raises(DamagedFile, match="its header is too long: up to 65,536 bytes"):
            from_bytes(data, "a")
        with pytest.raises(DamagedFile, match="it holds 6,000 arrays: up to 16"):
            from_bytes(len(small).to_bytes(8, "little") + small, "a")

    assert peak_bytes(refused) < 4 * 2**20


def test_a_visitors_file_has_a_limit(monkeypatch: pytest.MonkeyPatch):
    assert same_model(from_upload(DATA, "a"), MODEL)
    monkeypatch.setattr(module, "MAX_MEGABYTES", 0)
    with pytest.raises(DamagedFile, match=r"^a is larger than 0 MB, .*toymodel\.load"):
        from_upload(DATA, "a")


def of_engine(version: object) -> bytes:
    """A file that another version of the engine wrote, with a field that recipes had then."""
    _, about = unpack(DATA)
    return changed(
        versions=about["versions"] | {"engine": version}, recipe=about["recipe"] | {"then": 0.5}
    )


@pytest.mark.parametrize(
    ("version", "remedy"),
    [(str(ENGINE_VERSION - 1), "train it again"), (str(ENGINE_VERSION + 1), "update toymodel")],
)
def test_a_model_of_another_engine_says_so_and_what_to_do(
    tmp_path: Path, version: str, remedy: str
):
    (tmp_path / "a").write_bytes(of_engine(version))
    for read in (load, read_settings):
        with pytest.raises(OtherEngine) as refused:
            read(tmp_path / "a")
        assert str(refused.value) == (
            f"a was trained by engine {version}; this version reads models of engine "
            f"{ENGINE_VERSION}: {remedy}"
        )


@pytest.mark.parametrize("version", ["", "two", "-1", None, 1.5])
def test_what_is_no_engine_version_is_damage(tmp_path: Path, version: object):
    (tmp_path / "a").write_bytes(of_engine(version))
    for read in (load, read_settings):
        with pytest.raises(DamagedFile, match=f"{REFUSED}its engine version is"):
            read(tmp_path / "a")


def test_a_changed_file_of_another_engine_is_damaged():
    data = of_engine("1")
    with pytest.raises(DamagedFile, match=f"{REFUSED}its checksum"):
        from_bytes(data[:-1] + bytes([data[-1] ^ 1]), "a")


def test_an_identity_model_has_tied_weights():
    made = identity(hidden_bias=0.25)
    made.restarts[1].W2[0, 0] += 0.5
    with pytest.raises(DamagedFile, match="W2 is not W1 transposed"):
        from_bytes(to_bytes(made), "a")


NONSENSE = """
import json, sys
from pathlib import Path
from toymodel.storage.model_file import DamagedFile, from_bytes, read_settings
from toymodel.storage.tensor_file import pack, unpack

path = Path(sys.argv[1])
tensors, good = unpack(path.read_bytes())
settings = [None, [], [["seed", 1]], 5, "config", {"n_features": "3"}, {"self": 1},
            {"\\ud800": 1}, {"feature_probability": float("nan")}, {"seed": {"a": [1] * 1000}}]
abouts = [{}, {"checksum": 1}]
abouts += [{**good, name: s} for s in settings for name in ("config", "recipe")]
for about in abouts:
    path.write_bytes(pack(tensors, about))
    for read in (lambda: from_bytes(path.read_bytes(), "a"), lambda: read_settings(path)):
        try:
            read()
            print("taken:", about)
        except DamagedFile as error:
            if not str(error).startswith("a is not a usable model: "):
                print("unclear:", error)
        except BaseException as error:
            print("crash:", about, type(error).__name__)
"""


def test_what_a_file_says_of_itself_may_be_nonsense(tmp_path: Path):
    # In a process of its own, where signatures are not checked.
    (tmp_path / "a").write_bytes(DATA)
    result = run_python("-c", NONSENSE, str(tmp_path / "a"))
    assert (result.stdout, result.stderr) == ("", "")


def test_a_file_that_cannot_be_opened_is_not_a_damaged_one(tmp_path: Path):
    for read in (load, read_settings):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "a")
        with pytest.raises(IsADirectoryError):
            read(tmp_path)


def test_where_a_model_cannot_be_saved_is_told_in_words(tmp_path: Path):
    saved = model(tm.Config(n_features=3, n_neurons=2), tm.Recipe())
    with pytest.raises(FileNotFoundError, match=f"there is no folder {tmp_path}/none to write to"):
        save(saved, tmp_path / "none" / "x")
    with pytest.raises(IsADirectoryError, match="this is a folder: add the name of a file"):
        save(saved, tmp_path)
