from __future__ import annotations

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.chart_specs import (
    THEMES,
    by_field,
    clicked,
    mark,
    mixed,
    of_kind,
    picture,
    rows,
    shows,
)
from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.charts.chart import Chart
from toymodel.charts.look import FEATURE_COLOURS, LIGHT
from toymodel.charts.network.network_graph import SELECTION, edges, network_graph

SIGNED = weights([[2, -1], [0, 1]], [[1, 0], [-3, 0.5]])
NOTHING = weights(np.zeros((3, 4)), np.zeros((4, 3)))


# The table


def test_edges_lead_from_features_to_neurons_and_on_to_outputs():
    network = weights([[-2, 0.01], [0, 1]], [[1, 0], [0, -4]])
    found = edges(network).to_dict("records")
    assert [(r["layer"], r["feature"], r["neuron"], r["weight"]) for r in found] == [
        ("W1", 0, 0, -2),
        ("W1", 1, 1, 1),
        ("W2", 0, 0, 1),
        ("W2", 1, 1, -4),
    ]
    assert [(r["x"], r["y"], r["x2"], r["y2"]) for r in found] == [
        (0.25, 2, 0.25, 1),
        (0.75, 2, 0.75, 1),
        (0.25, 1, 0.25, 0),
        (0.75, 1, 0.75, 0),
    ]


def test_an_output_keeps_its_main_edges_beside_much_larger_ones_of_another():
    network = weights(np.eye(3), [[0.2, 0.1, 0.01], [0, -10, 20], [0, 0.01, 0.02]])
    found = edges(network)
    out = found.loc[found["layer"] == "W2", ["feature", "neuron"]]
    assert out.values.tolist() == [[0, 0], [0, 1], [1, 1], [1, 2]]


def test_edges_of_a_part_are_laid_out_from_left_to_right():
    network = weights([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.ones((3, 3)))
    found = edges(network, features=[2, 0], neurons=[1])
    into = found.loc[found["layer"] == "W1", ["feature", "neuron", "weight", "x", "x2"]]
    assert into.values.tolist() == [[2, 1, 6, 0.25, 0.5], [0, 1, 4, 0.75, 0.5]]
    assert found.loc[found["layer"] == "W2", "x2"].tolist() == [0.25, 0.75]
    found = edges(NOTHING)
    assert found.empty
    names = ["layer", "feature", "neuron", "weight", "x", "y", "x2", "y2"]
    assert list(found.columns) == names


# The graph of a whole network


def graph(given: tm.Weights = SIGNED, theme=LIGHT) -> dict:
    return network_graph(given, theme=theme).to_vega_lite()


def texts(spec: dict) -> list[str]:
    return [layer["encoding"]["text"]["field"] for layer in of_kind(spec, "text")]


def test_every_edge_is_drawn_with_its_sign_and_size():
    spec = graph()
    drawn = rows(spec, by_field(spec, "color", "sign"))
    found = drawn.set_index(["layer", "neuron", "feature"])["weight"].to_dict()
    assert found == {
        ("W1", 0, 0): 2,
        ("W1", 0, 1): -1,
        ("W1", 1, 1): 1,
        ("W2", 0, 0): 1,
        ("W2", 0, 1): -3,
        ("W2", 1, 1): 0.5,
    }
    assert all((drawn["weight"] > 0) == (drawn["sign"] == "positive"))
    assert drawn["size"].tolist() == drawn["weight"].abs().tolist()
    encoding = by_field(graph(), "color", "sign")["encoding"]
    assert encoding["strokeDash"]["field"] == "sign"
    dashes = encoding["strokeDash"]["scale"]["range"]
    assert dashes[0] != dashes[1]
    assert encoding["color"]["scale"]["domain"] == ["positive", "negative"]


def test_weights_are_written_beside_their_edges_while_there_are_few():
    few = graph(two_neurons_a_feature(3))
    assert texts(few) == ["node", "node", "weight", "weight"]
    sides = {layer["transform"][0]["filter"]: mark(layer) for layer in of_kind(few, "text")[2:]}
    assert [m["align"] for m in sides.values()] == ["right", "left"]
    assert list(sides) == ["datum.outside == 'left'", "datum.outside == 'right'"]
    assert texts(graph()) == ["node", "node"]
    assert texts(graph(weights(np.ones((6, 4)), np.ones((4, 6))))) == ["node", "node"]


def test_inputs_and_outputs_are_named_and_neurons_are_not():
    spec = graph()
    nodes = rows(spec, by_field(spec, "color", "feature"))
    assert nodes["node"].tolist() == ["x0", "x1", "y0", "y1"]
    above, below = of_kind(spec, "text")
    assert above["transform"] == [{"filter": "datum.y == 2"}]
    assert below["transform"] == [{"filter": "datum.y == 0"}]
    assert mark(above)["dy"] < 0 < mark(below)["dy"]


@pytest.mark.parametrize("given", [SIGNED, NOTHING], ids=["signed", "without weights"])
def test_a_click_on_a_neuron_selects_it(given: tm.Weights):
    spec = graph(given)
    name, fields, layer = clicked(spec)
    assert (name, fields) == (SELECTION, ["neuron"])
    m = len(given.W1)
    assert rows(spec, layer)[["neuron", "x"]].to_numpy().tolist() == [
        [j, (j + 0.5) / m] for j in range(m)
    ]


# The graph of a part


def whole(n: int = 4, m: int = 3) -> tm.Weights:
    random = np.random.default_rng(0)
    # No weight is so small that it is left out.
    W1, W2 = (random.uniform(0.2, 2, shape) for shape in ((m, n), (n, m)))
    return weights(W1 * random.choice([-1, 1], (m, n)), W2 * random.choice([-1, 1], (n, m)))


def part(features=(3, 1), neurons=(2, 0), *, given=None, theme=LIGHT) -> Chart:
    return network_graph(given or whole(), features=features, neurons=neurons, theme=theme)


def test_a_part_has_its_features_and_neurons_in_their_order():
    spec = part().to_vega_lite()
    nodes = rows(spec, by_field(spec, "color", "feature"))
    assert nodes["node"].tolist() == ["x3", "x1", "y3", "y1"]
    assert nodes["x"].tolist() == [0.25, 0.75, 0.25, 0.75]
    hidden = rows(spec, by_field(spec, "text", "name"))
    assert hidden[["x", "neuron", "name"]].to_numpy().tolist() == [
        [0.25, 2, "neuron 2"],
        [0.75, 0, "neuron 0"],
    ]
    assert "part" in spec["description"]
    assert "part" not in graph()["description"]
    spec = part().to_vega_lite()
    name, fields, layer = clicked(spec)
    assert (name, fields) == (SELECTION, ["neuron"])
    assert rows(spec, layer)["neuron"].tolist() == [2, 0]


def test_features_of_a_part_have_the_colours_of_the_model():
    def scale(chart: Chart) -> dict:
        return by_field(chart.to_vega_lite(), "color", "feature")["encoding"]["color"]["scale"]

    assert scale(part()) == {"domain": [0, 1, 2, 3], "range": [*FEATURE_COLOURS[:4]]}
    two = {"domain": [7, 29], "range": [*FEATURE_COLOURS[:2]]}
    assert scale(part((7, 29), given=whole(30, 3))) == two


def test_numbers_of_a_part_stand_on_their_edges_and_not_on_each_other():
    spec = part((0, 1, 2, 3), (0, 1, 2)).to_vega_lite()
    assert texts(spec) == ["name", "node", "node", "weight"]
    numbers = rows(spec, of_kind(spec, "text")[-1])
    assert len(numbers) == 24
    share = (numbers["middle_y"] - numbers["y"]) / (numbers["y2"] - numbers["y"])
    across = numbers["x"] + share * (numbers["x2"] - numbers["x"])
    assert np.allclose(numbers["middle_x"], across)
    from_neuron = share.where(numbers["layer"] == "W2", 1 - share)
    assert from_neuron.between(0.2, 0.7).all()
    for _, layer in numbers.groupby("layer"):
        at = 500 * layer["middle_x"].to_numpy(), 104 * layer["middle_y"].to_numpy()
        apart = [np.abs(each[:, None] - each) for each in at]
        touching = (apart[0] < 32) & (apart[1] < 12)
        assert touching.sum() == len(layer)  # each itself
    spec = part((0, 1, 2, 3, 4), (0, 1, 2), given=whole(5, 3)).to_vega_lite()
    assert texts(spec) == ["name", "node", "node"]


def test_a_part_without_edges_is_its_nodes():
    tables = part(given=NOTHING).tables
    assert tables["edges"].empty
    assert (len(tables["nodes"]), len(tables["hidden"])) == (4, 2)


@THEMES
def test_a_part_is_drawn_in_the_colours_of_the_theme(theme):
    found = picture(part(theme=theme), theme, 400)
    for colour in (theme.node, theme.ink):
        assert shows(found, colour, within=40)
    for colour in (theme.positive, theme.negative):
        assert shows(found, mixed(colour, theme.background, 0.9), within=20)
    assert shows(found, FEATURE_COLOURS[3])
