from __future__ import annotations

import numpy as np

from tests.helpers.chart_specs import THEMES, clicked, layers, picture, rows, shows
from tests.helpers.networks import weights
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT
from toymodel.charts.network.weight_matrix import SELECTION, weight_matrix

W1 = [[0.5, 4, 0], [1, 0, -2], [-3, 0, 0]]


def matrix(W=W1, theme=LIGHT) -> Chart:
    network = weights(W, np.zeros(np.shape(W)[::-1]))
    return weight_matrix(network, theme=theme, height=130)


def test_a_row_is_a_neuron_in_the_paper_s_order_and_a_column_a_feature():
    spec = matrix().to_vega_lite()
    (cells,) = layers(spec)
    drawn = rows(spec, cells)
    # Neuron 2 holds feature 0 alone, 0 holds feature 1, 1 holds feature 2.
    assert drawn[["neuron", "feature", "weight", "x", "y"]].values.tolist() == [
        [2, 0, -3, 0, 0],
        [2, 1, 0, 1, 0],
        [2, 2, 0, 2, 0],
        [0, 0, 0.5, 0, 1],
        [0, 1, 4, 1, 1],
        [0, 2, 0, 2, 1],
        [1, 0, 1, 0, 2],
        [1, 1, 0, 1, 2],
        [1, 2, -2, 2, 2],
    ]
    assert (drawn["x2"] - drawn["x"]).eq(1).all()
    assert (drawn["y2"] - drawn["y"]).eq(1).all()
    assert cells["encoding"]["y"]["scale"]["domain"] == [3, 0]
    assert cells["encoding"]["x"]["scale"]["domain"] == [0, 3]
    name, fields, _ = clicked(matrix().spec)
    assert (name, fields) == (SELECTION, ["neuron"])


def test_rows_columns_and_colours_are_named():
    (cells,) = layers(matrix().spec)
    x, y, colour = (cells["encoding"][channel] for channel in ("x", "y", "color"))
    assert (x["title"], y["title"], colour["legend"]["title"]) == ("feature", "neuron", "weight")
    assert y["axis"]["values"] == [0.5, 1.5, 2.5]
    assert y["axis"]["labelExpr"] == "[2, 0, 1][floor(datum.value)]"


def test_colours_end_at_the_largest_weight_of_either_sign():
    def domain(**options) -> list[float]:
        (cells,) = layers(matrix(**options).spec)
        return cells["encoding"]["color"]["scale"]["domain"]

    assert domain() == [-4, 0, 4]
    assert domain(W=[[0, 0]]) == [-1, 0, 1]


@THEMES
def test_signs_have_their_colours(theme):
    found = picture(matrix([[3, -3]], theme), theme)
    assert shows(found, theme.positive, 1_000)
    assert shows(found, theme.negative, 1_000)
