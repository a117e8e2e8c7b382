from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import toymodel as tm
from tests.helpers.motifs import monosemantic, plant
from tests.helpers.networks import model, two_neurons_a_feature, weights
from toymodel.analysis.ablation import interventions
from toymodel.analysis.decomposition import decompose
from toymodel.storage.store import Store

pytestmark = pytest.mark.usefixtures("short_evaluation")

CONFIG = tm.Config(n_features=4, n_neurons=8, feature_probability=0.5)
RECIPE = tm.RECIPES["standard"].replace(steps=20, restarts=2)
SMALL = ("-n", "4", "-m", "8", "--set", "steps=20", "--set", "restarts=2")


@pytest.fixture
def planted() -> tm.Model:
    """One instance in the best restart, and none in the other."""
    one = weights(*plant(monosemantic(4), 0, 1, {4: -8, 6: -4}))
    return replace(model(CONFIG, RECIPE), restarts=(two_neurons_a_feature(4), one))


@pytest.fixture
def stored(planted: tm.Model, cache: Path) -> tm.Model:
    Store(cache).put(planted)
    return planted


def test_the_answer_in_words(shell, stored: tm.Model):
    answer = shell("motifs", *SMALL, "-p", "0.5")
    assert (answer.code, answer.err) == (0, "")
    found = decompose(CONFIG, stored.weights)
    checks = interventions(CONFIG, stored.weights, found.motifs[0])
    first, *lines = answer.out.splitlines()
    assert first.startswith("n = 4, m = 8, 1 - S = 0.5, seed 0, restart 1, ")
    assert [re.split(r"  +", line.strip()) for line in lines] == [
        ["loss", f"{found.everything:.3g}"],
        ["loss, absolute value alone", f"{found.absolute_value:.3g}"],
        ["loss, absolute value and motifs", f"{found.with_motifs:.3g}"],
        ["asymmetric superposition", "1 neuron, 1 pair of features"],
        [""],
        ["neuron 0: f0 above 0 interferes with f1"],
        ["ratio of input weights", "4.0"],
        ["ratio of output weights", "4.0"],
        ["interference, f0 with f1", "4.00"],
        ["interference, f1 with f0", "0.25"],
        ["inhibition", "-3.00"],
        ["output 1 before its ReLU, f0 alone", "1.00"],
        [""],
        ["inhibitor", "main feature", "f0, relative weight", "takes away", "also inhibits f1"],
        ["neuron 4", "f2", "0.25", "2.00", "f2 above 0 by 8.00"],
        ["neuron 6", "f3", "0.25", "1.00", "f3 above 0 by 4.00"],
        [""],
        ["change", "inhibition", "loss", "output 1, f0 alone"],
        *(
            [
                check.name,
                f"x {check.inhibition:.2f}",
                f"{check.loss:.3g}",
                f"{check.output:.2f}",
            ]
            for check in checks
        ),
    ]


def test_there_are_no_motifs_in_the_identity_task(shell, cache: Path):
    config = CONFIG.replace(task="identity")
    made = model(config, RECIPE)
    tied = tuple(replace(each, W2=each.W1.T.copy()) for each in made.restarts)
    Store(cache).put(replace(made, restarts=tied))
    answer = shell("motifs", *SMALL, "-p", "0.5", "--task", "identity")
    assert (answer.code, answer.out) == (2, "")
    assert "motifs are of networks that compute |x|" in answer.err
    missing = shell("motifs", *SMALL, "-p", "0.25", "--task", "identity", "--hidden-bias")
    assert "--task identity --hidden-bias" in missing.err


def test_there_are_no_motifs_where_the_hidden_layer_is_linear(shell, cache: Path):
    Store(cache).put(model(CONFIG.replace(activation="none"), RECIPE))
    answer = shell("motifs", *SMALL, "-p", "0.5", "--activation", "none")
    assert (answer.code, answer.out) == (2, "")
    assert "motifs are of neurons with a ReLU: --activation relu" in answer.err
    missing = shell("motifs", *SMALL, "-p", "0.25", "--activation", "none")
    assert "--activation none" in missing.err


def test_the_answer_in_json(shell, stored: tm.Model):
    answer = shell("motifs", *SMALL, "-p", "0.5", "--json")
    assert (answer.code, answer.err) == (0, "")
    found = decompose(CONFIG, stored.weights)
    (motif,) = found.motifs
    checks = interventions(CONFIG, stored.weights, motif)
    assert json.loads(answer.out) == {
        "config": CONFIG.model_dump(),
        "recipe": RECIPE.model_dump(),
        "restart": 1,
        "loss": 0.25,
        "loss_of_roles": {
            "absolute_value": found.absolute_value,
            "with_motifs": found.with_motifs,
            "everything": found.everything,
        },
        "neurons": 1,
        "pairs": 1,
        "motifs": [
            {
                "neuron": 0,
                "interfering_feature": 0,
                "receiving_feature": 1,
                "inhibitors": [4, 6],
                "input_ratio": 4,
                "output_ratio": 4,
                "interference": 4,
                "inhibition": -3,
                "relative_weights": [0.25, 0.25],
                "interventions": [check._asdict() for check in checks],
            }
        ],
    }


def test_another_restart_is_looked_at(shell, stored: tm.Model):
    answer = shell("motifs", *SMALL, "-p", "0.5", "--restart", "0")
    assert (answer.code, answer.err) == (0, "")
    first, *lines = answer.out.splitlines()
    assert "seed 0, restart 0, " in first
    assert [line.split("  ")[0] for line in lines if line.endswith("  0")] == [
        "loss",
        "loss, absolute value alone",
        "loss, absolute value and motifs",
    ]
    assert lines[-1].endswith("  0 neurons, 0 pairs of features")
    found = json.loads(shell("motifs", *SMALL, "-p", "0.5", "--restart", "0", "--json").out)
    assert (found["restart"], found["loss"], found["motifs"]) == (0, 0.5, [])
    assert (found["neurons"], found["pairs"]) == (0, 0)


def test_a_model_with_one_restart_does_not_name_it(shell, cache: Path):
    only = model(CONFIG, RECIPE.replace(restarts=1))
    Store(cache).put(replace(only, restarts=(two_neurons_a_feature(4),)))
    answer = shell("motifs", *SMALL[:-1], "restarts=1", "-p", "0.5")
    assert (answer.code, answer.err) == (0, "")
    assert "restart" not in answer.out.splitlines()[0].partition("seed 0,")[0]
    assert "restart 0" not in answer.out


@pytest.mark.parametrize("command", ["motifs", "figures"])
def test_a_file_goes_without_the_options_that_choose_a_stored_model(
    shell, planted: tm.Model, tmp_path: Path, command: str
):
    path = tmp_path / "model.safetensors"
    tm.save(planted, path)
    for option in ("-n 4", "-m 8", "-d 0.8", "-s 0", "-p 0.5", "-r quick", "--set steps=20"):
        answer = shell(command, "--model", str(path), *option.split())
        assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert "--model cannot go together: the file is one model" in answer.err
    path.write_bytes(path.read_bytes()[:-1])
    answer = shell(command, "--model", str(path))
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)


def test_a_model_in_a_file_is_looked_at(shell, planted: tm.Model, tmp_path: Path, cache: Path):
    path = tmp_path / "model.safetensors"
    tm.save(planted, path)
    answer = shell("motifs", "--model", str(path), "--json")
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)
    assert found["config"] == CONFIG.model_dump()
    assert [each["neuron"] for each in found["motifs"]] == [0]
    assert not (cache / "trained").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--restart", "2"], "restart = 2: must be a whole number from 0 to 1"),
        (["--restart", "-1"], "restart = -1: must be a whole number from 0 to 1"),
        (["--restart", "x"], "'x' is not a valid integer"),
        (["-p", "7"], "feature_probability = 7.0: must be a number above 0"),
        (["-p", "0.5,1"], "'0.5,1' is several numbers, and this command takes one"),
        (["--set", "steps=0"], "steps = 0: must be a whole number from 1"),
        (["--model", "/no/such/file"], "'/no/such/file' does not exist"),
    ],
)
def test_bad_input_is_one_line_on_standard_error(shell, stored, arguments: list[str], words: str):
    answer = shell("motifs", *SMALL, "-p", "0.5", *arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert words in answer.err
