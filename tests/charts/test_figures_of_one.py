from __future__ import annotations

from xml.etree import ElementTree

import altair as alt
import numpy as np
import pandas as pd
import pytest

import toymodel as tm
from tests.helpers.chart_specs import by_field, layers, mark, rows
from tests.helpers.networks import model, two_neurons_a_feature, weights
from toymodel.analysis.activations import activity
from toymodel.analysis.polysemanticity import instructive, neurons, paper_order
from toymodel.charts import figure_parts
from toymodel.charts.export import write_chart
from toymodel.charts.figures import FEATURE_FIGURES, NEURON_FIGURES, figures
from toymodel.charts.neuron.tables import LEADS, PRESENT, activation_bars

CONFIG = tm.Config(n_features=3, n_neurons=4)
W1 = [[1, 0.4, 0], [-1, 0, 0], [0, 0, 2], [0, 0, 0]]
W2 = [[1, 1, 0, 0.5], [-0.5, 0, 0, 0], [0.25, 0, 0.5, 0]]


def made_of(config: tm.Config, network: tm.Weights) -> tm.Model:
    found = model(config, tm.Recipe(restarts=1))
    return tm.Model(**(vars(found) | {"restarts": (network,)}))


MODEL = made_of(CONFIG, weights(W1, W2))
NOTHING = made_of(CONFIG, weights(np.zeros((4, 3)), np.zeros((3, 4))))


def drawn(name: str, found: tm.Model = MODEL, **options) -> alt.LayerChart:
    (chart,) = figures(found, names=[name], **options).values()
    return chart


def title(chart: alt.LayerChart) -> str:
    return chart.to_dict()["title"]["text"]


def notes(chart: alt.LayerChart) -> str:
    return " ".join(chart.to_dict()["title"]["subtitle"][2:])


def bars(chart: alt.LayerChart, of: str, value: str) -> dict[int, float]:
    table = pd.DataFrame(chart.to_dict()["datasets"]["bars"])
    return dict(zip(table[of], table[value].round(6), strict=True)) if len(table) else {}


# One neuron


@pytest.mark.parametrize(
    ("name", "neuron", "value", "expected"),
    [
        ("neuron-weights-in", 0, "w_in", {0: 1, 1: 0.4}),
        ("neuron-weights-in", 2, "w_in", {2: 2}),
        ("neuron-weights-out", 0, "w_out", {0: 1, 1: -0.5, 2: 0.25}),
        ("neuron-weights-out", 3, "w_out", {0: 0.5}),
    ],
)
def test_the_weights_of_a_neuron_are_drawn_largest_first(
    name: str, neuron: int, value: str, expected: dict[int, float]
):
    chart = drawn(name, neuron=neuron)
    found = bars(chart, "feature", value)
    assert (list(found), list(found.values())) == (
        list(expected),
        pytest.approx(list(expected.values())),
    )
    assert f"Neuron {neuron}: its {'input' if 'in' in name else 'output'} weights W" in title(chart)


def test_of_many_weights_the_16_largest_are_drawn():
    config = tm.Config(n_features=20, n_neurons=1)
    rising = np.arange(1.0, 21.0)
    chart = drawn("neuron-weights-in", made_of(config, weights([rising], rising[:, None])))
    assert list(bars(chart, "feature", "w_in")) == list(range(19, 3, -1))
    assert "the 16 largest of 20" in notes(chart)


def test_the_activations_of_a_neuron_are_those_that_were_measured():
    chart = drawn("activations", neuron=1)
    spec = chart.to_dict()
    found = rows(spec, {"data": {"name": "named"}})
    expected = activation_bars(activity(CONFIG, MODEL.weights, 1), log=True)
    np.testing.assert_allclose(found["high"], expected["high"])
    assert set(found["feature"]) == {0}
    # It answers to x below 0, uniform in size: 98 % of that half are above 2 % of its range.
    assert found["per_million"].sum() == pytest.approx(0.49e6, rel=0.02)
    scale = by_field(spec, "color", "feature")["encoding"]["y"]["scale"]
    assert scale["type"] == "log"
    assert title(chart).startswith("Neuron 1: how active it is")
    active = activity(CONFIG, MODEL.weights, 1)
    for part in (
        "Monosemantic: primary feature f0 (importance 1), 1.00 effective features.",
        "1 is what f0 alone reaches",
        f"{active.examples:,} seeded inputs, worth {active.effective:,.0f} equally likely ones",
        f"Not drawn: {active.silent.value:.1%} of inputs",
    ):
        assert part in notes(chart)


def test_the_shares_of_a_neuron_stand_beside_what_is_usual():
    chart = drawn("shares", neuron=1)
    points = rows(chart.to_dict(), {"data": {"name": "points"}})
    assert points["kind"].unique().tolist() == [
        LEADS,
        PRESENT,
        "median of 1 neuron with a clear secondary",
        "median of all 3 neurons, 2 monosemantic",
    ]
    own = points.loc[points["kind"].isin([LEADS, PRESENT])]
    assert set(own["value"]) == {1.0}  # of one feature alone, all is its own
    assert "above 1" not in set(own["interval"])
    mixed = points.loc[points["kind"].str.contains("secondary")]
    assert mixed["value"].min() < 0.9 < mixed["value"].max()
    assert "equally likely ones" in notes(chart)


def test_a_neuron_answers_to_each_of_its_features_alone():
    chart = drawn("neuron-response", neuron=0)
    spec = chart.to_dict()
    line = next(layer for layer in layers(spec) if mark(layer)["type"] == "line")
    frame = rows(spec, line)
    assert frame["feature"].unique().tolist() == [0, 1]
    ends = frame.loc[frame["x"].abs() == 1].groupby("feature")["output"].apply(list)
    assert ends[0] == pytest.approx([0, 1])
    assert ends[1] == pytest.approx([0, 0.4])
    assert title(chart) == "Neuron 0: its activation when one feature is present alone"


def test_features_that_hardly_matter_to_a_neuron_are_not_among_its_answers():
    config = tm.Config(n_features=8, n_neurons=1)
    w = [1, -0.9, 0.04, 0.5, 0.06, 0.7, 0.8, 0.3]
    chart = drawn("neuron-response", made_of(config, weights([w], np.ones((8, 1)))))
    lines = pd.DataFrame(chart.to_dict()["datasets"]["lines"])
    assert lines["feature"].unique().tolist() == [0, 1, 6, 5, 3]


@pytest.mark.parametrize(
    "network",
    [
        weights(W1, W2),
        weights(W1[::-1], np.array(W2)[:, ::-1]),
        two_neurons_a_feature(3),
        weights(np.ones((4, 3)), np.ones((3, 4))),
        weights(np.zeros((4, 3)), np.zeros((3, 4))),
    ],
    ids=["secondary", "secondary, last", "monosemantic", "polysemantic", "unused"],
)
def test_the_neuron_is_one_with_clear_secondary_features_unless_chosen(network: tm.Weights):
    found = made_of(CONFIG.replace(n_neurons=len(network.W1)), network)
    worth = instructive(network.W1, neurons(network.W1))
    expected = worth["secondary"]
    if expected is None:
        expected = paper_order(network.W1)[0]
    chart = drawn("neuron-weights-in", found)
    assert title(chart) == f"Neuron {expected}: its input weights W1"


def test_thresholds_decide_the_class_of_a_neuron():
    assert "Slightly polysemantic" in notes(drawn("neuron-weights-in", neuron=0))
    moved = tm.Thresholds(second_weight=0.5)
    assert "Monosemantic" in notes(drawn("neuron-weights-in", neuron=0, thresholds=moved))


# One feature, and all of them


@pytest.mark.parametrize(
    ("name", "feature", "column", "expected"),
    [
        ("carriers", 0, ("neuron", "path_gain"), {0: 1, 1: 1}),
        ("carriers", 1, ("neuron", "path_gain"), {0: -0.2}),
        ("carriers", 2, ("neuron", "path_gain"), {2: 1}),
        ("interference-in", 0, ("feature", "effect"), {1: 0.4}),
        ("interference-in", 2, ("feature", "effect"), {0: 0.25, 1: 0.1}),
        ("interference-out", 0, ("feature", "effect"), {2: 0.25, 1: -0.5}),
        ("interference-out", 2, ("feature", "effect"), {}),
    ],
)
def test_a_feature_is_drawn_as_the_network_has_it(
    name: str, feature: int, column: tuple[str, str], expected: dict[int, float]
):
    chart = drawn(name, feature=feature)
    found = bars(chart, *column)
    assert list(found) == list(expected)
    assert list(found.values()) == pytest.approx(list(expected.values()))
    assert title(chart).startswith(f"Feature {feature}: ")


@pytest.mark.parametrize(
    ("positive", "negative", "words"),
    [
        (1, 1, "computed on both sides"),
        (1, 0, "computed on its positive side only"),
        (0, 1, "computed on its negative side only"),
        (0.2, 0, "computed in part"),
        (0, 0, "not represented"),
    ],
)
def test_every_kind_of_feature_is_drawn(positive: float, negative: float, words: str):
    network = weights([[1, 0], [-1, 0]], [[positive, negative], [0, 0]])
    found = made_of(tm.Config(n_features=2, n_neurons=2), network)
    for name in FEATURE_FIGURES.keys() - {"interference"}:
        assert words in notes(drawn(name, found))


def test_a_feature_is_described_in_words():
    first = notes(drawn("carriers"))
    assert "Importance 1; computed on both sides: path gains sum to 1.00 for its positive" in first
    assert "2 neurons: 1 on the positive side (+), 1 on the negative one" in first
    assert "Importance 0.8; not represented" in notes(drawn("carriers", feature=1))
    assert "0 features push it up by 0.01 or more, 1 down" in notes(
        drawn("interference-in", feature=1)
    )
    assert "It pushes 1 output up by 0.01 or more, 1 down" in notes(drawn("interference-out"))
    assert "Nothing that reaches 0.01" in notes(drawn("interference-out", feature=2))


def test_carriers_of_the_positive_side_come_first_and_the_largest_are_drawn():
    sides = np.where(np.arange(40) % 2, 1.0, -1.0)
    gains = np.arange(1.0, 41.0)
    network = weights(sides[:, None], gains[None])
    chart = drawn("carriers", made_of(tm.Config(n_features=1, n_neurons=40), network))
    odd, even = range(39, 8, -2), range(38, 7, -2)
    assert list(bars(chart, "neuron", "path_gain")) == [*odd, *even]
    assert "40 neurons, of which the 32 largest are shown: 20 on the positive" in notes(chart)


def test_what_features_do_to_each_other_is_a_map():
    chart = drawn("interference")
    cells = rows(chart.to_dict(), {"data": {"name": "cells"}})
    found = {(c.receiving, c.interfering): round(c.value, 6) for c in cells.itertuples()}
    assert found == {(0, 1): 0.4, (1, 0): -0.5, (2, 0): 0.25, (2, 1): 0.1}
    assert chart.to_dict()["datasets"]["selected"] == []
    assert "Framed" not in notes(chart)
    chosen = drawn("interference", feature=2)
    assert len(chosen.to_dict()["datasets"]["selected"]) == 2
    assert "Framed: feature 2" in notes(chosen)


def test_of_many_features_the_map_shows_the_most_important():
    config = tm.Config(n_features=101, n_neurons=1)
    w = np.zeros((1, 101))
    w[0, [0, 100]] = 1
    chart = drawn("interference", made_of(config, weights(w, np.ones((101, 1)))))
    cells = rows(chart.to_dict(), {"data": {"name": "cells"}})
    assert cells["receiving"].tolist() == list(range(1, 100))
    assert set(cells["interfering"]) == {0}
    assert "The 100 most important of 101 features." in notes(chart)


# What is empty, and what is measured


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("neuron-weights-in", "All of them are 0."),
        ("neuron-weights-out", "All of them are 0."),
        ("activations", "Nothing makes it fire"),
        ("shares", "Nothing makes it fire"),
        ("neuron-response", "No feature alone makes it fire."),
        ("carriers", "No neuron carries it"),
        ("interference-in", "Nothing that reaches 0.01."),
        ("interference-out", "Nothing that reaches 0.01."),
        ("interference", "No feature reaches another one's output."),
    ],
)
def test_where_there_is_nothing_to_draw_the_figure_says_so(name: str, words: str):
    chart = drawn(name, NOTHING)
    text = "".join(ElementTree.fromstring(write_chart(chart, "svg")).itertext())
    assert words in text
    assert words not in notes(drawn(name))
    assert ("Unused: it has no input weights." in text) == (name in NEURON_FIGURES)


def test_a_dead_neuron_among_others_is_drawn():
    chart = drawn("shares", neuron=3)
    assert "Unused" in notes(chart)
    assert "Nothing makes it fire" in notes(chart)
    beside = rows(chart.to_dict(), {"data": {"name": "points"}})
    assert set(beside["kind"]) == {
        "median of 1 neuron with a clear secondary",
        "median of all 3 neurons, 2 monosemantic",
    }


@pytest.mark.parametrize("of_one", [NEURON_FIGURES, FEATURE_FIGURES], ids=["neuron", "feature"])
def test_what_several_figures_need_is_measured_once(of_one, monkeypatch: pytest.MonkeyPatch):
    calls: list[str] = []

    def counting(name: str):
        measure = getattr(figure_parts, name)

        def counted(*arguments: object):
            calls.append(name)
            return measure(*arguments)

        return counted

    for name in ("activity", "interference"):
        monkeypatch.setattr(figure_parts, name, counting(name))
    figures(MODEL, names=list(of_one))
    assert calls == (["activity"] if of_one is NEURON_FIGURES else ["interference"])
