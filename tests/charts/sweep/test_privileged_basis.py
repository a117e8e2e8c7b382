from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import toymodel as tm
from tests.helpers.chart_specs import THEMES, picture, shows
from tests.helpers.networks import model, two_neurons_a_feature
from toymodel.analysis.features import privileged_basis
from toymodel.charts.look import LIGHT
from toymodel.charts.sweep.privileged_basis import basis_table, neurons_of_a_feature, read_off

CONFIG = tm.Config(n_features=3, n_neurons=6)
TABLE = pd.DataFrame(
    {
        "density": [1.0, 0.1, 1.0, 0.1],
        "hidden": ["ReLU", "ReLU", "linear", "linear"],
        "neurons": [2.0, 3.0, 13.0, 12.0],
        "neurons_rotated": [14.0, 14.5, 14.0, 14.2],
        "read_off": [1.0, 0.9, 0.0, 0.01],
        "read_off_rotated": [0.3, 0.2, 0.0, 0.0],
    }
)


def made(activation: str) -> tm.Model:
    network = replace(two_neurons_a_feature(3), activation=activation)
    config = CONFIG.replace(activation=activation)
    return replace(model(config, tm.Recipe()), restarts=(network,))


def curves(table: pd.DataFrame, draw) -> dict[str, list[float]]:
    drawn = draw(table, theme=LIGHT).tables["lines"]
    return {name: each["y"].tolist() for name, each in drawn.groupby("series", sort=False)}


def test_a_row_has_the_means_of_a_model():
    relu, linear = basis_table([made("relu"), made("none")]).to_dict("records")
    assert (relu["density"], relu["hidden"], linear["hidden"]) == (1, "ReLU", "linear")
    assert relu["neurons"] == linear["neurons"] == pytest.approx(2)
    assert relu["read_off"] == pytest.approx(1)
    found = privileged_basis(CONFIG, two_neurons_a_feature(3))
    expected = np.average(found.rotated_neurons, weights=CONFIG.importance)
    assert relu["neurons_rotated"] == pytest.approx(expected)
    assert (relu["loss"], relu["loss_rotated"]) == (found.loss, found.rotated_loss)
    assert linear["loss_rotated"] == pytest.approx(linear["loss"])
    assert basis_table([]).columns.tolist() == [*relu]


def test_the_linear_hidden_layer_is_a_curve_where_it_is_there():
    assert curves(TABLE, neurons_of_a_feature) == {
        "as trained": [2, 3],
        "rotated at random": [14, 14.5],
        "linear hidden layer": [13, 12],
    }
    alone = TABLE.loc[TABLE["hidden"] == "ReLU"]
    assert list(curves(alone, neurons_of_a_feature)) == ["as trained", "rotated at random"]
    assert curves(TABLE, read_off) == {"as trained": [1, 0.9], "rotated at random": [0.3, 0.2]}


def test_a_model_that_represents_no_feature_is_left_out():
    table = TABLE.assign(neurons=[2.0, math.nan, math.nan, math.nan])
    assert curves(table, neurons_of_a_feature) == {"as trained": [2], "rotated at random": [14]}
    assert curves(table, read_off) == {"as trained": [1], "rotated at random": [0.3]}


@THEMES
def test_every_curve_is_drawn(theme):
    found = picture(neurons_of_a_feature(TABLE, theme=theme), theme)
    assert all(shows(found, colour) for colour in (theme.positive, theme.negative, theme.ink))
