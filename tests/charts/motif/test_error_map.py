from __future__ import annotations

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.motifs import ONE, one
from tests.helpers.networks import weights
from toymodel.analysis.ablation import without_inhibition
from toymodel.charts.look import LIGHT
from toymodel.charts.motif.error_map import error_cells, error_map

THREE = tm.Config(n_features=3, n_neurons=6)
NETWORK = weights(*one())


def test_cells_are_the_error_of_the_receiving_output():
    without = without_inhibition(NETWORK, [ONE])
    for each, at_one in ((NETWORK, 0), (without, 4)):
        cells = error_cells(THREE, each, ONE)
        x, y = ((cells[low] + cells[high]) / 2 for low, high in (("x", "x2"), ("y", "y2")))
        inputs = np.stack([x, y, np.zeros(len(cells))]).astype(np.float32)
        expected = each.output(inputs)[1] - np.abs(inputs[1])
        assert cells["value"].to_numpy() == pytest.approx(expected, abs=1e-6)
        # The interfering feature alone: in proportion to its value.
        middle = cells.loc[(cells["x2"] == 1) & np.isclose(cells["y2"], 0.05)].iloc[0]
        assert middle["value"] == pytest.approx(at_one * 0.975, abs=0.03)
    ends = (cells["x"].min(), cells["x2"].max(), cells["y"].min(), cells["y2"].max())
    assert ends == (-1, 1, -1, 1)


def test_the_axes_and_the_colour_name_the_two_features():
    made = error_map(THREE, NETWORK, ONE, theme=LIGHT, height=300)
    told = made.spec["description"]
    for words in ("value of f0", "value of f1", "error of output 1"):
        assert words in told
