from __future__ import annotations

import itertools
import re

import pandas as pd
import pytest

from tests.helpers.chart_specs import pixels, shows, whole
from tests.helpers.colours import contrast
from toymodel.analysis.polysemanticity import CLASSES, UNUSED
from toymodel.charts.chart import Chart
from toymodel.charts.look import (
    DARK,
    LIGHT,
    NEURON_COUNTS,
    feature_colour,
    neuron_count_names,
    neuron_counts_colour,
    signed_scale,
    standing_alone,
    superposition_colour,
    theme,
)
from toymodel.charts.vega import layer, quantitative

EACH = pytest.mark.parametrize("each", [LIGHT, DARK], ids=["light", "dark"])


def test_each_theme_has_a_colour_for_every_class():
    assert (theme(dark=False), theme(dark=True)) == (LIGHT, DARK)
    for each in (LIGHT, DARK):
        assert tuple(each.class_background) == tuple(each.class_ink) == (*CLASSES, UNUSED)
        assert len(set(each.class_background.values())) == 4
        colours = [*each.class_background.values(), *each.class_ink.values(), each.ink, each.mark]
        assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)


@EACH
def test_class_names_are_legible_on_their_background(each):
    for name in CLASSES:
        assert contrast(each.class_ink[name], each.class_background[name]) >= 4.5


@EACH
def test_text_is_legible_on_the_background_of_a_chart_that_stands_alone(each):
    assert contrast(each.ink, each.background) >= 7
    spec = {"layer": [layer("points", "point", {"x": quantitative("x")})], "title": "on a page"}
    plain = Chart(spec, {"points": pd.DataFrame({"x": [1]})})
    chart = standing_alone(plain, title="Name", subtitle=["about"], theme=each, width=300)
    assert chart.spec["title"] == {"text": "Name", "subtitle": ["about"]}
    assert chart.spec["width"] == 300
    config = chart.spec["config"]
    assert config["background"] == each.background
    assert config["title"]["color"] == config["title"]["subtitleColor"] == each.ink
    for part in ("axis", "legend"):
        assert config[part]["labelColor"] == config[part]["titleColor"] == each.ink
    found = pixels(whole(chart))
    assert shows(found, each.background, 10_000) and shows(found, each.ink, within=40)
    assert plain.spec == spec  # the page's stays as it is


def test_few_features_have_categories_and_many_a_rank():
    few, many = feature_colour(20), feature_colour(21)
    assert (few["type"], few["scale"]["domain"]) == ("nominal", list(range(20)))
    assert few["scale"]["scheme"] == "tableau20"
    assert (many["type"], many["scale"]["domain"]) == ("quantitative", [0, 20])
    # Those chosen of many are told apart by category.
    chosen = feature_colour(100, [7, 3])
    assert (chosen["type"], chosen["scale"]["domain"]) == ("nominal", [7, 3])
    assert feature_colour(6, [5, 2])["scale"]["domain"] == list(range(6))
    assert feature_colour(100, range(21))["type"] == "quantitative"


def test_superposition_is_viridis_from_zero_to_one_as_in_the_paper():
    scale = superposition_colour()["scale"]
    assert (scale["scheme"], scale["domain"], scale["clamp"]) == ("viridis", [0, 1], True)


@EACH
def test_signs_have_colours_on_either_side_of_the_background(each):
    scale = signed_scale(2.5, each)
    assert (scale["domain"], scale["clamp"]) == ([-2.5, 0, 2.5], True)
    assert scale["range"] == [each.negative, each.background, each.positive]
    against = [contrast(colour, each.background) for colour in each.neuron_counts]
    assert against[0] >= 1.5
    # Apart in lightness, so that they differ for those who see no hues.
    assert all(more >= 1.4 * less for less, more in itertools.pairwise(against))
    scale = neuron_counts_colour(each)["scale"]
    assert scale == {"domain": list(NEURON_COUNTS), "range": list(each.neuron_counts)}


def test_from_three_on_instances_are_called_the_same():
    assert neuron_count_names([3, 0, 7, 2]) == ["3 or more", "0", "3 or more", "2"]
