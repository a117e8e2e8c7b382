from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.chart_specs import layers, pixels, rows, shows
from tests.helpers.networks import weights
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.network.linearity_tables import matrix_cells
from toymodel.charts.network.weight_matrix import SELECTION, weight_matrix

W1 = [[1, 0, -2], [0.5, 4, 0]]


def spec(order=(1, 0), theme=LIGHT, W=W1) -> dict:
    network = weights(W, np.zeros(np.shape(W)[::-1]))
    return weight_matrix(matrix_cells(network, order), theme=theme).spec


def test_a_row_is_a_neuron_in_the_given_order():
    (cells,) = layers(spec())
    drawn = rows(spec(), cells)
    assert drawn[["neuron", "feature", "weight", "x", "y"]].values.tolist() == [
        [1, 0, 0.5, 0, 0],
        [1, 1, 4, 1, 0],
        [1, 2, 0, 2, 0],
        [0, 0, 1, 0, 1],
        [0, 1, 0, 1, 1],
        [0, 2, -2, 2, 1],
    ]
    assert cells["encoding"]["y"]["scale"]["domain"] == [2, 0]
    assert cells["encoding"]["x"]["scale"]["domain"] == [0, 3]


def test_colours_end_at_the_largest_weight_of_either_sign():
    (cells,) = layers(spec())
    assert cells["encoding"]["color"]["scale"]["domain"] == [-4, 0, 4]
    (param,) = (
        (p for p in spec()["params"] if p["name"] == SELECTION)
        if "params" in spec()
        else (cells["params"])
    )
    assert param["select"]["fields"] == ["neuron"]


def test_weights_of_zero_are_drawn_too():
    (cells,) = layers(spec(W=[[0, 0]], order=[0]))
    assert cells["encoding"]["color"]["scale"]["domain"] == [-1, 0, 1]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_signs_have_their_colours(theme):
    network = weights([[3, -3]], [[0], [0]])
    chart = weight_matrix(matrix_cells(network, [0]), theme=theme).chart
    picture = pixels(chart.properties(width=200, background=theme.background))
    assert shows(picture, theme.positive)
    assert shows(picture, theme.negative)
