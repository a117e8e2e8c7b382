from __future__ import annotations

import numpy as np

from tests.builders import two_neurons_a_feature, weights
from tests.charts.drawing import by_field, layers, mark, pixels, rows, shows
from toymodel import frames
from toymodel.charts.look import DARK, LIGHT
from toymodel.charts.network import network

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
