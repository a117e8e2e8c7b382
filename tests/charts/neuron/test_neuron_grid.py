from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.chart_specs import THEMES, clicked, picture, shows
from toymodel.analysis.activations import BINS
from toymodel.analysis.polysemanticity import CLASSES, neurons
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT
from toymodel.charts.neuron.neuron_grid import SELECTION, neuron_grid

FOUND = neurons(np.array([[1, 0, 0], [1, 0.5, 0], [0.9, 1, 1], [0, 0, 0], [0, 0, -2]]))
COUNTS = np.zeros((5, len(BINS) - 1, 2))
COUNTS[0, 0] = 1e-2, 0
COUNTS[1, 2] = 5e-3, 5e-3
COUNTS[1, 3] = 0, 1e-4


def drawn(theme=LIGHT, **options) -> Chart:
    return neuron_grid(COUNTS, FOUND, [1, 0, 2, 3, 4], per_row=3, theme=theme, **options)


def test_neurons_stand_in_rows_in_the_order_that_is_given():
    cells = drawn().tables["cells"]
    assert cells["neuron"].tolist() == [1, 0, 2, 3, 4]
    assert cells["name"].tolist() == ["n1 · f0", "n0 · f0", "n2 · f1", "n3", "n4 · f2"]
    assert np.floor(cells["x"]).tolist() == [0, 1, 2, 0, 1]
    assert np.floor(cells["y"]).tolist() == [0, 0, 0, 1, 1]
    assert cells["background"][0] == LIGHT.class_background[CLASSES[1]]
    assert drawn(selected=2).tables["selected"]["neuron"].tolist() == [2]
    assert drawn().tables["selected"].empty


def test_heights_are_logarithms_and_colours_divide_them_by_shares():
    table = drawn().tables["bars"]
    assert len(table) == 5 * len(BINS)
    heights = (table["base"] - table["all"]).to_numpy().reshape(5, -1)
    led = (table["base"] - table["leads"]).to_numpy().reshape(5, -1)
    # 10,000 of a million are the largest bar, and 100 half as high.
    assert heights[1, 0] == pytest.approx(heights.max())
    assert heights[0, 2] == pytest.approx(heights.max())
    assert heights[0, 3] == pytest.approx(heights.max() / 2, abs=1e-3)
    assert led[1, 0] == pytest.approx(heights[1, 0])
    assert led[0, 2] == pytest.approx(heights[0, 2] / 2, abs=1e-3)
    assert led[0, 3] == 0
    assert not heights[2:].any()


def test_a_click_on_a_cell_selects_its_neuron():
    name, fields, layer = clicked(drawn().to_vega_lite())
    assert (name, fields) == (SELECTION, ["neuron"])
    assert layer["data"] == {"name": "cells"}


@THEMES
def test_bars_classes_and_the_selected_neuron_are_drawn(theme):
    found = picture(drawn(theme, selected=0), theme, 400)
    for colour in (theme.negative, theme.node, theme.mark, theme.class_background[CLASSES[1]]):
        assert shows(found, colour)
