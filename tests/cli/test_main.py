from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.helpers.networks import ROOT
from toymodel.cli import main as module
from toymodel.config import Config
from toymodel.recipe import Recipe
from toymodel.storage.store import Store
from toymodel.training.workers import WorkerDied

COMMANDS = ("cache", "figures", "motifs", "phase", "sweep", "train")
SMALL = ("-n", "4", "-m", "3", "--set", "steps=20", "--set", "batch_size=16")
WILD = [
    f"--set={change}"
    for change in (
        *("learning_rate=10", "schedule=constant", "warmup=0"),
        *("slope=1", "slope_until=1", "beta2=0"),
    )
]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "-p", "2"], "feature_probability = 2.0: must be a number above 0 and at most 1"),
        (["train", "-p", "nan"], "feature_probability = nan: must be a number above 0"),
        (["train", "-p", "half"], "'half' is not a valid float"),
        (["train", "-n", "0"], "n_features = 0: must be a whole number from 1 to 2,000"),
        (["train", "-n", "1.5"], "'1.5' is not a whole number"),
        (["train", "-n", "1e400"], "'1e400' is not a whole number"),
        (["train", "-n", "1e4"], "n_features = 10000: must be a whole number from 1 to 2,000"),
        (["train", "--set", "steps=1e9"], "steps = 1000000000: must be a whole number from 1 to"),
        (["train", "-p", "1,0.3"], "'1,0.3' is several numbers, and this command takes one"),
        (["train", "--feature-probability", "2"], "feature_probability = 2.0: must be"),
        (["sweep", "--feature-probability", "2"], "feature_probability = 2.0: must be"),
        (["motifs", "--feature-probability", "2"], "feature_probability = 2.0: must be"),
        (["figures", "--feature-probability", "2"], "feature_probability = 2.0: must be"),
        (["sweep", "-p", "half"], "Invalid value for --feature-probability: 'half' is not a"),
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


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "toymodel: stopped"),
        (WorkerDied("The training process ended."), 1, "toymodel: The training process ended."),
        (OSError(28, "No space left", "/a/b"), 1, "toymodel: No space left: /a/b"),
        (OSError("the disk is gone"), 1, "toymodel: the disk is gone"),
        (ValueError("x\x1b]0;title\x07\r\u202ey"), 1, "toymodel: x ]0;title y"),
    ],
    ids=["Ctrl-C", "a dead worker", "a full disk", "another disk", "orders to the terminal"],
)
def test_what_ends_a_command_is_one_line_on_standard_error(
    shell, error: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch
):
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr("toymodel.cli.train.load_or_train_models", fail)
    answer = shell("train", *SMALL)
    assert (answer.code, answer.out, answer.err.strip()) == (code, "", words)


@pytest.mark.parametrize(
    ("encoding", "times"), [("utf-8", "×"), ("cp1251", "x"), ("cp437", "x"), ("ascii", "×")]
)
def test_output_fits_every_terminal(encoding: str, times: str, tmp_path: Path):
    grid = tmp_path / "решётка ☃.toml"
    grid.write_text("seeds = 2\n[config]\nn_neurons = 3\n", encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "toymodel", "sweep", str(grid), "--dry-run"],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=60,
        check=False,
    )
    # click writes UTF-8 where the terminal says ASCII, which most often is a terminal unset.
    shown = result.stdout.decode("utf-8" if encoding == "ascii" else encoding)
    assert (result.returncode, result.stderr) == (0, b"")
    assert f"seed {times} 2" in shown


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_every_command_has_help(shell, command: tuple[str, ...]):
    for option in ("--help", "-h"):
        answer = shell(*command, option)
        assert (answer.code, answer.err) == (0, "")
        assert answer.out.startswith("Usage: ")
    if command:
        assert "--json" in answer.out
    else:
        assert all(f"\n  {name} " in answer.out for name in COMMANDS)


def test_the_command_alone_shows_its_help_legibly(shell):
    answer = shell()
    text = answer.out + answer.err
    assert "Usage: " in text
    assert "\n  train " in text


@pytest.mark.parametrize("command", ["train", "sweep", "motifs", "figures"])
def test_options_and_their_help_come_from_the_settings(shell, command: str):
    parameters = {p.name: p for p in module.cli.commands[command].params}
    for name, field in Config.model_fields.items():
        option = parameters["densities" if name not in parameters else name]
        assert isinstance(option, click.Option)
        assert field.description in (option.help or "")
        assert name == "feature_probability" or option.default == field.default
        if field.annotation is int:
            assert Config.allowed(name)[1:] in (option.help or "")
    if command in ("train", "sweep"):
        text = " ".join(shell(command, "--help").out.split())
        for name, field in Recipe.model_fields.items():
            if field.description:
                assert f" {name} {field.description} " in text
                default = "chosen" if field.default is None else field.default
                assert f"{Recipe.allowed(name)[1:]}. [{default}]" in text
