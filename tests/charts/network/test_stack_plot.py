from __future__ import annotations

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from tests.helpers.networks import weights
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.network import tables as frames
from toymodel.charts.network.stack_plot import SELECTION, stack_panel

CONFIG = tm.Config(n_features=4, n_neurons=5)
NETWORK = weights(
    [[0.01, 0, -2, 0.02], [4, 2, 0, 0], [0.5, 1, 1, 1], [-1, 0, 0, 0], [0, 3, 0, 1.5]],
    np.ones((4, 5)),
)


def panel(network: tm.Weights = NETWORK, **options):
    columns = frames.columns(network)
    blocks = frames.blocks(CONFIG, network)
    defaults = {"n_features": 4, "top": 5.0, "theme": LIGHT}
    return stack_panel(blocks, columns, frames.spans(columns), **(defaults | options)).chart


def test_every_block_is_drawn_once_at_its_place():
    spec = panel().to_dict()
    drawn = rows(spec, by_field(spec, "color", "superposition"))
    blocks = frames.blocks(CONFIG, NETWORK)
    named = blocks[blocks["feature"] != frames.OTHERS]
    for name in ("neuron", "feature", "low", "high"):
        assert set(drawn[drawn["feature"] != frames.OTHERS][name]) == set(named[name])
    assert len(drawn[drawn["feature"] != frames.OTHERS]) == len(named) == 10


def test_panels_with_one_top_have_one_scale():
    spec = panel(top=7.5).to_dict()
    layer = by_field(spec, "color", "superposition")
    assert layer["encoding"]["y"]["scale"]["domain"] == [0, 7.5]
    assert layer["encoding"]["x"]["scale"]["domain"] == [0, 5]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_spans_have_the_colours_of_their_classes_and_their_names(theme):
    spec = panel(theme=theme).to_dict()
    spans = rows(spec, by_field(spec, "fill", "background"))
    expected = frames.spans(frames.columns(NETWORK))
    assert spans["class"].tolist() == expected["class"].tolist()
    assert spans["background"].tolist() == [theme.class_background[c] for c in expected["class"]]
    (text,) = (layer for layer in layers(spec) if mark(layer)["type"] == "text")
    assert text["encoding"]["text"]["field"] == "name"
    picture = pixels(panel(theme=theme).properties(width=900))
    for name in set(expected["class"]):
        assert shows(picture, theme.class_background[name])
        assert shows(picture, theme.class_ink[name])


def test_colour_follows_superposition_or_the_feature():
    spec = panel(colour="feature").to_dict()
    scale = by_field(spec, "color", "feature")["encoding"]["color"]["scale"]
    assert scale["scheme"] == "tableau20"
    picture = pixels(panel(colour="feature").properties(width=900))
    for colour in ("#4c78a8", "#9ecae9", "#f58518", "#ffbf79"):  # the first four of tableau20
        assert shows(picture, colour)
    picture = pixels(panel().properties(width=900))
    assert shows(picture, "#fde725")  # viridis at 1, and features that share more
    assert not shows(picture, "#f58518")


def test_a_click_anywhere_in_a_column_selects_its_neuron():
    spec = panel().to_dict()
    (parameter,) = (p for p in spec["params"] if p["name"] == SELECTION)
    assert parameter["select"]["type"] == "point"
    assert parameter["select"]["fields"] == ["neuron"]


def test_the_selected_neuron_is_marked():
    assert shows(pixels(panel(selected=2).properties(width=900)), LIGHT.mark)
    assert not shows(pixels(panel().properties(width=900)), LIGHT.mark)


def test_small_weights_are_drawn_as_one_grey_block():
    network = weights(np.where(np.eye(5, 4) > 0, 1, 0.02) + 1e-9, np.ones((4, 5)))
    assert shows(pixels(panel(network, top=1.2).properties(width=900)), LIGHT.faint)


def test_columns_of_a_pixel_or_two_are_not_hidden_by_the_gaps_between_blocks():
    m = 600
    given = weights(np.tile(np.eye(2), (m // 2, 1)), np.ones((2, m)))
    columns = frames.columns(given)
    blocks = frames.blocks(tm.Config(n_features=2, n_neurons=m), given)
    many = stack_panel(
        blocks, columns, frames.spans(columns), n_features=2, top=1.2, theme=LIGHT, colour="feature"
    )
    picture = pixels(many.chart.properties(width=300))
    assert shows(picture, "#4c78a8", 5_000, within=60)


def test_a_network_without_weights_is_drawn_without_blocks():
    chart = panel(weights(np.zeros((5, 4)), np.zeros((4, 5))))
    picture = pixels(chart.properties(width=400))
    assert shows(picture, LIGHT.class_background["unused"])


def test_a_panel_by_itself_says_what_heights_and_colours_mean():
    spec = panel(heights="|W1|", legend=True).to_dict()
    colour = by_field(spec, "color", "superposition")
    assert colour["encoding"]["color"]["legend"]["values"] == [0, 0.5, 1]
    assert colour["encoding"]["y"]["axis"]["title"] == "|W1|"
    scale = by_field(spec, "fill", "class")["encoding"]["fill"]["scale"]
    assert scale["domain"] == list(CLASSES)
    assert scale["range"] == [LIGHT.class_ink[name] for name in CLASSES]
    beside_others = by_field(panel().to_dict(), "color", "superposition")["encoding"]
    assert (beside_others["color"]["legend"], beside_others["y"]["axis"]) == (None, None)


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert panel().to_dict().get("description")
