from __future__ import annotations

import numpy as np

from tests.helpers.chart_specs import pixels, shows
from toymodel.charts.colour_bar import colour_bar


def test_the_bar_of_superposition_runs_through_viridis():
    picture = pixels(colour_bar("superposition", 100).properties(width=300))
    assert shows(picture, "#440154", within=10)
    assert shows(picture, "#fde725", within=10)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50


def test_the_bar_of_few_features_has_a_colour_for_each():
    picture = pixels(colour_bar("feature", 3).properties(width=300))
    for colour in ("#4c78a8", "#9ecae9", "#f58518"):
        assert shows(picture, colour, 500)
    assert not shows(picture, "#ffbf79")


def test_the_bar_of_many_features_is_a_scale():
    picture = pixels(colour_bar("feature", 500).properties(width=300))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50
