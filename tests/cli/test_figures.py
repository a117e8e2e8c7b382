from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

import toymodel as tm
from tests.helpers.networks import ROOT, model
from toymodel.charts.export import KINDS, write_chart
from toymodel.charts.figures import FIGURES, SWEEP_FIGURES, figures
from toymodel.charts.look import DARK
from toymodel.storage.store import Store

CONFIG = tm.Config(n_features=4, n_neurons=3)
RECIPE = tm.RECIPES["standard"].replace(steps=20, restarts=2)
SMALL = ("-n", "4", "-m", "3", "--set", "steps=20", "--set", "restarts=2")


@pytest.fixture
def stored(cache: Path) -> list[tm.Model]:
    """Models at three densities, in the store."""
    models = [
        model(CONFIG.replace(feature_probability=p), RECIPE, seed=i)
        for i, p in enumerate((1.0, 0.5, 0.001))
    ]
    for each in models:
        Store(cache).put(each)
    return models


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Two figures instead of all of them, which would take long."""
    two = ("stacks-in", "carriers")

    def draw(found: tm.Model, *, names: object, **options):
        assert names is None
        return figures(found, names=two, **options)

    monkeypatch.setattr("toymodel.cli.figures.figures", draw)
    return two


def test_all_charts_of_a_stored_model_are_drawn_without_training(shell, stored, few, tmp_path):
    out = tmp_path / "new folder"
    asked = ("figures", *SMALL, "--out", str(out), "--format", "json", "--json")
    answer = shell(*asked, "-p", "0.5")
    assert (answer.code, answer.err) == (0, "")
    assert json.loads(answer.out) == [str(out / f"{name}.json") for name in few]
    subtitle = json.loads((out / "carriers.json").read_text())["title"]["subtitle"]
    assert "n = 4, m = 3, 1 − S = 0.5" in subtitle[0]

    # Several densities have a file each, and the charts of the sweep.
    names = {Path(path).stem for path in json.loads(shell(*asked, "-p", "1,0.5,0.001").out)}
    densities = {f"{name}-{p}" for name in few for p in ("1", "0.5", "0.001")}
    assert names == densities | {*SWEEP_FIGURES}
    subtitle = json.loads((out / "stacks-in-0.001.json").read_text())["title"]["subtitle"]
    assert "1 − S = 0.001" in subtitle[0]


def test_charts_formats_theme_and_restart_are_chosen(shell, stored, tmp_path: Path):
    answer = shell(
        *("figures", *SMALL, "--chart", "loss-steps", "--restart", "0"),
        *("--format", "json", "--format", "png", "--format", "svg"),
        *("--theme", "dark", "--out", str(tmp_path)),
    )
    assert (answer.code, answer.err) == (0, "")
    paths = [tmp_path / f"loss-steps.{kind}" for kind in KINDS]
    assert sorted(answer.out.splitlines()) == sorted(map(str, paths))
    (chart,) = figures(stored[0], names=["loss-steps"], restart=0, theme=DARK).values()
    assert (tmp_path / "loss-steps.json").read_bytes() == write_chart(chart, "json")
    assert (tmp_path / "loss-steps.png").read_bytes().startswith(b"\x89PNG")
    text = "".join(ElementTree.parse(tmp_path / "loss-steps.svg").getroot().itertext())
    title = chart.to_dict()["title"]
    assert all(line in text for line in (title["text"], *title["subtitle"]))


def test_the_motif_is_drawn_scaled_or_as_trained(shell, stored, tmp_path: Path):
    asked = ("figures", *SMALL, "--format", "json", "--out", str(tmp_path))
    for scale, words in ((), "neurons scaled"), (("--neuron-scale", "trained"), "as trained"):
        answer = shell(*asked, "--chart", "motif-in", *scale)
        assert (answer.code, answer.err) == (0, "")
        title = json.loads((tmp_path / "motif-in.json").read_text())["title"]["text"]
        assert title.endswith(f": {words}")
    answer = shell(*asked, "--chart", "inhibition", "--neuron-scale", "trained")
    assert answer.code == 2
    assert "--neuron-scale is for the charts absolute-in, " in answer.err


def test_the_neuron_and_the_feature_are_chosen(shell, stored, tmp_path: Path):
    answer = shell(
        *("figures", *SMALL, "--neuron", "2", "--feature", "3", "--restart", "0"),
        *("--chart", "neuron-weights-in", "--chart", "interference-out", "--format", "json"),
        *("--out", str(tmp_path)),
    )
    assert (answer.code, answer.err) == (0, "")
    expected = figures(
        stored[0], names=["neuron-weights-in", "interference-out"], restart=0, neuron=2, feature=3
    )
    assert answer.out.splitlines() == [str(tmp_path / f"{name}.json") for name in expected]
    for name, of in (("neuron-weights-in", "Neuron 2: "), ("interference-out", "Feature 3: ")):
        written = (tmp_path / f"{name}.json").read_bytes()
        assert written == write_chart(expected[name], "json")
        assert json.loads(written)["title"]["text"].startswith(of)


def test_only_the_charts_that_are_asked_for_are_made(
    shell, stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*arguments: object, **options: object):
        raise AssertionError("not asked for")

    monkeypatch.setattr("toymodel.charts.figure.activity", fail)
    monkeypatch.setattr("toymodel.charts.neuron.figures.shares_of_all", fail)
    asked = ("figures", *SMALL, "-p", "1,0.5", "-o", str(tmp_path), "--format", "json", "--chart")
    assert shell(*asked, "gain").out.split() == [str(tmp_path / "gain.json")]
    monkeypatch.setattr("toymodel.cli.figures.sweep_figures", fail)
    answer = shell(*asked, "carriers")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.split() == [str(tmp_path / f"carriers-{p}.json") for p in ("1", "0.5")]


def test_the_help_names_every_chart(shell):
    lines = [line.split() for line in shell("figures", "--help").out.splitlines()]
    for name, figure in (FIGURES | SWEEP_FIGURES).items():
        assert [name, *figure.description.split()] in lines


def test_a_file_of_an_older_engine_says_what_to_do(shell, tmp_path: Path):
    path = ROOT / "tests" / "version_before" / "engine_1.safetensors"
    answer = shell("figures", "--model", str(path), "--out", str(tmp_path))
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "toymodel: engine_1.safetensors was trained by engine 1; this version reads models of "
        "engine 2: train it again\n"
    )


def test_a_model_in_a_file_is_drawn(shell, tmp_path: Path, cache: Path):
    path = tmp_path / "model.safetensors"
    tm.save(model(CONFIG, RECIPE), path)
    answer = shell(*("figures", "--model", str(path), "--chart", "network", "--out", str(tmp_path)))
    assert (answer.code, answer.err) == (0, "")
    assert "The model as a network" in (tmp_path / "network.svg").read_text()
    assert not (cache / "trained").exists()


@pytest.mark.parametrize(
    ("densities", "command"),
    [
        ("1,0.3,0.1", "sweep -n 4 -m 3 -p 0.3,0.1 -d 0.8 -s 0 -r standard"),
        ("0.3", "train -n 4 -m 3 -p 0.3 -d 0.8 -s 0 -r standard"),
    ],
)
def test_a_model_that_is_not_stored_is_named_with_the_command_that_trains_it(
    shell, stored, tmp_path: Path, densities: str, command: str
):
    answer = shell("figures", *SMALL, "-p", densities, "--out", str(tmp_path / "new"))
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert "not in the store: n = 4, m = 3, 1 - S = 0.3" in answer.err
    assert f"python -m toymodel {command} --set steps=20 --set restarts=2" in answer.err
    assert not (tmp_path / "new").exists()


def test_the_command_that_is_named_trains_the_model(shell, tmp_path: Path):
    small = ("-n", "3", "-m", "2", "-d", "0.7", "-s", "4", "--set", "steps=5")
    asked = ("figures", *small, "--chart", "response", "--out", str(tmp_path))
    refused = shell(*asked)
    _, _, command = refused.err.partition("python -m toymodel ")
    assert shell(*command.split(), "--quiet").code == 0
    assert shell(*asked).code == 0
    assert (tmp_path / "response.svg").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--chart", "gain"], "gain compares densities: give two or more with -p"),
        (["--chart", "pie"], "'pie' is not one of 'stacks-in'"),
        (["--format", "pdf"], "'pdf' is not one of 'svg', 'png', 'json'"),
        (["--theme", "blue"], "'blue' is not one of 'light', 'dark'"),
        (["--restart", "2"], "restart = 2: must be a whole number from 0 to 1"),
        (["--neuron", "3"], "neuron = 3: must be a whole number from 0 to 2"),
        (["--neuron", "-1"], "neuron = -1: must be a whole number from 0 to 2"),
        (["--feature", "4"], "feature = 4: must be a whole number from 0 to 3"),
        (["--neuron", "x"], "'x' is not a valid integer"),
        (["--neuron", "0", "--chart", "carriers"], "--neuron is for the charts neuron-weights-in"),
        (["--feature", "0", "--chart", "shares"], "--feature is for the charts carriers"),
        (["--out", "/no/such/folder"], "/no/such is not a folder"),
        (["-p", "0.1,x"], "'x' is not a number"),
        (["-p", "7"], "feature_probability = 7.0: must be a number above 0"),
        (["--model", "/no/such/file"], "'/no/such/file' does not exist"),
    ],
)
def test_bad_input_is_one_line_on_standard_error(shell, stored, arguments: list[str], words: str):
    answer = shell("figures", *SMALL, *arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert words in answer.err


def test_a_chart_that_does_not_apply_is_refused_with_the_reason(shell, cache: Path):
    large = tm.Config(n_features=30, n_neurons=3)
    roomy = [tm.Config(n_features=2, n_neurons=4, feature_probability=p) for p in (1.0, 0.5)]
    for config in (large, *roomy):
        Store(cache).put(model(config, tm.Recipe()))
    answer = shell("figures", "-n", "30", "-m", "3", "--chart", "network")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "network is drawn for n up to 12 and m up to 24; this model has n = 30" in answer.err
    answer = shell("figures", "-n", "2", "-m", "4", "-p", "1,0.5", "--chart", "gain")
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "there is nothing to gain" in answer.err
