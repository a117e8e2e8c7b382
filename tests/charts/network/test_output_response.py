from __future__ import annotations

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.chart_specs import THEMES, mark, of_kind, picture, rows, shows
from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.charts.chart import Chart
from toymodel.charts.look import FEATURE_COLOURS, LIGHT, feature_colour
from toymodel.charts.network.output_response import output_response, response_lines, responses
from toymodel.settings import SettingError

CONFIG = tm.Config(n_features=3, n_neurons=2)
# Feature 2 is answered by feature 0's neuron, and would show up if it were not alone.
NETWORK = weights([[2, 0, 0], [0, 0, -1]], [[1, 0], [0, 0], [9, 3]], [-0.5, 0.25, 0])


# The table


def test_a_response_is_the_output_of_a_feature_that_is_alone():
    table = responses(CONFIG, NETWORK, [2, 0, 1])
    assert table["feature"].tolist() == [2] * 101 + [0] * 101 + [1] * 101
    np.testing.assert_allclose(table["x"], np.tile(np.linspace(-1, 1, 101), 3), atol=1e-6)
    quarters = table.iloc[np.add.outer([0, 101, 202], [0, 25, 50, 75, 100]).ravel()]
    assert quarters["target"].tolist() == [1, 0.5, 0, 0.5, 1] * 3
    assert quarters["output"].tolist() == [3, 1.5, 0, 0, 0, 0, 0, 0, 0.5, 1.5, *[0.25] * 5]


def test_two_neurons_a_feature_answer_the_target():
    config = tm.Config(n_features=4, n_neurons=8)
    table = responses(config, two_neurons_a_feature(4), range(4))
    np.testing.assert_allclose(table["output"], table["target"], atol=1e-6)


@pytest.mark.parametrize("features", [[3], [0, -1]])
def test_a_feature_that_is_not_there_has_no_response(features: list[int]):
    with pytest.raises(SettingError, match="must be from 0 to 2"):
        responses(CONFIG, NETWORK, features)


# The chart


def response(features=(2, 0), theme=LIGHT) -> Chart:
    return output_response(CONFIG, NETWORK, features, theme=theme)


def test_lines_are_the_responses_and_the_target_is_dashed():
    spec = response().to_vega_lite()
    line, target = of_kind(spec, "line")
    expected = responses(CONFIG, NETWORK, [2, 0])
    assert rows(spec, line).to_dict("list") == expected.to_dict("list")
    encoding = line["encoding"]
    assert [encoding[name]["field"] for name in ("x", "y", "color", "detail")] == [
        "x",
        "output",
        "feature",
        "feature",
    ]
    assert target["encoding"]["y"]["field"] == "target"
    assert rows(spec, target)["target"].tolist() == expected["target"].tolist()[:101]
    assert mark(target)["strokeDash"]
    assert spec["description"].startswith("Output of each feature")
    assert response([]).tables["lines"].empty


@pytest.mark.parametrize("n_features", [3, 100])
def test_features_have_the_colours_that_they_have_everywhere(n_features: int):
    table = responses(CONFIG, NETWORK, [2, 0])
    spec = response_lines(table, n_features, up="output", theme=LIGHT, height=260).spec
    colour = of_kind(spec, "line")[0]["encoding"]["color"]
    assert colour["scale"] == feature_colour(n_features, [2, 0])["scale"]
    assert colour["legend"]["values"] == [2, 0]


def test_a_table_without_a_target_is_drawn_without():
    table = responses(CONFIG, NETWORK, [2, 0]).drop(columns="target")
    chart = response_lines(table, 3, up="activation of n1", theme=LIGHT, height=260)
    line = of_kind(chart.spec, "line")[0]
    assert len(of_kind(chart.spec, "line")) == 1
    assert line["encoding"]["y"]["title"] == "activation of n1"
    assert chart.spec["description"].startswith("Activation of n1")
    assert "target" not in f"{chart.spec}"


@THEMES
def test_lines_have_their_colours_and_the_target_is_in_ink(theme):
    found = picture(response([2], theme), theme)
    assert shows(found, FEATURE_COLOURS[2])
    assert not shows(found, FEATURE_COLOURS[0])
    assert shows(found, theme.ink, within=40)
