from __future__ import annotations

from tests.helpers.networks import weights
from toymodel.charts.network.weight_table import weight_table


def test_every_weight_is_in_the_table_by_neuron_then_feature():
    table = weight_table(weights([[1, -2, 3], [4, 5, -6]], [[7, 8], [9, 10], [11, 12]]))
    assert table.to_dict("list") == {
        "neuron": [0, 0, 0, 1, 1, 1],
        "feature": [0, 1, 2, 0, 1, 2],
        "w_in": [1, -2, 3, 4, 5, -6],
        "w_out": [7, 9, 11, 8, 10, 12],
    }
