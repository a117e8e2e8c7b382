from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import toymodel as tm
from tests.helpers.motifs import monosemantic, one, plant
from tests.helpers.networks import weights
from toymodel.analysis.decomposition import ASYMMETRIC, INHIBITION, ROLES, find_roles
from toymodel.charts.motif.role_bars import instance_bars, role_bars
from toymodel.model import Weights


def bars_of(network: Weights, lit: tuple[int, ...], **options) -> pd.DataFrame:
    neurons = options.pop("neurons", range(len(network.W1)))
    return role_bars(network, find_roles(network), lit, neurons=neurons, **options)


def test_every_weight_is_a_bar_with_its_role_and_lit_by_it():
    network = weights(*one())
    found = find_roles(network)
    bars = bars_of(network, (ASYMMETRIC, INHIBITION))
    assert np.count_nonzero(bars["weight"]) == np.count_nonzero(network.W1)
    for bar in bars.itertuples():
        role = found.W1[bar.neuron, bar.feature]
        assert bar.weight == network.W1[bar.neuron, bar.feature]
        assert (bar.role, bar.lit) == (ROLES[role], role in (ASYMMETRIC, INHIBITION))
    assert set(bars["lit"]) == {True, False}


def test_output_weights_are_bars_of_the_same_neurons():
    network = weights(*one())
    bars = bars_of(network, (INHIBITION,), side="output", neurons=[4, 0])
    assert bars.loc[bars["lit"], ["column", "neuron", "feature", "weight"]].values.tolist() == [
        [0, 4, 1, -16]
    ]
    assert bars.loc[bars["neuron"] == 0, "column"].tolist() == [1, 1]


def test_bars_stack_away_from_the_axis_without_those_that_nobody_sees():
    network = weights([[1, -2, 3, -4]], np.ones((4, 1)))
    bars = bars_of(network, ())
    drawn = bars[["feature", "low", "high"]].values.tolist()
    assert drawn == [[3, 0, -4], [2, 0, 3], [1, -4, -6], [0, 3, 4]]
    network = weights([[1, 0.004, 0.01]], np.ones((3, 1)))
    assert bars_of(network, ())["feature"].tolist() == [0, 2]
    bars = bars_of(weights([[1], [0.001], [0]], np.ones((1, 3))), ())
    assert bars[["column", "high"]].values.tolist() == [[0, 1], [1, np.float32(0.001)], [2, 0]]


@pytest.mark.parametrize(
    ("side", "lit"),
    [("input", {(0, 0), (0, 1), (4, 0), (4, 2)}), ("output", {(0, 0), (0, 1), (4, 1), (4, 2)})],
)
def test_an_instance_is_its_neurons_and_what_matters_in_them(side: str, lit: set):
    W1, W2 = plant(monosemantic(4), 0, 1, {4: -16})
    W1[0, 3], W2[3, 0] = 0.0625, 0.125
    network = weights(W1, W2)
    (motif,) = tm.find_motifs(network.W1, network.W2)
    bars = instance_bars(network, find_roles(network), motif, side=side)
    assert bars.groupby("column")["neuron"].first().tolist() == [0, 4]
    shown = bars.loc[bars["lit"]]
    assert set(zip(shown["neuron"], shown["feature"], strict=True)) == lit
    assert (0, 3) in set(zip(bars["neuron"], bars["feature"], strict=True))


def test_of_very_many_bars_the_smallest_are_left_out():
    random = np.random.default_rng(5)
    network = weights(random.normal(size=(60, 40)), random.normal(size=(40, 60)))
    bars = bars_of(network, ())
    assert 999 <= len(bars) <= 1_060  # and one at least a neuron
    assert bars["neuron"].nunique() == 60
    left_out = np.sort(np.abs(network.W1), axis=None)[: -len(bars)]
    assert bars["weight"].abs().min() >= left_out[-1]
