"""The trained phase diagram beside the exact one."""

from __future__ import annotations

import numpy as np
import pytest

import toymodel as tm
from toymodel.phase.candidates import CANDIDATES, theory
from toymodel.phase.comparison import candidate_losses, exact_cells, trained_cells
from toymodel.phase.diagram import PHASES, Diagram

DENSITIES, RATIOS = (1.0, 0.01), (0.1, 1.0, 10.0)
NETWORKS = {
    "the first": ([[1, 0], [-1, 0]], [[1, 1], [0, 0]]),
    "the second": ([[0, 1], [0, -1]], [[0, 0], [1, 1]]),
    "both": ([[1, 0.5], [-1, -0.5]], [[1, 1], [1, 1]]),
    "a neuron each": ([[1, 0], [0, 1]], [[1, 0], [0, 1]]),
}
THEORY = theory(DENSITIES, RATIOS)
SECOND_WEIGHT = 0.05


def diagram(*best: tuple[str, str, str]) -> Diagram:
    """The best networks of every cell; beside each is one that serves something else, and worse."""
    shape = (2, 3, 2)
    W1, W2 = np.zeros((2, *shape, 2, 2), np.float32)
    for row, names in enumerate(best):
        for column, name in enumerate(names):
            other = next(each for each in NETWORKS if each != name)
            for restart, kept in enumerate((other, name)):
                at = row, column, restart
                W1[at], W2[at] = NETWORKS[kept]
    losses = np.broadcast_to([0.9, 0.6], shape).copy()
    losses[0, 0, 0] = np.nan  # it diverged
    return Diagram(
        densities=DENSITIES,
        ratios=RATIOS,
        recipe=tm.Recipe(restarts=2),
        W1=W1,
        W2=W2,
        b=np.zeros((*shape, 2), np.float32),
        losses=losses,
    )


AGREES = (("the first", "the first", "the second"), ("the first", "both", "the second"))


def test_a_cell_has_its_best_networks_phase_weight_and_loss():
    cells = trained_cells(diagram(*AGREES), THEORY, SECOND_WEIGHT)
    assert cells[["row", "column"]].to_numpy().tolist() == [
        [row, column] for row in (0, 1) for column in (0, 1, 2)
    ]
    assert cells["density"].tolist() == [1, 1, 1, 0.01, 0.01, 0.01]
    assert cells["ratio"].tolist() == [0.1, 1, 10] * 2
    assert cells["phase"].tolist() == [name for row in AGREES for name in row]
    assert cells["weight"].tolist() == [0, 0, 0, 0, 0.5, 0]
    assert set(cells["phase"]) | set(cells["best"]) <= set(PHASES)
    assert cells["loss"].tolist() == [0.6] * 6
    assert cells["lowest"].tolist() == THEORY.lowest.ravel().tolist()
    assert not cells["disagrees"].any()


def test_cells_disagree_where_another_solution_is_best():
    odd = diagram(("both", "a neuron each", "the first"), ("the first", "the first", "both"))
    cells = trained_cells(odd, THEORY, SECOND_WEIGHT)
    assert cells["disagrees"].tolist() == [True, True, True, False, True, True]
    # From half of the larger weight on, "both" is called the first.
    assert not trained_cells(odd, THEORY, 0.51)["disagrees"][0]


@pytest.mark.parametrize("served", ["the first", "the second"])
def test_what_serves_one_of_two_alike_features_is_no_disagreement(served: str):
    cells = trained_cells(
        diagram(("the first", served, "the second"), AGREES[1]), THEORY, SECOND_WEIGHT
    ).set_index(["row", "column"])
    assert cells.loc[(0, 1), "phase"] == served
    assert not cells["disagrees"].any()


def test_the_theorys_cells_have_its_own_phase_weight_and_loss():
    trained = diagram(*[("both", "both", "both")] * 2)
    cells = exact_cells(trained, THEORY, SECOND_WEIGHT).set_index(["row", "column"])
    assert cells.loc[[(0, 0), (0, 2), (1, 0), (1, 1), (1, 2)], "phase"].tolist() == [
        "the first",
        "the second",
        "the first",
        "both",
        "the second",
    ]
    assert cells["loss"].tolist() == cells["lowest"].tolist()
    angle = THEORY.angle[1, 1]
    assert cells.loc[(1, 1), "weight"] == pytest.approx(min(np.tan(angle), 1 / np.tan(angle)))
    assert (cells["weight"] <= 1).all()
    # Where theory and training differ is the same on either picture.
    expected = (cells["best"] != "both").tolist()
    assert cells["disagrees"].tolist() == expected
    assert trained_cells(trained, THEORY, SECOND_WEIGHT)["disagrees"].tolist() == expected


def test_candidates_come_from_the_lowest_loss_on():
    for row in (0, 1):
        for column in (0, 1, 2):
            table = candidate_losses(THEORY, row, column)
            assert set(table["name"]) == set(CANDIDATES)
            assert table["loss"].is_monotonic_increasing
            assert table["loss"][0] == THEORY.lowest[row, column]
            assert table["above"].tolist() == (table["loss"] / table["loss"][0] - 1).tolist()
    sparse = candidate_losses(THEORY, 1, 1)
    assert sparse["solution"][0] == "shared, at the best ratio"
    one_sided = candidate_losses(THEORY, 0, 2)
    assert one_sided["name"].iloc[-1] == "first"
    # Alone: the other output is p / 2 whatever comes.
    losses = candidate_losses(THEORY, 0, 0).set_index("name")["loss"]
    assert losses["first"] == pytest.approx(0.1 / 1.1 / 4)
    assert losses["second"] == pytest.approx(1 / 1.1 / 4)
