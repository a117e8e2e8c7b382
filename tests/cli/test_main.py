from __future__ import annotations

import json
from pathlib import Path

import pytest

import toymodel as tm
from tests.helpers.networks import model, run_python, same_model
from toymodel.analysis.loss import no_superposition_loss
from toymodel.analysis.polysemanticity import CLASSES, neurons
from toymodel.storage.model_file import model_key
from toymodel.storage.store import Store
from toymodel.sweeps.paper import PAPER_DENSITIES

SMALL = ("-n", "4", "-m", "3", "--set", "steps=20", "--set", "batch_size=16")
CONFIG = tm.Config(n_features=4, n_neurons=3)
RECIPE = tm.Recipe(steps=20, batch_size=16)
WILD = [
    f"--set={change}"
    for change in ("learning_rate=10", "schedule=constant", "warmup=0", "linear_until=1")
]


def test_train_answers_in_json_and_leaves_the_model_in_the_store(shell, cache: Path):
    answer = shell("train", *SMALL, "-p", "0.5", "-d", "0.7", "-s", "3", "--json")
    assert (answer.code, answer.err) == (0, "")
    (row,) = json.loads(answer.out)
    config = tm.Config(
        n_features=4, n_neurons=3, feature_probability=0.5, importance_decay=0.7, seed=3
    )
    stored = Store(cache).get(config, RECIPE)
    assert stored is not None
    assert row["key"] == model_key(config, RECIPE)
    assert tm.Config.from_mapping(row["config"]) == config
    assert tm.Recipe.from_mapping(row["recipe"]) == RECIPE
    assert (row["density"], row["loss"], row["loss_error"]) == pytest.approx(
        (0.5, stored.loss, stored.loss_error)
    )
    assert row["no_superposition_loss"] == no_superposition_loss(config)
    assert row["gain"] == pytest.approx(row["no_superposition_loss"] / row["loss"])
    assert {name: row[name] for name in CLASSES} == neurons(stored.W1).counts


def test_train_takes_the_identity_task(shell, cache: Path):
    answer = shell("train", *SMALL, "--task", "identity", "--hidden-bias", "--json")
    (row,) = json.loads(answer.out)
    config = CONFIG.replace(task="identity", hidden_bias=True)
    assert tm.Config.from_mapping(row["config"]) == config
    assert Store(cache).has(config, RECIPE)
    refused = shell("train", *SMALL, "--hidden-bias")
    assert refused.code == 2
    assert "hidden_bias = True: must be true or false, and true only in the identity" in refused.err


def test_python_m_toymodel_is_the_same_command():
    result = run_python("-m", "toymodel", "train", *SMALL, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    (row,) = json.loads(result.stdout)
    (trained,) = tm.train([CONFIG], RECIPE)
    assert row["loss"] == pytest.approx(trained.loss)
    bad = run_python("-m", "toymodel", "train", "-p", "7")
    assert (bad.returncode, bad.stdout, bad.stderr.count("\n")) == (2, "", 1)


def test_a_model_that_is_stored_is_read(shell, cache: Path):
    stored = model(CONFIG, RECIPE)
    Store(cache).put(stored)
    (row,) = json.loads(shell("train", *SMALL, "--json").out)
    assert row["loss"] == stored.loss


def test_out_writes_a_file_that_loads(shell, tmp_path: Path):
    path = tmp_path / "model.safetensors"
    assert shell("train", *SMALL, "--out", str(path), "--quiet").code == 0
    (trained,) = tm.train([CONFIG], RECIPE)
    assert same_model(tm.load(path), trained)


def test_the_answer_for_people_is_a_table(shell):
    answer = shell("train", *SMALL, "-p", "0.5")
    head, row = answer.out.splitlines()
    assert head.split()[:6] == ["1", "-", "S", "loss", "+-", "yardstick"]
    assert " / ".join(CLASSES) in head
    assert row.split()[0] == "0.5"
    assert f"{tm.train([CONFIG.replace(feature_probability=0.5)], RECIPE)[0].loss:.5f}" in row


def test_sweep_answers_for_each_density_in_order(shell, cache: Path):
    answer = shell("sweep", *SMALL, "-p", "0.1, 1,0.5", "--json")
    assert (answer.code, answer.err) == (0, "")
    rows = json.loads(answer.out)
    assert [row["density"] for row in rows] == [0.1, 1.0, 0.5]
    assert len(list(Store(cache).files())) == 3
    table = shell("sweep", *SMALL, "-p", "0.1,1,0.5").out.splitlines()
    assert [line.split()[0] for line in table[1:]] == ["0.1", "1", "0.5"]


def test_sweep_takes_the_densities_of_the_paper(shell, cache: Path):
    store = Store(cache)
    recipe = tm.RECIPES["quick"]
    for p in PAPER_DENSITIES:
        store.put(model(CONFIG.replace(feature_probability=p), recipe))
    rows = json.loads(shell("sweep", "-n", "4", "-m", "3", "-r", "quick", "--json").out)
    assert [row["density"] for row in rows] == list(PAPER_DENSITIES)


def test_a_gain_that_does_not_exist_is_null(shell):
    (row,) = json.loads(shell("train", *SMALL, "-m", "8", "--json").out)
    assert row["gain"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "-p", "2"], "feature_probability = 2.0: must be a number above 0 and at most 1"),
        (["train", "-p", "nan"], "feature_probability = nan: must be a number above 0"),
        (["train", "-p", "half"], "'half' is not a valid float"),
        (["train", "-n", "0"], "n_features = 0: must be a whole number from 1 to 2,000"),
        (["train", "-n", "1e3"], "'1e3' is not a valid int"),
        (["train", "-s", "-1"], "seed = -1: must be a whole number from 0"),
        (["train", "-p", "2", "-n", "0"], "n_features = 0"),
        (["train", "--set", "steps=many"], 'steps = "many": must be a whole number from 1 to'),
        (["train", "--set", "steps=1.5"], 'steps = "1.5": must be a whole number from 1 to'),
        (["train", "--set", "learning_rate=nan"], "learning_rate = nan: must be a number above 0"),
        (["train", "--set", "sampler=fair"], "sampler = \"fair\": must be one of 'tilted', 'iid'"),
        (["train", "--set", "pace=1"], 'pace = "1": must be one of the fields of Recipe'),
        (["train", "--set", "steps"], "'steps' is not FIELD=VALUE"),
        (["train", "-r", "slow"], "'slow' is not one of 'quick', 'standard', 'thorough'"),
        (["train", "--out", "/no/such/folder/model"], "/no/such/folder is not a folder"),
        (["train", "--colour"], "No such option"),
        (["sweep", "-p", "1,1"], "must be 1 to 12 different densities"),
        (["sweep", "-p", "0.1,x"], "'x' is not a number"),
        (["sweep", "-p", ""], "'' is not a number"),
        (["sweep", "-p", "0.1,0"], "feature_probability = 0.0: must be a number above 0"),
        (["sweep", "-p", ",".join(f"0.{i + 10}" for i in range(13))], "must be 1 to 12 different"),
        (["cash"], "No such command 'cash'"),
    ],
)
def test_bad_input_is_one_line_on_standard_error(shell, arguments: list[str], words: str):
    answer = shell(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("toymodel: ")
    assert words in answer.err


@pytest.mark.parametrize("command", [("train", *SMALL), ("sweep", *SMALL), ("phase",)])
def test_a_device_that_is_not_there_is_refused(
    shell, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    answer = shell(*command, "--device", "cuda")
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "no CUDA device is found here" in answer.err
    assert shell(*command, "--device", "gpu").code == 2


def test_a_divergence_is_one_line_on_standard_error(shell, cache: Path):
    answer = shell("train", *SMALL, *WILD, "--json")
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert "Training diverged at p = 1 by step" in answer.err
    assert list(Store(cache).files()) == []


@pytest.mark.parametrize("command", [(), ("train",), ("sweep",), ("figures",), ("cache",)])
def test_every_command_has_help(shell, command: tuple[str, ...]):
    for option in ("--help", "-h"):
        answer = shell(*command, option)
        assert (answer.code, answer.err) == (0, "")
        assert answer.out.startswith("Usage: ")
    if command:
        assert "--json" in answer.out


def test_the_command_alone_shows_its_help_legibly(shell):
    answer = shell()
    text = answer.out + answer.err
    assert "Usage: " in text
    assert "\n  train " in text


def test_a_store_that_cannot_be_written_to_is_noted_and_the_answer_given(
    shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TOYMODEL_CACHE", str(tmp_path / "file" / "cache"))
    answer = shell("train", *SMALL, "--json")
    assert answer.code == 0
    assert len(json.loads(answer.out)) == 1
    assert "cannot be written to" in answer.err


def test_cache_says_what_the_store_holds(shell, cache: Path):
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


def test_cache_clear_removes_what_was_trained_here(shell, cache: Path):
    store = Store(cache)
    store.put(model(CONFIG, RECIPE), shipped=True)
    for seed in (1, 2):
        store.put(model(CONFIG.replace(seed=seed), RECIPE))
    about = json.loads(shell("cache", "--clear", "--json").out)
    assert (about["removed"], about["trained"], about["shipped"]["models"]) == (
        2,
        {"models": 0, "bytes": 0},
        1,
    )
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


def test_cache_of_a_store_that_is_not_there_is_empty(shell):
    about = json.loads(shell("cache", "--json", "--check", "--clear").out)
    assert (about["shipped"]["models"], about["trained"]["models"]) == (0, 0)


def test_an_odd_environment_is_one_line_on_standard_error(shell, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOYMODEL_CACHE_MB", "lots")
    answer = shell("cache")
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert "TOYMODEL_CACHE_MB = 'lots': must be a whole number of megabytes" in answer.err
