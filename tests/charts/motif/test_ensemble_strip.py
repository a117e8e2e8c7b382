from __future__ import annotations

import pandas as pd
import pytest

import toymodel as tm
from tests.helpers.chart_specs import THEMES, by_field, layers, mark, picture, rows, shows
from tests.helpers.motifs import two
from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.analysis.ensemble import Member
from toymodel.analysis.motifs import MotifThresholds
from toymodel.charts.chart import Chart
from toymodel.charts.look import LIGHT, NEURON_COUNTS
from toymodel.charts.motif.ensemble_strip import SELECTION, ensemble_strip, ensemble_table
from toymodel.model import Weights

TABLE = pd.DataFrame(
    {
        "member": [7, 3, 0, 5],
        "rank": [0, 1, 2, 3],
        "loss": [0.025, 0.03, 0.04, 0.06],
        "neurons": [2, 5, 0, 1],
        "pairs": [2, 9, 0, 1],
        "name": ["seed 7", "seed 3", "seed 0", "seed 5"],
    }
)


def chart(table=TABLE, theme=LIGHT, shown: int = 3, baseline: float | None = 0.05) -> Chart:
    return ensemble_strip(table, shown=shown, baseline=baseline, theme=theme)


def points(made: Chart):
    return by_field(made.spec, "shape", "neurons")


def of_table(made: Chart, name: str, kind: str) -> list:
    found = [each for each in layers(made.spec) if each["data"]["name"] == name]
    return [each for each in found if mark(each)["type"] == kind]


# The table


def member(number: int, loss: float, network: Weights | None = None) -> Member:
    config = tm.Config(n_features=6, n_neurons=12, seed=number)
    return Member(number, config, number % 2, network or two_neurons_a_feature(6), loss)


def test_an_ensemble_is_ranked_by_loss_and_its_neurons_and_pairs_are_counted():
    found = [member(0, 0.3), member(1, 0.1, weights(*two())), member(2, 0.2)]
    table = ensemble_table(found)
    assert table[["member", "rank", "neurons", "pairs", "name"]].values.tolist() == [
        [1, 0, 2, 2, "seed 1"],
        [2, 1, 0, 0, "seed 2"],
        [0, 2, 0, 0, "seed 0"],
    ]
    W1, W2 = two()
    W1[0, 5], W2[5, 0], W1[8, 0], W2[5, 8] = 0.5, 2, 0.25, -16  # a second pair in neuron 0
    W1[10, 5] = W2[5, 10] = 0
    (row,) = ensemble_table([member(0, 0.1, weights(W1, W2))]).to_dict("records")
    assert (row["neurons"], row["pairs"]) == (2, 3)
    assert ensemble_table(found, by="restart")["name"].tolist() == [
        "restart 1",
        "restart 0",
        "restart 0",
    ]
    assert ensemble_table(found, by="both")["name"].iloc[0] == "seed 1, restart 1"
    strict = ensemble_table(found, MotifThresholds(ratio=5))
    assert strict["neurons"].tolist() == [0, 0, 0]
    assert list(ensemble_table([])) == list(table)


# The chart


def test_models_stand_by_rank_and_loss_with_the_colour_and_shape_of_their_instances():
    made = chart()
    drawn = rows(made.to_vega_lite(), points(made))
    assert drawn["rank"].tolist() == TABLE["rank"].tolist()
    assert drawn["drawn"].tolist() == drawn["loss"].tolist() == TABLE["loss"].tolist()
    assert drawn["neurons"].tolist() == ["2", "3 or more", "0", "1"]
    encoding = points(made)["encoding"]
    assert [encoding[name]["field"] for name in ("x", "y")] == ["rank", "drawn"]
    encoding = points(chart())["encoding"]
    for channel in ("color", "shape"):
        assert encoding[channel]["field"] == "neurons"
        assert encoding[channel]["title"] == "asymmetric neurons"
        assert encoding[channel]["scale"]["domain"] == list(NEURON_COUNTS)
        assert len(set(encoding[channel]["scale"]["range"])) == len(NEURON_COUNTS)
    assert encoding["color"]["legend"] == encoding["shape"]["legend"]
    y = points(chart())["encoding"]["y"]
    assert (y["scale"]["type"], y["scale"]["domain"]) == ("log", [0.02, 0.07])
    assert y["axis"]["values"] == [0.02, 0.03, 0.05, 0.07]


def test_a_loss_of_zero_has_its_place_on_the_log_axis():
    made = chart(TABLE.assign(loss=[0.5, 0.0, 0.25, 0.125]))
    low, high = points(made)["encoding"]["y"]["scale"]["domain"]
    drawn = made.tables["models"]
    assert drawn["loss"].min() == 0
    assert 0 < low <= drawn["drawn"].min() < 1e-9
    assert high >= 0.5


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, [0]),
        (1, [0]),
        (4, [0, 1, 2, 3]),
        (64, [0, 9, 19, 29, 39, 49, 59]),
        (512, [0, 99, 199, 299, 399, 499]),
    ],
)
def test_ranks_are_counted_from_one(count: int, expected: list[int]):
    table = pd.concat([TABLE.head(1)] * max(1, count)).head(count)
    made = chart(table.assign(rank=range(count), member=range(count)))
    axis = points(made)["encoding"]["x"]["axis"]
    assert axis["values"] == expected
    assert axis["labelExpr"] == "datum.value + 1"


def test_a_click_anywhere_over_a_model_selects_it():
    made = chart()
    (param,) = made.spec["params"]
    assert param["name"] == SELECTION
    assert param["select"] == {"type": "point", "fields": ["member"], "toggle": False}
    hit = list(layers(made.spec))[-1]  # on top of everything
    assert param["views"] == [hit["name"]]
    assert (mark(hit)["type"], mark(hit)["opacity"]) == ("rect", 0)
    assert "y" not in hit["encoding"]
    assert [each["field"] for each in hit["encoding"]["tooltip"]] == [
        "name",
        "loss",
        "found",
        "pairs",
    ]
    drawn = rows(made.to_vega_lite(), hit)
    assert drawn[["member", "start", "end"]].to_numpy().tolist() == [
        [7, -0.5, 0.5],
        [3, 0.5, 1.5],
        [0, 1.5, 2.5],
        [5, 2.5, 3.5],
    ]
    assert drawn["found"].tolist() == [2, 5, 0, 1]


def test_the_shown_model_has_a_ring():
    assert chart(shown=0).tables["shown"]["member"].tolist() == [0]
    assert chart(shown=99).tables["shown"].empty
    (ring,) = of_table(chart(), "shown", "point")
    assert (mark(ring)["filled"], mark(ring)["stroke"]) == (False, LIGHT.mark)


@pytest.mark.parametrize(
    ("baseline", "drawn"), [(0.15, True), (0.01, True), (0.5, False), (0, False), (None, False)]
)
def test_the_baseline_is_drawn_where_it_is_near(baseline: float | None, drawn: bool):
    made = chart(baseline=baseline)
    (rule,) = of_table(made, "baseline", "rule")
    assert rows(made.to_vega_lite(), rule).to_numpy().tolist() == (
        [[baseline, "no superposition"]] if drawn else []
    )
    low, high = points(made)["encoding"]["y"]["scale"]["domain"]
    assert (low <= (baseline or 0) <= high) == drawn


@pytest.mark.parametrize(
    ("baseline", "place"), [(0.1, ("left", "top")), (0.02, ("right", "bottom"))]
)
def test_the_name_of_the_baseline_is_where_no_models_are(baseline: float, place: tuple[str, str]):
    texts = of_table(chart(baseline=baseline), "baseline", "text")
    assert {(mark(text)["align"], mark(text)["baseline"]) for text in texts} == {place}


@THEMES
def test_models_have_the_colours_of_their_instances(theme):
    found = picture(chart(theme=theme), theme)
    assert all(shows(found, colour) for colour in theme.neuron_counts)
    assert shows(found, theme.mark, 30, within=30)
