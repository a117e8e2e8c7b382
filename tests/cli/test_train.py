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

SMALL = ("-n", "4", "-m", "3", "--set", "steps=20", "--set", "batch_size=16")
CONFIG = tm.Config(n_features=4, n_neurons=3)
RECIPE = tm.Recipe(steps=20, batch_size=16)


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
    assert tm.Recipe.from_mapping(row["recipe"]) == RECIPE.resolve(CONFIG)
    assert (row["density"], row["loss"], row["loss_error"]) == pytest.approx(
        (0.5, stored.loss, stored.loss_error)
    )
    assert row["no_superposition_loss"] == no_superposition_loss(config)
    assert row["gain"] == pytest.approx(row["no_superposition_loss"] / row["loss"])
    assert {name: row[name] for name in CLASSES} == neurons(stored.W1).counts
    # A model that is stored is read; a gain that does not exist is null.
    roomy = model(CONFIG.replace(n_neurons=8), RECIPE)
    Store(cache).put(roomy)
    (row,) = json.loads(shell("train", *SMALL, "-m", "8", "--json").out)
    assert (row["loss"], row["gain"]) == (roomy.loss, None)


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        (["--task", "identity", "--hidden-bias"], {"task": "identity", "hidden_bias": True}),
        (["--hidden-bias", "--activation", "none"], {"hidden_bias": True, "activation": "none"}),
    ],
)
def test_train_takes_every_kind_of_network(
    shell, cache: Path, options: list[str], changes: dict[str, object]
):
    answer = shell("train", *SMALL, *options, "--json")
    (row,) = json.loads(answer.out)
    config = CONFIG.replace(**changes)
    assert tm.Config.from_mapping(row["config"]) == config
    found = Store(cache).get(config, RECIPE)
    assert found is not None
    assert found.weights.activation == config.activation
    assert found.b_hidden.any() == config.hidden_bias


def test_python_m_toymodel_is_the_same_command():
    result = run_python("-m", "toymodel", "train", *SMALL, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    (row,) = json.loads(result.stdout)
    (trained,) = tm.train([CONFIG], RECIPE)
    assert row["loss"] == pytest.approx(trained.loss)
    bad = run_python("-m", "toymodel", "train", "-p", "7")
    assert (bad.returncode, bad.stdout, bad.stderr.count("\n")) == (2, "", 1)


def test_out_writes_a_file_that_loads(shell, tmp_path: Path):
    path = tmp_path / "model.safetensors"
    assert shell("train", *SMALL, "--out", str(path), "--quiet").code == 0
    (trained,) = tm.train([CONFIG], RECIPE)
    assert same_model(tm.load(path), trained)


def test_the_answer_for_people_is_a_table(shell):
    answer = shell("train", *SMALL, "-p", "0.5")
    head, row = answer.out.splitlines()
    assert head.split()[:6] == ["1", "-", "S", "loss", "+-", "baseline"]
    assert " / ".join(CLASSES) in head
    assert row.split()[0] == "0.5"
    assert f"{tm.train([CONFIG.replace(feature_probability=0.5)], RECIPE)[0].loss:.3g}" in row


def test_features_that_are_left_out_are_counted(shell):
    # One of the four has neurons of its own, the next one half of its importance.
    asked = ("train", *SMALL, "-d", "0.5", "--set", "min_importance=0.5")
    last = shell(*asked).out.splitlines()[-1]
    assert last == (
        "left out of the training: 2 of 4 features, with 20 % of the importance; "
        "--set min_importance=0 trains all"
    )
    (row,) = json.loads(shell(*asked, "--json").out)
    assert row["trained_features"] == 2
    every = ("train", *SMALL, "-d", "0.5", "--set", "min_importance=0")
    assert "left out" not in shell(*every).out
    assert json.loads(shell(*every, "--json").out)[0]["trained_features"] == 4


def test_what_is_stored_nowhere_is_an_error_after_the_answer(
    shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TOYMODEL_CACHE", str(tmp_path / "file" / "cache"))
    for command in ("train", "sweep"):
        answer = shell(command, *SMALL, "-p", "0.5", "--json")
        assert answer.code == 1
        assert len(json.loads(answer.out)) == 1
        assert answer.err.endswith(
            "toymodel: The store cannot be written to (Not a directory): models trained now are "
            "lost when the program ends.\n"
        )
    saved = shell("train", *SMALL, "--json", "--out", str(tmp_path / "model"))
    assert (saved.code, "cannot be written to" in saved.err) == (0, True)
    assert tm.load(tmp_path / "model").loss == json.loads(saved.out)[0]["loss"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_an_answer_that_cannot_be_written_is_an_error():
    code = "import sys; sys.stdout = open('/dev/full', 'w'); sys.argv = ['toymodel', *sys.argv[1:]]"
    run = f"{code}; from toymodel.cli.main import main; main()"
    result = run_python("-W", "ignore", "-c", run, "cache")
    assert result.returncode != 0
    assert result.stderr.startswith("toymodel: No space left on device\n")
