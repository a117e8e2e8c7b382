from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import toymodel as tm
from tests.helpers.chart_specs import THEMES, by_field, layers, mark, picture, rows, shows
from tests.helpers.networks import model_of, weights
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT
from toymodel.charts.phase.density_map import (
    density_edges,
    density_map,
    effective_shares,
    rank_shares,
    turning_points,
)

SHARES = pd.DataFrame(
    [
        (1.0, 1.0, 2.0, 1.0, "1 to 2"),
        (1.0, 2.0, 20.0, 0.0, "2 and more"),
        (0.1, 1.0, 2.0, 0.25, "1 to 2"),
        (0.1, 2.0, 20.0, 0.75, "2 and more"),
        (0.01, 1.0, 2.0, 0.0, "1 to 2"),
        (0.01, 2.0, 20.0, 1.0, "2 and more"),
    ],
    columns=["density", "low", "high", "share", "name"],
)
POINTS = pd.DataFrame({"density": [0.1], "y": [1.5]})


def chart(shares=SHARES, theme=LIGHT, **options) -> Chart:
    return density_map(shares, up="features", title="share of neurons", theme=theme, **options)


def encoding(**options):
    return by_field(chart(**options).spec, "color", "share")["encoding"]


def test_columns_meet_and_hold_their_densities():
    edges = density_edges([0.01, 1, 0.2, 1])
    assert list(edges) == [1, 0.2, 0.01]
    for density, (first, last) in edges.items():
        assert first > density > last
    for (_, one), (other, _) in pairwise(edges.values()):
        assert one == other
    assert edges[0.2] == pytest.approx((math.sqrt(0.2), math.sqrt(0.002)))
    # The outermost ones end as far out as they begin within.
    assert edges[1][0] == pytest.approx(1 / math.sqrt(0.2))
    assert edges[0.01][1] == pytest.approx(0.01**2 / math.sqrt(0.002))
    ((first, last),) = density_edges([0.3]).values()
    assert first > 0.3 > last


def test_a_cell_stands_where_its_density_and_its_interval_are():
    places = [encoding()[name]["field"] for name in ("x", "x2", "y", "y2")]
    assert places == ["x", "x2", "low", "high"]
    cells = chart().tables["cells"]
    assert cells["share"].tolist() == SHARES["share"].tolist()
    edges = density_edges(SHARES["density"])
    assert list(zip(cells["x"], cells["x2"], strict=True)) == [edges[p] for p in SHARES["density"]]


def test_the_densest_column_is_on_the_left_and_the_axes_end_with_the_cells():
    edges = density_edges(SHARES["density"])
    assert encoding()["x"]["scale"]["domain"] == [edges[1][0], edges[0.01][1]]
    assert encoding()["x"]["axis"]["values"] == [1, 0.3, 0.1, 0.03, 0.01]
    assert encoding()["y"]["scale"]["domain"] == [1, 20]
    kinds = [encoding(log=log)["y"]["scale"]["type"] for log in (True, False)]
    assert kinds == ["log", "linear"]


def test_the_colour_is_a_share_from_none_to_all_and_the_legend_says_of_what():
    colour = encoding()["color"]
    assert colour["scale"]["domain"] == [0, 1]
    assert colour["title"] == "share of neurons"
    assert (colour["legend"]["values"][0], colour["legend"]["values"][-1]) == (0, 1)


def test_points_are_where_they_are_given():
    made = chart(points=POINTS)
    (point,) = (layer for layer in layers(made.spec) if mark(layer)["type"] == "circle")
    assert rows(made.to_vega_lite(), point).to_dict("records") == POINTS.to_dict("records")
    assert [point["encoding"][name]["field"] for name in ("x", "y")] == ["density", "y"]
    assert not any(mark(layer)["type"] == "circle" for layer in layers(chart().spec))


@THEMES
def test_none_is_the_background_and_all_the_themes_colour(theme):
    found = picture(chart(theme=theme, points=POINTS), theme)
    assert shows(found, theme.background, 1000) and shows(found, theme.negative, 1000)
    assert shows(found, theme.mark, 8, within=30)


# Tables

EYE_NET = weights(np.eye(2), np.eye(2))
EYE = np.eye(2)
FOUR = [[1, 0, 0, 0], [1, 0.04, 0, 0], [0, 1, 0.2, 0], [0, 1, 1, 0]]
MIXED = [[1, 0.5], [0.5, 1]]


def test_neurons_are_spread_over_their_effective_features():
    found = effective_shares([model_of(FOUR, np.eye(4)), model_of([[1, 0], [0, 0]], density=0.5)])
    shares = {
        p: own.set_index("name")["share"].loc[lambda share: share > 0].to_dict()
        for p, own in found.groupby("density")
    }
    assert shares == {
        0.1: {"1 to 1.25": 6 / 8, "1.25 to 1.75": 1 / 8, "1.75 to 2.5": 1 / 8},
        0.5: {"1 to 1.25": 1},  # what nothing drives is no neuron
    }
    (interval,) = found.loc[
        (found["density"] == 0.1) & (found["name"] == "1.25 to 1.75")
    ].itertuples()
    assert (interval.low, interval.high) == (1.25, 1.75)


def test_shares_sum_to_one_and_the_last_interval_takes_those_beyond():
    found = effective_shares([model_of(np.ones((3, 30))), model_of(MIXED, EYE, density=0.5)])
    assert found.groupby("density")["share"].sum().tolist() == pytest.approx([1, 1])
    beyond = found.loc[found["density"] == 0.1].iloc[-1]
    assert (beyond["name"], beyond["share"]) == ("14 and more", 1)
    assert effective_shares([model_of(np.zeros((2, 2)))])["share"].tolist() == [0] * 9


def test_a_rank_is_a_place_by_importance():
    # The second row holds the first feature alone, so it is the first in the order.
    found = rank_shares([model_of([[0.5, 1], [1, 0]], EYE)])
    assert found["rank"].tolist() == [0, 1]
    assert found["share"].tolist() == [0, 0.5]
    assert found[["low", "high"]].to_numpy().tolist() == [[0, 1], [1, 2]]
    assert found["name"].tolist() == ["0", "1"]
    strict = rank_shares([model_of([[0.5, 1], [1, 0]], EYE)], Thresholds(second_weight=0.6))
    assert strict["share"].tolist() == [0, 0]


def test_a_rank_turns_at_the_first_density_where_half_of_the_networks_have_turned():
    dense = model_of(EYE, EYE, density=1.0)
    half = model_of(EYE, [[1, 0], [0.5, 1]], density=0.5)
    back = model_of(EYE, EYE, density=0.25)
    sparse = model_of(MIXED, MIXED, density=0.1)

    def turns(*models: tm.Model) -> list[float]:
        found = turning_points(rank_shares(models))
        assert found["rank"].tolist() == [0, 1]
        return found["density"].tolist()

    assert turns(dense, half, back, sparse) == turns(sparse, back, half, dense) == [0.1, 0.5]
    assert turns(sparse, replace(half, restarts=(EYE_NET, *half.restarts))) == [0.1, 0.1]
    assert turns(model_of(MIXED, MIXED, density=1.0), sparse) == [1, 1]
    first, second = turns(dense, half, back)
    assert np.isnan(first)
    assert second == 0.5
    assert turning_points(rank_shares([model_of(EYE)]))["density"].isna().all()
