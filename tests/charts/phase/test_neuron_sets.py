from __future__ import annotations

import numpy as np

from tests.helpers.networks import model_of, weights
from toymodel.analysis.features import CARRIES
from toymodel.charts.look import LIGHT
from toymodel.charts.phase.neuron_sets import SETS, neuron_sets, set_sizes


def test_features_are_counted_by_how_many_neurons_carry_them():
    least = np.float32(CARRIES)
    below = np.nextafter(least, np.float32(0))
    W2 = np.full((6, 5), below)
    for feature in range(6):
        W2[feature, :feature] = least  # feature k has k neurons that just carry it
    one = weights(-np.ones((5, 6)), W2)
    found = set_sizes([model_of(one, weights(np.ones((5, 6)), np.zeros((6, 5))))])
    assert list(SETS) == ["none", "1", "2", "3", "4 or more"]
    assert found["neurons"].tolist() == [*SETS, *SETS]
    assert found["restart"].tolist() == [0] * 5 + [1] * 5
    assert found["features"].tolist() == [1, 1, 1, 1, 2, 6, 0, 0, 0, 0]
    drawn = neuron_sets(found, theme=LIGHT).tables["runs"]
    assert drawn.loc[drawn["run"] == 0, ["series", "y"]].values.tolist() == [
        ["one neuron", 1],
        ["two neurons", 1],
        ["three neurons", 1],
        ["four or more", 2],
    ]
