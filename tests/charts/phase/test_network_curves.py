from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.networks import model_of
from toymodel.analysis.polysemanticity import CLASSES, Thresholds
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.phase.network_curves import (
    class_curves,
    loss_curves,
    measure_curve,
    network_table,
)

FOUR = [[1, 0, 0, 0], [1, 0.04, 0, 0], [0, 1, 0.2, 0], [0, 1, 1, 0]]
MONO, SLIGHT, POLY = CLASSES


def test_a_row_has_what_share_of_the_neurons_is_what():
    one, other = network_table([model_of(FOUR, np.eye(4))]).to_dict("records")
    assert (one["density"], one["steps"], one["sampler"]) == (0.1, 60, "iid")
    assert [one["restart"], other["restart"]] == [0, 1]
    assert [one[name] for name in CLASSES] == [0.5, 0.25, 0.25]
    assert [other[name] for name in CLASSES] == [1, 0, 0]
    # Effective features: 1, 1.08, 1.44 / 1.04 and 2.
    assert [one[name] for name in ("one", "between", "more")] == [0.5, 0.25, 0.25]
    effective = (1 + 1.04**2 / (1 + 0.04**2) + 1.2**2 / 1.04 + 2) / 4
    assert one["effective"] == pytest.approx(effective)
    assert (one["represented"], other["represented"]) == (3, 4)
    one, other = network_table([model_of(FOUR, FOUR)]).to_dict("records")
    # Two of four features exactly, for the others the best constant.
    without = 0.5 * (1 - 3 * 0.1 / 4)
    assert (one["loss"], other["loss"]) == (0.5, 0.25)
    assert one["gain"] == pytest.approx(without / 0.5)
    assert other["gain"] == pytest.approx(without / 0.25)
    usual = network_table([model_of(FOUR)]).iloc[0]
    moved = network_table([model_of(FOUR)], Thresholds(second_weight=0.03)).iloc[0]
    assert (usual[MONO], moved[MONO], moved[SLIGHT]) == (0.5, 0.25, 0.5)
    assert usual.drop([MONO, SLIGHT]).equals(moved.drop([MONO, SLIGHT]))


def test_class_curves_have_a_point_a_class_and_network():
    table = network_table([model_of(FOUR, np.eye(4)), model_of(np.eye(4), density=0.5)])
    chart = class_curves(
        table, against="density", theme=LIGHT, marks={MONO: (0.5, 0.25, "the paper's")}
    )
    drawn = chart.tables["runs"].set_index(["series", "x", "run"])["y"].to_dict()
    assert drawn == {
        (MONO, 0.1, 0): 0.5,
        (MONO, 0.1, 1): 1,
        (MONO, 0.5, 0): 1,
        (SLIGHT, 0.1, 0): 0.25,
        (SLIGHT, 0.1, 1): 0,
        (SLIGHT, 0.5, 0): 0,
        (POLY, 0.1, 0): 0.25,
        (POLY, 0.1, 1): 0,
        (POLY, 0.5, 0): 0,
    }
    marks = chart.tables["marks"].to_dict("records")
    assert marks == [{"series": MONO, "x": 0.5, "y": 0.25, "text": "the paper's"}]
    against_steps = class_curves(table, against="steps", theme=LIGHT)
    assert set(against_steps.tables["runs"]["x"]) == {60}
    assert "marks" not in against_steps.tables


def test_other_measures_have_a_point_a_network():
    table = network_table([model_of(FOUR, np.eye(4)), model_of(np.eye(4), density=0.5)])
    curve = measure_curve(table, "represented", "features", theme=DARK)
    drawn = curve.tables["runs"][["series", "x", "y", "run"]].values.tolist()
    assert drawn == [["features", 0.1, 3, 0], ["features", 0.1, 4, 1], ["features", 0.5, 4, 0]]
    losses = loss_curves(table, {"iid": "plain", "tilted": "importance"}, theme=DARK)
    drawn = losses.tables["runs"][["series", "x", "y", "run"]].values.tolist()
    assert drawn == [["plain", 60, 0.5, 0], ["plain", 60, 0.25, 1], ["plain", 60, 0.5, 0]]
