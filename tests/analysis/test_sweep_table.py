from __future__ import annotations

import math

import numpy as np

import toymodel as tm
from tests.helpers.networks import model
from toymodel.analysis.loss import no_superposition_loss
from toymodel.analysis.polysemanticity import CLASSES, Thresholds, neurons
from toymodel.analysis.sweep_table import sweep_table


def test_the_sweep_table_says_what_the_models_are():
    configs = [tm.Config(n_features=6, n_neurons=4, feature_probability=p) for p in (1.0, 0.1)]
    models = [model(config, tm.Recipe(restarts=2), seed=i) for i, config in enumerate(configs)]
    table = sweep_table(models)
    assert table["density"].tolist() == [1.0, 0.1]
    assert table["loss"].tolist() == [0.25, 0.25]
    np.testing.assert_allclose(table["loss_error"], 0.01, rtol=1e-6)
    baselines = [no_superposition_loss(config) for config in configs]
    assert table["no_superposition_loss"].tolist() == baselines
    np.testing.assert_allclose(table["gain"], np.array(baselines) / 0.25)
    for row, found in zip(table.to_dict("records"), models, strict=True):
        assert {name: row[name] for name in CLASSES} == neurons(found.W1).counts
        assert sum(row[name] for name in CLASSES) == 4
    moved = sweep_table(models, Thresholds(second_weight=1.0))
    assert moved[CLASSES[0]].tolist() == [4, 4]


def test_where_nothing_can_be_gained_the_gain_is_missing():
    table = sweep_table([model(tm.Config(n_features=2, n_neurons=4), tm.Recipe())])
    assert math.isnan(table["gain"][0])
