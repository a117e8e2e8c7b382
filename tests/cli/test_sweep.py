from __future__ import annotations

import json
from concurrent.futures import Executor, Future
from pathlib import Path

import pytest

import toymodel as tm
from tests.helpers.networks import model
from toymodel.storage.store import Store
from toymodel.sweeps.paper import PAPER_DENSITIES

SMALL = ("-n", "4", "-m", "3", "--set", "steps=20", "--set", "batch_size=16")
CONFIG = tm.Config(n_features=4, n_neurons=3)
GRID = """
seeds = 2
recipe = "quick"
[set]
steps = 20
[config]
n_features = 4
n_neurons = [2, 3]
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "grid.toml"
    path.write_text(GRID)
    return str(path)


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


def test_a_grid_is_trained_once_and_estimated_before(
    shell, file: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("toymodel.sweeps.estimate._SAMPLE_SECONDS", 0.1)
    for missing in (4, 0):
        answer = shell("sweep", file, "--dry-run", "--json")
        assert (answer.code, answer.err) == (0, "")
        found = json.loads(answer.out)
        assert (found["models"], found["missing"], found["fits"]) == (4, missing, True)
        trained = json.loads(shell("sweep", file, "--json").out)
        assert (trained["grid"], trained["models"]) == (found["grid"], 4)
        assert (trained["trained"], trained["there_before"]) == (missing, 4 - missing)
        assert (trained["failed"], trained["reasons"]) == (0, [])
    first, *_ = shell("sweep", file, "--dry-run").out.splitlines()
    assert first == "grid: n_neurons × 2, seed × 2, quick with steps = 20"
    assert "4 models, 4 were there, 0 trained" in shell("sweep", file).out


class Here(Executor):
    """Trains in this process."""

    def submit(self, fn, /, *args, **kwargs) -> Future:
        future: Future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_models_of_a_grid_that_diverge_are_told_and_the_exit_code_says_so(
    shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("toymodel.sweeps.executors.WorkerExecutor", Here)
    path = tmp_path / "wild.toml"
    path.write_text(GRID + "feature_probability = [1.0, 1e-300]\n")
    answer = shell("sweep", str(path))
    assert answer.code == 1
    assert "8 models, 0 were there, 4 trained" in answer.out
    assert answer.err.count("Training diverged at p = 1e-300") == 4


def test_a_grid_that_does_not_fit_the_store_is_refused(
    shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "large.toml"
    path.write_text("seeds = 200\n[config]\nn_features = 100\n")
    monkeypatch.setenv("TOYMODEL_CACHE_MB", "1")
    answer = shell("sweep", str(path))
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert "set TOYMODEL_CACHE_MB=" in answer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workers", "2"], "--workers is for a grid: give its file"),
        (["--dry-run"], "--dry-run is for a grid: give its file"),
        (["FILE", "-n", "4"], "--n-features and a file cannot go together: the file says it"),
        (["FILE", "-p", "1"], "--feature-probability and a file cannot go together"),
        (["FILE", "--workers", "2", "--scheduler", "tcp://a:1"], "cannot go together: one is a"),
        (["FILE", "--workers", "0"], "0 is not in the range 1<=x<=256"),
        (["/no/such/file"], "'/no/such/file' does not exist"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    shell, file: str, arguments: list[str], words: str
):
    answer = shell("sweep", *(file if word == "FILE" else word for word in arguments))
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert words in answer.err
