"""The measures of a grid's models, and their means over two settings."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import toymodel as tm
from tests.helpers.networks import model
from toymodel.analysis.polysemanticity import CLASSES, Thresholds
from toymodel.sweeps.measures import FIELDS, MEASURES, mean_over, measure

CONFIG = tm.Config(n_features=4, n_neurons=6, feature_probability=0.3)
RECIPE = tm.RECIPES["quick"].replace(steps=2, restarts=2)


def test_a_models_measures_are_those_of_the_library():
    made = model(CONFIG, RECIPE)
    found = measure(made)
    known = tm.neurons(made.W1)
    assert found["loss"] == made.loss
    assert found["gain"] == pytest.approx(tm.superposition_gain(CONFIG, made.loss))
    assert sum(found[name] for name in CLASSES) == pytest.approx(1)
    assert found["effective"] == pytest.approx(known.effective_features.mean())
    assert found["motifs"] == len({each.neuron for each in tm.find_motifs(made.W1, made.W2)})
    assert {name: found[name] for name in tm.Config.model_fields} == CONFIG.model_dump()
    loose = measure(made, Thresholds(second_weight=1.0))
    assert loose[CLASSES[0]] > found[CLASSES[0]]
    assert list(found) == [*FIELDS, *MEASURES]
    for change in ({"task": "identity"}, {"activation": "none"}):
        assert math.isnan(measure(model(CONFIG.replace(**change), RECIPE))["motifs"])


def test_cells_have_the_mean_over_all_else():
    table = pd.DataFrame(
        {
            "n_neurons": [3, 3, 3, 4, 4],
            "seed": [0, 0, 1, 0, 1],
            "gain": [1.0, 3.0, 5.0, math.nan, 7.0],
        }
    )
    cells = mean_over(table, "n_neurons", "seed", "gain").set_index(["x", "y"])
    assert cells["value"].to_dict()[3, 0] == 2
    assert cells["models"].to_dict() == {(3, 0): 2, (3, 1): 1, (4, 0): 0, (4, 1): 1}
    assert np.isnan(cells["value"].to_dict()[4, 0])
