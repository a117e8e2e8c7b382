from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.networks import model, weights
from toymodel.analysis.linearity import loss_without_relu
from toymodel.charts.network.linearity_table import linearity_table
from toymodel.model import Weights

pytestmark = pytest.mark.usefixtures("short_evaluation")

CONFIG = tm.Config(
    task="identity", n_features=3, n_neurons=2, feature_probability=0.5, hidden_bias=True
)


def made(W1: object, *bias: float) -> tm.Model:
    first = np.array(W1, np.float32)
    network = weights(first, first.T)
    biased = Weights(**vars(network) | {"b_hidden": np.array(bias, np.float32)})
    return replace(model(CONFIG, tm.Recipe()), restarts=(biased,))


def test_a_row_has_the_means_of_a_model():
    one = made([[1, 0.5, 0.25], [0, 2, -1]], 0.5, -0.25)
    (row,) = linearity_table([one]).to_dict("records")
    assert (row["task"], row["hidden_bias"]) == ("identity", True)
    assert (row["features"], row["neurons"], row["density"]) == (3, 2, 0.5)
    assert (row["bias_low"], row["bias_high"]) == (-0.25, 0.5)
    assert row["without_relu"] == loss_without_relu(CONFIG, one.weights)
    assert row["factor"] == row["without_relu"] / row["loss"]
    assert row["mean"] == pytest.approx((0.75 - 1) * 0.25 / 2)
    assert row["simulated"] == pytest.approx(row["mean"] / row["spread"])
    assert row["gain"] == tm.superposition_gain(CONFIG, one.loss)


def test_where_there_is_nothing_to_divide_by_the_table_says_so():
    (row,) = linearity_table([made([[1, 0, 0], [0, 0, 0]], 0, 0)]).to_dict("records")
    assert row["simulated"] == 0  # nothing adds to its feature
    exact = replace(made(np.eye(2, 3), 0, 0), losses=np.zeros(1, np.float32))
    (row,) = linearity_table([exact]).to_dict("records")
    assert row["factor"] == np.inf
