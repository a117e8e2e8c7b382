from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.chart_specs import by_field
from tests.helpers.motifs import monosemantic, plant, two
from tests.helpers.networks import model, two_neurons_a_feature, weights
from toymodel.charts.look import LIGHT
from toymodel.charts.motif.frequency import frequency_map, motif_frequency

CONFIG = tm.Config(n_features=6, n_neurons=12, feature_probability=0.5, importance_decay=0.9)
NETWORKS = (
    two_neurons_a_feature(6),
    weights(*plant(monosemantic(6), 0, 1, {4: -16})),
    weights(*two()),
)


def made(counts: list[int], losses: list[float] | None = None) -> tm.Model:
    """A model whose restarts have so many asymmetric neurons."""
    return replace(
        model(CONFIG, tm.Recipe(restarts=len(counts))),
        restarts=tuple(NETWORKS[count] for count in counts),
        losses=np.float32(losses or range(1, len(counts) + 1)),
    )


def test_settings_say_how_common_it_is_and_whether_in_the_better_ones():
    one = made([0, 1, 2, 0, 0, 0, 0, 2], [0.5, 0.2, 0.1, 0.4, 0.6, 0.7, 0.8, 0.9])
    (row,) = motif_frequency([one]).to_dict("records")
    assert (row["density"], row["decay"], row["models"]) == (0.5, 0.9, 8)
    assert [row[f"share_{k}"] for k in range(4)] == [5 / 8, 1 / 8, 2 / 8, 0]
    assert (row["mean"], row["best"], row["worst"], row["difference"]) == (5 / 8, 1.5, 1, 0.5)
    assert row["pairs"] == 5 / 8
    # Of two each: 2 and 1 against 0 and 2.
    assert row["error"] == pytest.approx(np.sqrt((0.25 + 1) / 2))
    assert (row["common"], row["clear"]) == (True, False)


@pytest.mark.parametrize(
    ("counts", "common", "clear"),
    [
        ([0] * 12, False, False),
        ([1] + [0] * 9, True, False),  # the best quarter has 1 and 0
        ([1] + [0] * 10, False, False),
        ([2, 2, 2, 0, 0, 0, 0, 0, 0, 1, 0, 0], True, True),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2], True, True),
    ],
)
def test_quarters_differ_clearly_where_it_is_common(counts: list[int], common: bool, clear: bool):
    (row,) = motif_frequency([made(counts)]).to_dict("records")
    assert (row["common"], row["clear"]) == (common, clear)


def test_the_map_has_the_numbers_of_the_table():
    frequency = motif_frequency([made([2, 0, 0, 1]), made([0] * 4)])
    frequency["density"] = [0.5, 0.1]
    shares = frequency_map(frequency, theme=LIGHT, selected=(0.5, 0.9))
    assert shares.tables["cells"]["text"].tolist() == ["50%", "0%"]
    assert shares.tables["selected"]["text"].tolist() == ["50%"]
    color = by_field(shares.spec, "color", "value")["encoding"]["color"]
    assert (color["scale"]["domain"], color["legend"]["format"]) == ([0, 1], ".0%")
