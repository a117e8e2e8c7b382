from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.diagrams import trained
from toymodel.charts.phase.neuron_paths import followed_neurons, turns
from toymodel.phase.candidates import theory
from toymodel.phase.chain import chain_path, follow, load_chain
from toymodel.phase.comparison import trained_cells
from toymodel.phase.diagram import Diagram, diagram_path, load_diagram, save_diagram

DENSITIES, RATIOS = (1.0, 0.1, 0.01), (0.5, 2.0)
RECIPE = tm.RECIPES["quick"].replace(steps=40, restarts=2)
FOLLOWED = tm.Config(n_features=6, n_neurons=4)


@pytest.fixture(autouse=True)
def few_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    def train_few(**options) -> Diagram:
        return trained(DENSITIES, RATIOS, RECIPE, **options)

    monkeypatch.setattr("toymodel.cli.phase.train_diagram", train_few)
    monkeypatch.setattr("toymodel.cli.phase.FINE_DENSITIES", DENSITIES)
    monkeypatch.setattr("toymodel.cli.phase.PAPER_CONFIG", FOLLOWED)
    monkeypatch.setattr("toymodel.cli.phase.FOLLOW_RECIPE", RECIPE)


@pytest.fixture
def path(cache: Path) -> Path:
    """Where the shipped diagram is kept during a test."""
    return diagram_path(cache / "shipped")


def test_the_answer_in_words(shell, path: Path):
    answer = shell("phase")
    assert (answer.code, answer.err) == (0, "")
    first, second, third, fourth = answer.out.splitlines()
    assert first.startswith("3 densities x 2 ratios x 2 restarts: 12 networks in ")
    assert second.startswith("best network above the exact loss: ")
    assert third.startswith("cells that disagree with it: ")
    assert third.endswith(" of 6")
    assert fourth.startswith("5 densities along a chain of 2 networks in ")
    assert not path.exists()  # without --ship nothing is kept


def test_the_answer_in_json_is_what_was_trained(shell):
    answer = shell("phase", "--json")
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)
    diagram = trained(DENSITIES, RATIOS, RECIPE)
    cells = trained_cells(diagram, theory(DENSITIES, RATIOS), tm.Thresholds().second_weight)
    above = cells["loss"] / cells["lowest"] - 1
    assert (found["cells"], found["networks"]) == (6, 12)
    assert found["networks_a_second"] == pytest.approx(12 / found["seconds"])
    assert found["cells_that_disagree"] == cells["disagrees"].sum()
    assert found["above_the_exact_loss_median"] == pytest.approx(above.median())
    assert found["above_the_exact_loss_most"] == pytest.approx(above.max())
    assert found["largest_difference_in_W1"] is None
    chain = follow(FOLLOWED, (1.0, 0.1, 0.01, 0.1, 1.0), RECIPE)
    turned = turns(followed_neurons(chain))
    assert (found["followed_networks"], found["turns"]) == (2, len(turned))
    assert found["turns_in_one_step"] == (turned["steps"] == 1).sum()
    assert found["followed_seconds"] > 0


def test_ship_writes_the_diagram_and_the_next_run_says_how_far_apart_they_are(shell, path: Path):
    assert shell("phase", "--ship").code == 0
    kept = load_diagram(path)
    assert (kept.densities, kept.ratios, kept.recipe) == (DENSITIES, RATIOS, RECIPE)
    assert np.array_equal(kept.W1, trained(DENSITIES, RATIOS, RECIPE).W1)
    chain = load_chain(chain_path(path.parent.parent))
    assert (chain.config, chain.recipe) == (FOLLOWED, RECIPE)
    assert chain.densities == (1.0, 0.1, 0.01, 0.1, 1.0)
    assert json.loads(shell("phase", "--json").out)["largest_difference_in_W1"] == 0

    save_diagram(replace(kept, W1=kept.W1 + np.float32(0.5)), path)
    *_, last, _ = shell("phase").out.splitlines()
    assert last == "W1 0.5 apart from the one in the store"
    assert np.array_equal(load_diagram(path).W1, kept.W1 + np.float32(0.5))


@pytest.mark.parametrize("damaged", [True, False])
def test_a_diagram_of_another_grid_or_a_damaged_file_is_replaced(shell, path: Path, damaged: bool):
    save_diagram(trained((0.5,), RATIOS, RECIPE), path)
    if damaged:
        path.write_bytes(b"not a diagram")
    answer = shell("phase", "--ship", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert json.loads(answer.out)["largest_difference_in_W1"] is None
    assert load_diagram(path).densities == DENSITIES


def test_a_store_that_cannot_be_written_to_is_one_line_on_standard_error(shell, path: Path):
    path.parent.write_text("a file where the folder should be")
    answer = shell("phase", "--ship")
    assert (answer.code, answer.err.count("\n")) == (1, 1)
    assert "Traceback" not in answer.err
