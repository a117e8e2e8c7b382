from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from tests.helpers.chart_specs import pixels, shows, whole
from tests.helpers.colours import contrast
from toymodel.analysis.polysemanticity import CLASSES, UNUSED
from toymodel.charts.chart import Chart
from toymodel.charts.look import (
    DARK,
    FEATURE_COLOURS,
    LIGHT,
    NEURON_COUNTS,
    colour_stops,
    feature_colour,
    ink_on,
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
    assert few["scale"]["range"] == list(FEATURE_COLOURS)
    assert (many["type"], many["scale"]["domain"]) == ("quantitative", [0, 20])
    # Those chosen of many are told apart by category.
    chosen = feature_colour(100, [7, 3])
    assert (chosen["type"], chosen["scale"]["domain"]) == ("nominal", [7, 3])
    assert feature_colour(6, [5, 2])["scale"]["domain"] == list(range(6))
    assert feature_colour(100, range(21))["type"] == "quantitative"


# Machado, Oliveira and Fernandes (2009), in linear RGB.
DEUTERANOPE = np.array(
    [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
)


def closest(colours: Sequence[str], seen: np.ndarray) -> float:
    """The distance in OKLab of the two colours that are most alike."""
    rgb = np.array([[int(each[i : i + 2], 16) for i in (1, 3, 5)] for each in colours]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    found = np.cbrt(np.clip(linear @ seen.T, 0, 1) @ cones.T) @ lab.T
    distance = np.linalg.norm(found[:, None] - found, axis=2)
    return float(distance[np.triu_indices(len(colours), 1)].min())


@pytest.mark.parametrize("seen", [np.eye(3), DEUTERANOPE], ids=["all hues", "deuteranope"])
def test_colours_of_features_are_told_apart_without_hues_too(seen: np.ndarray):
    # Of the first six of tableau10 two are 0.007 apart for a deuteranope.
    assert closest(FEATURE_COLOURS[:6], seen) > 0.12
    assert closest(FEATURE_COLOURS, seen) > 0.05


@EACH
def test_names_on_colours_of_features_are_legible_and_blocks_seen(each):
    for colour in FEATURE_COLOURS:
        assert contrast(ink_on(colour), colour) >= 4
        assert contrast(colour, each.background) >= 1.5


@EACH
def test_the_darkest_blocks_have_an_edge_that_is_seen_on_their_class(each):
    on = each.class_background[CLASSES[0]]
    assert max(contrast(colour, on) for colour in ("#440154", each.block_edge)) >= 3


def test_the_stops_of_a_legend_are_the_colours_of_the_blocks():
    assert colour_stops("superposition", 5).startswith("#440154, ")
    few = colour_stops("feature", 4).split(", ")
    assert few[0] == f"{FEATURE_COLOURS[0]} 0% 25%" and few[3].endswith(" 75% 100%")
    assert colour_stops("feature", 21).endswith("#0d0887")


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
