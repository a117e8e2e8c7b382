from __future__ import annotations

import numpy as np

from tests.helpers.networks import weights
from toymodel.analysis.features import CARRIES
from toymodel.analysis.polysemanticity import Thresholds, path_gain
from toymodel.charts.feature.carrier_table import carrier_table

# Feature 0 has neurons 0 and 1, feature 1 has 2; 3 holds feature 2, which 2 takes away from.
NETWORK = weights(
    [[1, 0, 0], [-1, 0, 0], [0, 2, 0.5], [0.03125, 0, -1]],
    [[1, 0.5, 0, 1], [0, 0, 0.25, 0], [0, 0, -2, 0.75]],
)


def test_the_neurons_that_carry_a_feature_are_listed_with_what_they_give():
    table = carrier_table(NETWORK, 2)
    assert table["neuron"].tolist() == [2, 3]
    assert table["side"].tolist() == ["positive", "negative"]
    assert table["path_gain"].tolist() == [-1, 0.75]
    assert table["w_in"].tolist() == [0.5, -1]
    assert table["w_out"].tolist() == [-2, 0.75]
    assert table["class"].tolist() == ["slightly polysemantic", "monosemantic"]
    assert table["primary"].tolist() == [1, 2]
    assert carrier_table(NETWORK, 0)["neuron"].tolist() == [0, 1]
    assert carrier_table(NETWORK, 0)["path_gain"].tolist() == [1, 0.5]
    assert 0 < path_gain(NETWORK.W1, NETWORK.W2)[3, 0] < CARRIES
    table = carrier_table(weights(np.zeros((2, 3)), np.zeros((3, 2))), 1)
    assert table.empty
    assert list(table.columns) == list(carrier_table(NETWORK, 2).columns)


def test_the_classes_of_carriers_follow_the_thresholds():
    table = carrier_table(NETWORK, 2, Thresholds(second_weight=0.3))
    assert table["class"].tolist() == ["monosemantic", "monosemantic"]
    table = carrier_table(NETWORK, 2, Thresholds(extra_weight=0.25))
    assert table["class"].tolist() == ["polysemantic", "monosemantic"]
