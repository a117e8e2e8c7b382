from __future__ import annotations

import numpy as np

from tests.helpers.networks import weights
from toymodel.charts.look import LIGHT
from toymodel.charts.neuron.neuron_weights import largest_weights, neuron_weights
from toymodel.config import Config

CONFIG = Config(n_features=4, n_neurons=1, importance_decay=0.5)
NETWORK = weights([[0.01, 0, -2, 0.02]], [[-8], [-3], [2], [7]])


def test_the_weights_of_a_neuron_are_listed_largest_first():
    table = neuron_weights(CONFIG, NETWORK, 0)
    assert table["feature"].tolist() == [2, 3, 0, 1]
    np.testing.assert_allclose(table["w_in"], [-2, 0.02, 0.01, 0], rtol=1e-6)
    assert table["w_out"].tolist() == [2, 7, -8, -3]
    np.testing.assert_allclose(table["path_gain"], [4, 0.14, -0.08, 0], rtol=1e-6)
    assert table["importance"].tolist() == [0.25, 0.125, 1, 0.5]


def test_the_weights_of_a_neuron_come_with_how_much_their_features_share():
    # Columns (1, 1), (0, 1) and 0: half of the first lies along the second.
    network = weights([[1, 0, 0], [1, 1, 0]], np.ones((3, 2)))
    table = neuron_weights(Config(n_features=3, n_neurons=2), network, 0)
    assert table["feature"].tolist() == [0, 1, 2]
    np.testing.assert_allclose(table["superposition"], [0.5, 1, np.nan])


def test_bars_are_the_largest_of_either_sign_without_those_of_0():
    def bars(value: str) -> list[int]:
        table = neuron_weights(CONFIG, NETWORK, 0)
        chart = largest_weights(table, value, title="weight", theme=LIGHT, height=150)
        return chart.tables["bars"]["feature"].tolist()

    assert bars("w_in") == [2, 3, 0]
    assert bars("w_out") == [0, 3, 1, 2]
