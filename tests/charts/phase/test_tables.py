from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.networks import model, weights
from toymodel.analysis.features import CARRIES
from toymodel.analysis.polysemanticity import CLASSES, Thresholds
from toymodel.charts.phase.tables import (
    SETS,
    candidate_table,
    class_curves,
    curve,
    diagram_cells,
    effective_shares,
    network_table,
    rank_shares,
    set_shares,
    theory_cells,
    turning,
)
from toymodel.model import Weights
from toymodel.phase.candidates import CANDIDATES, theory
from toymodel.phase.diagram import PHASES, Diagram

EYE = np.eye(2)
MIXED = [[1, 0.5], [0.5, 1]]


def made(*networks: object, p: float = 0.1) -> tm.Model:
    """A model with these restarts; input weights alone are enough."""
    each = [w if isinstance(w, Weights) else weights(w, np.transpose(w)) for w in networks]
    m, n = each[0].W1.shape
    config = tm.Config(n_features=n, n_neurons=m, feature_probability=p, importance_decay=1.0)
    recipe = tm.Recipe(restarts=len(each), cycles=2, steps=30, sampler="iid")
    return replace(model(config, recipe), restarts=tuple(each))


# Networks

FOUR = [[1, 0, 0, 0], [1, 0.04, 0, 0], [0, 1, 0.2, 0], [0, 1, 1, 0]]
MONO, SLIGHT, POLY = CLASSES


def test_a_row_has_what_share_of_the_neurons_is_what():
    one, other = network_table([made(FOUR, np.eye(4))]).to_dict("records")
    assert (one["density"], one["steps"], one["sampler"]) == (0.1, 60, "iid")
    assert [one["restart"], other["restart"]] == [0, 1]
    assert [one[name] for name in CLASSES] == [0.5, 0.25, 0.25]
    assert [other[name] for name in CLASSES] == [1, 0, 0]
    # Effective features: 1, 1.08, 1.44 / 1.04 and 2.
    assert [one[name] for name in ("one", "between", "more")] == [0.5, 0.25, 0.25]
    effective = (1 + 1.04**2 / (1 + 0.04**2) + 1.2**2 / 1.04 + 2) / 4
    assert one["effective"] == pytest.approx(effective)
    assert (one["represented"], other["represented"]) == (3, 4)


def test_the_gain_is_the_loss_without_superposition_over_this_ones():
    one, other = network_table([made(FOUR, FOUR)]).to_dict("records")
    # Two of four features exactly, for the others the best constant.
    without = 0.5 * (1 - 3 * 0.1 / 4)
    assert (one["loss"], other["loss"]) == (0.5, 0.25)
    assert one["gain"] == pytest.approx(without / 0.5)
    assert other["gain"] == pytest.approx(without / 0.25)


def test_thresholds_move_the_classes_and_nothing_else():
    usual = network_table([made(FOUR)]).iloc[0]
    moved = network_table([made(FOUR)], Thresholds(second_weight=0.03)).iloc[0]
    assert (usual[MONO], moved[MONO], moved[SLIGHT]) == (0.5, 0.25, 0.5)
    assert usual.drop([MONO, SLIGHT]).equals(moved.drop([MONO, SLIGHT]))


def test_no_networks_are_an_empty_table_that_still_has_curves():
    table = network_table([])
    assert table.empty
    assert class_curves(table, "density").empty
    assert curve(table, "density", "gain", "gain").empty


def test_curves_have_a_row_a_class_and_network():
    table = network_table([made(FOUR, np.eye(4)), made(np.eye(4), p=0.5)])
    found = class_curves(table, "density").set_index(["series", "x", "run"])["y"].to_dict()
    assert found == {
        (MONO, 0.1, 0): 0.5,
        (MONO, 0.1, 1): 1,
        (MONO, 0.5, 0): 1,
        (SLIGHT, 0.1, 0): 0.25,
        (SLIGHT, 0.1, 1): 0,
        (SLIGHT, 0.5, 0): 0,
        (POLY, 0.1, 0): 0.25,
        (POLY, 0.1, 1): 0,
        (POLY, 0.5, 0): 0,
    }
    one = curve(table, "steps", "represented", "features")
    assert one.to_numpy().tolist() == [
        ["features", 60, y, run] for y, run in ((3, 0), (4, 1), (4, 0))
    ]


# Neurons


def test_neurons_are_spread_over_their_effective_features():
    found = effective_shares([made(FOUR, np.eye(4)), made([[1, 0], [0, 0]], p=0.5)])
    shares = {
        p: own.set_index("name")["share"].loc[lambda share: share > 0].to_dict()
        for p, own in found.groupby("density")
    }
    assert shares == {
        0.1: {"1 to 1.25": 6 / 8, "1.25 to 1.75": 1 / 8, "1.75 to 2.5": 1 / 8},
        0.5: {"1 to 1.25": 1},  # what nothing drives is no neuron
    }
    (interval,) = found.loc[
        (found["density"] == 0.1) & (found["name"] == "1.25 to 1.75")
    ].itertuples()
    assert (interval.low, interval.high) == (1.25, 1.75)


def test_shares_sum_to_one_and_the_last_interval_takes_those_beyond():
    found = effective_shares([made(np.ones((3, 30))), made(MIXED, EYE, p=0.5)])
    assert found.groupby("density")["share"].sum().tolist() == pytest.approx([1, 1])
    beyond = found.loc[found["density"] == 0.1].iloc[-1]
    assert (beyond["name"], beyond["share"]) == ("14 and more", 1)


def test_a_networks_without_weights_has_no_shares():
    assert effective_shares([made(np.zeros((2, 2)))])["share"].tolist() == [0] * 9


def test_a_rank_is_a_place_by_importance():
    # The second row holds the first feature alone, so it is the first in the order.
    found = rank_shares([made([[0.5, 1], [1, 0]], EYE)])
    assert found["rank"].tolist() == [0, 1]
    assert found["share"].tolist() == [0, 0.5]
    assert found[["low", "high"]].to_numpy().tolist() == [[0, 1], [1, 2]]
    assert found["name"].tolist() == ["0", "1"]
    strict = rank_shares([made([[0.5, 1], [1, 0]], EYE)], Thresholds(second_weight=0.6))
    assert strict["share"].tolist() == [0, 0]


def test_a_rank_turns_at_the_first_density_where_half_of_the_networks_have_turned():
    dense = made(EYE, EYE, p=1.0)
    half = made(EYE, [[1, 0], [0.5, 1]], p=0.5)
    back = made(EYE, EYE, p=0.25)
    sparse = made(MIXED, MIXED, p=0.1)

    def turns(*models: tm.Model) -> list[float]:
        found = turning(rank_shares(models))
        assert found["rank"].tolist() == [0, 1]
        return found["density"].tolist()

    assert turns(dense, half, back, sparse) == turns(sparse, back, half, dense) == [0.1, 0.5]
    assert turns(sparse, replace(half, restarts=(EYE_NET, *half.restarts))) == [0.1, 0.1]
    assert turns(made(MIXED, MIXED, p=1.0), sparse) == [1, 1]
    first, second = turns(dense, half, back)
    assert np.isnan(first)
    assert second == 0.5


EYE_NET = weights(EYE, EYE)


def test_none_turns_where_all_stay():
    assert turning(rank_shares([made(EYE)]))["density"].isna().all()


# Sets of neurons


def test_features_are_counted_by_how_many_neurons_carry_them():
    least = np.float32(CARRIES)
    below = np.nextafter(least, np.float32(0))
    W2 = np.full((6, 5), below)
    for feature in range(6):
        W2[feature, :feature] = least  # feature k has k neurons that just carry it
    one = weights(-np.ones((5, 6)), W2)
    found = set_shares([made(one, weights(np.ones((5, 6)), np.zeros((6, 5))))])
    assert list(SETS) == ["none", "1", "2", "3", "4 or more"]
    assert found["neurons"].tolist() == [*SETS, *SETS]
    assert found["restart"].tolist() == [0] * 5 + [1] * 5
    assert found["features"].tolist() == [1, 1, 1, 1, 2, 6, 0, 0, 0, 0]


# The phase diagram

DENSITIES, RATIOS = (1.0, 0.01), (0.1, 1.0, 10.0)
NETWORKS = {
    "the first": ([[1, 0], [-1, 0]], [[1, 1], [0, 0]]),
    "the second": ([[0, 1], [0, -1]], [[0, 0], [1, 1]]),
    "both": ([[1, 0.5], [-1, -0.5]], [[1, 1], [1, 1]]),
    "a neuron each": ([[1, 0], [0, 1]], [[1, 0], [0, 1]]),
}
THEORY = theory(DENSITIES, RATIOS)
LEAST = 0.05


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
    cells = diagram_cells(diagram(*AGREES), THEORY, LEAST)
    assert cells[["row", "column"]].to_numpy().tolist() == [
        [row, column] for row in (0, 1) for column in (0, 1, 2)
    ]
    assert cells["density"].tolist() == [1, 1, 1, 0.01, 0.01, 0.01]
    assert cells["ratio"].tolist() == [0.1, 1, 10] * 2
    assert cells["phase"].tolist() == [name for row in AGREES for name in row]
    assert cells["weight"].tolist() == [0, 0, 0, 0, 0.5, 0]
    assert cells["loss"].tolist() == [0.6] * 6
    assert cells["lowest"].tolist() == THEORY.lowest.ravel().tolist()
    assert not cells["disagrees"].any()


def test_cells_disagree_where_another_solution_is_best():
    odd = diagram(("both", "a neuron each", "the first"), ("the first", "the first", "both"))
    cells = diagram_cells(odd, THEORY, LEAST)
    assert cells["disagrees"].tolist() == [True, True, True, False, True, True]
    # From half of the larger weight on, "both" is called the first.
    assert not diagram_cells(odd, THEORY, 0.51)["disagrees"][0]


@pytest.mark.parametrize("served", ["the first", "the second"])
def test_what_serves_one_of_two_alike_features_is_no_disagreement(served: str):
    cells = diagram_cells(
        diagram(("the first", served, "the second"), AGREES[1]), THEORY, LEAST
    ).set_index(["row", "column"])
    assert cells.loc[(0, 1), "phase"] == served
    assert not cells["disagrees"].any()


def test_the_theorys_cells_have_its_own_phase_weight_and_loss():
    trained = diagram(*[("both", "both", "both")] * 2)
    cells = theory_cells(trained, THEORY, LEAST).set_index(["row", "column"])
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
    assert diagram_cells(trained, THEORY, LEAST)["disagrees"].tolist() == expected


def test_candidates_come_from_the_lowest_loss_on():
    for row in (0, 1):
        for column in (0, 1, 2):
            table = candidate_table(THEORY, row, column)
            assert set(table["name"]) == set(CANDIDATES)
            assert table["loss"].is_monotonic_increasing
            assert table["loss"][0] == THEORY.lowest[row, column]
            assert table["above"].tolist() == (table["loss"] / table["loss"][0] - 1).tolist()
    sparse = candidate_table(THEORY, 1, 1)
    assert sparse["solution"][0] == "shared, at the best ratio"
    one_sided = candidate_table(THEORY, 0, 2)
    assert one_sided["name"].iloc[-1] == "first"
    # Alone: the other output is p / 2 whatever comes.
    losses = candidate_table(THEORY, 0, 0).set_index("name")["loss"]
    assert losses["first"] == pytest.approx(0.1 / 1.1 / 4)
    assert losses["second"] == pytest.approx(1 / 1.1 / 4)


def test_every_phase_of_a_trained_network_has_a_name():
    cells = diagram_cells(diagram(*AGREES), THEORY, LEAST)
    assert set(cells["phase"]) | set(cells["best"]) <= set(PHASES)
