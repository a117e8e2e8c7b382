from __future__ import annotations

import pandas as pd
import pytest

import toymodel as tm
from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from tests.helpers.networks import model, weights
from toymodel.analysis.polysemanticity import CLASSES, UNUSED
from toymodel.analysis.sweep_table import sweep_table
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.sweep.summary import class_shares, gain

TABLE = pd.DataFrame(
    {
        "density": [1.0, 0.1, 0.001],
        "loss": [0.1, 0.2, 0.05],
        "loss_error": [0.01] * 3,
        "no_superposition_loss": [0.1, 0.3, 0.4],
        "gain": [1.0, 1.5, 8.0],
        CLASSES[0]: [4, 2, 0],
        CLASSES[1]: [0, 1, 0],
        CLASSES[2]: [0, 1, 4],
    }
)


def test_the_shares_of_the_classes_sum_to_one_at_every_density():
    spec = class_shares(TABLE, theme=LIGHT).to_dict()
    drawn = rows(spec, by_field(spec, "color", "class"))
    assert drawn.groupby("density")["share"].sum().tolist() == [1, 1, 1]
    shares = drawn.set_index(["density", "class"])["share"]
    assert shares[0.1].to_dict() == dict(zip(CLASSES, (0.5, 0.25, 0.25), strict=True))
    assert shares[0.001, CLASSES[2]] == 1


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_classes_have_their_colours_and_names(theme):
    chart = class_shares(TABLE, theme=theme)
    scale = by_field(chart.to_dict(), "color", "class")["encoding"]["color"]["scale"]
    assert scale["domain"] == list(CLASSES)
    assert scale["range"] == [theme.class_ink[name] for name in CLASSES]
    picture = pixels(chart.properties(width=300))
    for name in CLASSES:
        assert shows(picture, theme.class_ink[name])


def test_unused_neurons_are_shown_where_there_are_some():
    recipe = tm.Recipe()
    configs = [
        tm.Config(n_features=2, n_neurons=2, feature_probability=p, seed=1) for p in (1.0, 0.5)
    ]
    found = model(configs[0], recipe)
    half = weights([[1, 0], [0, 0]], [[1, 1], [1, 1]])
    idle = tm.Model(**(vars(found) | {"restarts": (half,), "config": configs[1]}))
    chart = class_shares(sweep_table([found, idle]), theme=LIGHT)
    spec = chart.to_dict()
    drawn = rows(spec, by_field(spec, "color", "class"))
    shares = drawn.set_index(["density", "class"])["share"]
    assert shares[0.5, UNUSED] == shares[0.5, CLASSES[0]] == 0.5
    assert shows(pixels(chart.properties(width=300)), LIGHT.class_ink[UNUSED])


def test_sparser_densities_stand_further_to_the_right():
    for chart in (class_shares(TABLE, theme=LIGHT), gain(TABLE, theme=LIGHT)):
        spec = chart.to_dict()
        places = [
            layer["encoding"]["x"]
            for layer in layers(spec)
            if layer["encoding"].get("x", {}).get("field") == "density"
        ]
        assert places
        assert all(x["type"] == "ordinal" and x["sort"] == "descending" for x in places)


def test_gain_is_drawn_with_the_line_at_one_where_nothing_is_gained():
    chart = gain(TABLE, theme=LIGHT)
    spec = chart.to_dict()
    line = by_field(spec, "y", "gain")
    assert line["encoding"]["y"]["scale"]["type"] == "log"
    assert rows(spec, line)["gain"].tolist() == [1, 1.5, 8]
    (rule,) = (layer for layer in layers(spec) if mark(layer)["type"] == "rule")
    assert rows(spec, rule)["y"].tolist() == [1]
    picture = pixels(chart.properties(width=300))
    assert shows(picture, LIGHT.negative)


def test_a_gain_that_does_not_exist_is_left_out():
    table = TABLE.assign(gain=[float("nan"), 1.5, 8.0])
    assert shows(pixels(gain(table, theme=LIGHT).properties(width=300)), LIGHT.negative)


def test_both_charts_have_words_for_those_who_cannot_see_them():
    assert class_shares(TABLE, theme=LIGHT).to_dict()["description"]
    assert gain(TABLE, theme=LIGHT).to_dict()["description"]
