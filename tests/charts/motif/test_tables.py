from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import toymodel as tm
from tests.helpers.motifs import ONE, monosemantic, one, plant, two
from tests.helpers.networks import model, two_neurons_a_feature, weights
from toymodel.analysis.ablation import without_inhibition
from toymodel.analysis.decomposition import ASYMMETRIC, INHIBITION, ROLES, Shift, find_roles
from toymodel.analysis.ensemble import Member
from toymodel.analysis.motifs import MotifThresholds
from toymodel.charts.motif.tables import (
    QUARTERS,
    by_quarter,
    ensemble_table,
    error_map,
    instance_bars,
    role_bars,
    settings_table,
    shift_table,
)
from toymodel.model import Weights

THREE = tm.Config(n_features=3, n_neurons=6)


def bars_of(network: Weights, lit: tuple[int, ...], **options) -> pd.DataFrame:
    neurons = options.pop("neurons", range(len(network.W1)))
    return role_bars(network, find_roles(network), lit, neurons=neurons, **options)


def test_every_weight_is_a_bar_with_its_role_and_lit_by_it():
    network = weights(*one())
    found = find_roles(network)
    frame = bars_of(network, (ASYMMETRIC, INHIBITION))
    assert np.count_nonzero(frame["weight"]) == np.count_nonzero(network.W1)
    for bar in frame.itertuples():
        role = found.W1[bar.neuron, bar.feature]
        assert bar.weight == network.W1[bar.neuron, bar.feature]
        assert (bar.role, bar.lit) == (ROLES[role], role in (ASYMMETRIC, INHIBITION))
    assert set(frame["lit"]) == {True, False}


def test_output_weights_are_bars_of_the_same_neurons():
    network = weights(*one())
    frame = bars_of(network, (INHIBITION,), side="output", neurons=[4, 0])
    assert frame.loc[frame["lit"], ["column", "neuron", "feature", "weight"]].values.tolist() == [
        [0, 4, 1, -16]
    ]
    assert frame.loc[frame["neuron"] == 0, "column"].tolist() == [1, 1]


def test_bars_stack_away_from_the_axis_the_largest_first():
    network = weights([[1, -2, 3, -4]], np.ones((4, 1)))
    frame = bars_of(network, ())
    drawn = frame[["feature", "low", "high"]].values.tolist()
    assert drawn == [[3, 0, -4], [2, 0, 3], [1, -4, -6], [0, 3, 4]]


def test_weights_that_nobody_sees_are_left_out():
    network = weights([[1, 0.004, 0.01]], np.ones((3, 1)))
    assert bars_of(network, ())["feature"].tolist() == [0, 2]


def test_every_neuron_has_its_column_however_small_its_weights():
    frame = bars_of(weights([[1], [0.001], [0]], np.ones((1, 3))), ())
    assert frame[["column", "high"]].values.tolist() == [[0, 1], [1, np.float32(0.001)], [2, 0]]


@pytest.mark.parametrize(
    ("side", "lit"),
    [("input", {(0, 0), (0, 1), (4, 0), (4, 2)}), ("output", {(0, 0), (0, 1), (4, 1), (4, 2)})],
)
def test_an_instance_is_its_neurons_and_what_matters_in_them(side: str, lit: set):
    W1, W2 = plant(monosemantic(4), 0, 1, {4: -16})
    W1[0, 3], W2[3, 0] = 0.0625, 0.125
    network = weights(W1, W2)
    (motif,) = tm.find_motifs(network.W1, network.W2)
    frame = instance_bars(network, find_roles(network), motif, side=side)
    assert frame.groupby("column")["neuron"].first().tolist() == [0, 4]
    shown = frame.loc[frame["lit"]]
    assert set(zip(shown["neuron"], shown["feature"], strict=True)) == lit
    assert (0, 3) in set(zip(frame["neuron"], frame["feature"], strict=True))


def test_the_map_is_the_error_of_the_receiving_output():
    network = weights(*one())
    without = without_inhibition(network, [ONE])
    for each, at_one in ((network, 0), (without, 4)):
        frame = error_map(THREE, each, ONE, cells=8)
        assert len(frame) == 64
        for cell in frame.itertuples():
            x = np.array([[(cell.x + cell.x2) / 2], [(cell.y + cell.y2) / 2], [0]], np.float32)
            assert cell.value == pytest.approx(float(each.output(x)[1, 0]) - abs(x[1, 0]), abs=1e-6)
        # The interfering feature alone: in proportion to its value.
        middle = frame.loc[(frame["x2"] == 1) & (frame["y2"] == 0.25)].iloc[0]
        assert middle["value"] == pytest.approx(at_one * 0.875, abs=0.13)
    assert (frame["x"].min(), frame["x2"].max(), frame["y"].min(), frame["y2"].max()) == (
        -1,
        1,
        -1,
        1,
    )


def test_shifts_are_told_from_compensation():
    table = shift_table([Shift(2, -1, 2, 0.5, "helps"), Shift(1, 1, 0, -0.25, "none")])
    assert list(table) == ["feature", "side", "output", "own", "amount", "effect"]
    assert table.values.tolist() == [
        [2, "below 0", 2, True, 0.5, "helps"],
        [1, "above 0", 0, False, -0.25, "none"],
    ]
    assert list(shift_table([])) == list(table)


def member(number: int, loss: float, network: Weights | None = None) -> Member:
    config = tm.Config(n_features=6, n_neurons=12, seed=number)
    return Member(number, config, number % 2, network or two_neurons_a_feature(6), loss)


def test_an_ensemble_is_ranked_by_loss_and_its_instances_are_counted():
    found = [member(0, 0.3), member(1, 0.1, weights(*two())), member(2, 0.2)]
    table = ensemble_table(found)
    assert table[["member", "rank", "instances", "name"]].values.tolist() == [
        [1, 0, 2, "seed 1"],
        [2, 1, 0, "seed 2"],
        [0, 2, 0, "seed 0"],
    ]
    assert ensemble_table(found, by="restart")["name"].tolist() == [
        "restart 1",
        "restart 0",
        "restart 0",
    ]
    assert ensemble_table(found, by="both")["name"].iloc[0] == "seed 1, restart 1"
    strict = ensemble_table(found, MotifThresholds(ratio=5))
    assert strict["instances"].tolist() == [0, 0, 0]
    assert list(ensemble_table([])) == list(table)


def test_quarters_are_of_the_ranks():
    table = pd.DataFrame({"instances": [2, 2, 1, 0, 5, 3, 0, 0]})
    frame = by_quarter(table)
    counts = frame.pivot_table(index="group", columns="instances", values="models", sort=False)
    assert counts.loc[list(QUARTERS)].values.tolist() == [
        [0, 0, 2, 0],
        [1, 1, 0, 0],
        [0, 0, 0, 2],
        [2, 0, 0, 0],
    ]


def test_settings_say_how_common_it_is_and_whether_in_the_better_ones():
    config = tm.Config(n_features=6, n_neurons=12, feature_probability=0.5, importance_decay=0.9)
    plain, with_one = two_neurons_a_feature(6), weights(*plant(monosemantic(6), 0, 1, {4: -16}))
    restarts = (plain, with_one, weights(*two()), plain, plain, plain, plain, weights(*two()))
    made = replace(
        model(config, tm.Recipe(restarts=8)),
        restarts=restarts,
        losses=np.float32([0.5, 0.2, 0.1, 0.4, 0.6, 0.7, 0.8, 0.9]),
    )
    (row,) = settings_table([made]).to_dict("records")
    assert (row["density"], row["decay"], row["models"]) == (0.5, 0.9, 8)
    assert [row[f"share_{k}"] for k in range(4)] == [5 / 8, 1 / 8, 2 / 8, 0]
    assert (row["mean"], row["best"], row["worst"], row["difference"]) == (5 / 8, 1.5, 1, 0.5)
    # Of two each: 2 and 1 against 0 and 2.
    assert row["error"] == pytest.approx(np.sqrt((0.25 + 1) / 2))


def test_of_very_many_bars_the_smallest_are_left_out():
    random = np.random.default_rng(5)
    network = weights(random.normal(size=(60, 40)), random.normal(size=(40, 60)))
    frame = bars_of(network, ())
    assert 999 <= len(frame) <= 1_060  # and one at least a neuron
    assert frame["neuron"].nunique() == 60
    left_out = np.sort(np.abs(network.W1), axis=None)[: -len(frame)]
    assert frame["weight"].abs().min() >= left_out[-1]
