from __future__ import annotations

import numpy as np
import pytest

from tests.helpers.chart_specs import by_field, layers, mark, pixels, rows, shows
from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.network import tables as frames
from toymodel.charts.network.graph import SELECTION, network

SIGNED = weights([[2, -1], [0, 1]], [[1, 0], [-3, 0.5]])


def chart(given=SIGNED, theme=LIGHT):
    m, n = given.W1.shape
    return network(frames.edges(given), n_features=n, n_neurons=m, theme=theme).chart


def test_every_edge_is_drawn_with_its_sign_and_size():
    spec = chart().to_dict()
    edges = rows(spec, by_field(spec, "color", "sign"))
    found = edges.set_index(["layer", "neuron", "feature"])["weight"].to_dict()
    assert found == {
        ("W1", 0, 0): 2,
        ("W1", 0, 1): -1,
        ("W1", 1, 1): 1,
        ("W2", 0, 0): 1,
        ("W2", 0, 1): -3,
        ("W2", 1, 1): 0.5,
    }
    assert all((edges["weight"] > 0) == (edges["sign"] == "positive"))
    assert edges["size"].tolist() == edges["weight"].abs().tolist()


def test_signs_are_told_by_dashes_too():
    encoding = by_field(chart().to_dict(), "color", "sign")["encoding"]
    assert encoding["strokeDash"]["field"] == "sign"
    dashes = encoding["strokeDash"]["scale"]["range"]
    assert dashes[0] != dashes[1]
    assert encoding["color"]["scale"]["domain"] == ["positive", "negative"]


def test_weights_are_written_on_the_edges_while_there_are_few():
    def numbers(spec) -> int:
        texts = [layer for layer in layers(spec) if mark(layer)["type"] == "text"]
        return sum(layer["encoding"]["text"]["field"] == "weight" for layer in texts)

    assert numbers(chart(two_neurons_a_feature(3)).to_dict()) > 0
    assert numbers(chart().to_dict()) == 0
    many = chart(weights(np.ones((6, 4)), np.ones((4, 6)))).to_dict()
    assert numbers(many) == 0


def test_inputs_and_outputs_are_named():
    spec = chart().to_dict()
    names = [layer for layer in layers(spec) if mark(layer)["type"] == "text"]
    named = [layer for layer in names if layer["encoding"]["text"]["field"] == "node"]
    assert len(named) == 2
    assert set(rows(spec, named[0])["node"]) == {"x0", "x1", "y0", "y1"}


def test_the_graph_is_drawn_in_the_colours_of_the_theme():
    for theme in (LIGHT, DARK):
        picture = pixels(chart(two_neurons_a_feature(2), theme).properties(width=500))
        for colour in (theme.positive, theme.negative, theme.node):
            # Edges are a little transparent, so that their colour is mixed with white.
            part = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
            mixed = "#" + "".join(f"{round(0.9 * c + 0.1 * 255):02x}" for c in part)
            assert shows(picture, colour) or shows(picture, mixed)


def test_a_network_without_weights_is_drawn_without_edges():
    picture = pixels(chart(weights(np.zeros((2, 2)), np.zeros((2, 2)))).properties(width=300))
    assert shows(picture, LIGHT.node)


def test_the_chart_has_words_for_those_who_cannot_see_it():
    assert chart().to_dict()["description"]


def whole(n: int = 4, m: int = 3):
    random = np.random.default_rng(0)
    return weights(random.normal(size=(m, n)), random.normal(size=(n, m)))


def part(features=(3, 1), neurons=(2, 0), *, given=None, theme=LIGHT, n_features: int = 4):
    given = given or whole()
    return network(
        frames.edges(given, least=0.0, features=features, neurons=neurons),
        n_features=n_features,
        n_neurons=len(neurons),
        features=features,
        neurons=neurons,
        theme=theme,
    )


def number_layer(spec):
    return next(
        layer
        for layer in layers(spec)
        if mark(layer)["type"] == "text" and layer["encoding"]["text"]["field"] == "weight"
    )


def test_a_part_has_its_features_and_neurons_in_their_order():
    spec = part().spec
    nodes = rows(spec, by_field(spec, "color", "feature"))
    assert nodes["node"].tolist() == ["x3", "x1", "y3", "y1"]
    assert nodes["x"].tolist() == [0.25, 0.75, 0.25, 0.75]
    hidden = rows(spec, by_field(spec, "text", "name"))
    assert hidden[["x", "neuron", "name"]].to_numpy().tolist() == [
        [0.25, 2, "neuron 2"],
        [0.75, 0, "neuron 0"],
    ]


def test_neurons_of_the_whole_model_are_not_named():
    spec = chart(whole()).to_dict()
    texts = [layer for layer in layers(spec) if mark(layer)["type"] == "text"]
    assert {layer["encoding"]["text"]["field"] for layer in texts} == {"node"}


def test_a_click_on_a_neuron_of_a_part_selects_it():
    (param,) = part().spec["params"]
    assert param["name"] == SELECTION
    assert param["select"]["fields"] == ["neuron"]
    (view,) = param["views"]
    (layer,) = (each for each in layers(part().spec) if each.get("name") == view)
    assert rows(part().spec, layer)["neuron"].tolist() == [2, 0]


def test_features_of_a_part_have_the_colours_of_the_model():
    scale = by_field(part().spec, "color", "feature")["encoding"]["color"]["scale"]
    assert (scale["scheme"], scale["domain"]) == ("tableau20", [0, 1, 2, 3])
    assert shows(pixels(part().chart.properties(width=400)), "#ffbf79")  # the fourth of tableau20
    given = whole(30, 3)
    spec = part((7, 29), given=given, n_features=30).spec
    scale = by_field(spec, "color", "feature")["encoding"]["color"]["scale"]
    assert (scale["scheme"], scale["domain"]) == ("tableau10", [7, 29])


def test_numbers_of_a_part_stand_on_their_edges_and_not_on_each_other():
    spec = part((0, 1, 2, 3), (0, 1, 2)).spec
    edges = rows(spec, number_layer(spec))
    assert len(edges) == 24
    share = (edges["middle_y"] - edges["y"]) / (edges["y2"] - edges["y"])
    assert np.allclose(edges["middle_x"], edges["x"] + share * (edges["x2"] - edges["x"]))
    from_neuron = share.where(edges["layer"] == "W2", 1 - share)
    assert from_neuron.between(0.2, 0.7).all()
    for _, layer in edges.groupby("layer"):
        at = 500 * layer["middle_x"].to_numpy(), 104 * layer["middle_y"].to_numpy()
        apart = [np.abs(each[:, None] - each) for each in at]
        touching = (apart[0] < 32) & (apart[1] < 12)
        assert touching.sum() == len(layer)  # each itself


def test_numbers_of_a_part_with_many_edges_are_not_written():
    given = whole(5, 3)
    texts = [
        layer["encoding"]["text"]["field"]
        for layer in layers(part((0, 1, 2, 3, 4), (0, 1, 2), given=given, n_features=5).spec)
        if mark(layer)["type"] == "text"
    ]
    assert texts == ["name", "node", "node"]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_part_is_drawn_in_the_colours_of_the_theme(theme):
    picture = pixels(part(theme=theme).chart.properties(width=400, background=theme.background))
    for colour in (theme.node, theme.ink):
        assert shows(picture, colour, within=40)
    for colour in (theme.positive, theme.negative):
        assert shows(picture, colour, within=30)


def test_a_part_without_edges_is_its_nodes():
    zero = weights(np.zeros((3, 4)), np.zeros((4, 3)))
    assert shows(pixels(part(given=zero).chart.properties(width=300)), LIGHT.node, within=40)
