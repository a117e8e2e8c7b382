from __future__ import annotations

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.chart_specs import by_field, marks
from tests.helpers.figures import (
    CONFIG,
    MODEL,
    NOTHING,
    bars,
    figure,
    made_of,
    notes,
    plain_figures,
    table,
    title,
)
from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.analysis.activations import activity
from toymodel.analysis.polysemanticity import instructive, neurons, paper_order
from toymodel.charts.neuron.activation_histogram import activation_bars
from toymodel.charts.neuron.figures import NEURON_FIGURES
from toymodel.charts.neuron.primary_share import LEADS, PRESENT


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
    chart = figure(name, neuron=neuron)
    found = bars(chart, "feature", value)
    assert (list(found), list(found.values())) == (
        list(expected),
        pytest.approx(list(expected.values())),
    )
    assert f"Neuron {neuron}: its {'input' if 'in' in name else 'output'} weights W" in title(chart)


def test_of_many_weights_the_16_largest_are_figure():
    config = tm.Config(n_features=20, n_neurons=1)
    rising = np.arange(1.0, 21.0)
    chart = figure("neuron-weights-in", made_of(config, weights([rising], rising[:, None])))
    assert list(bars(chart, "feature", "w_in")) == list(range(19, 3, -1))
    assert "the 16 largest of 20" in notes(chart)


def test_the_activations_of_a_neuron_are_those_that_were_measured():
    chart = figure("activations", neuron=1)
    found = table(chart, "named")
    expected = activation_bars(activity(CONFIG, MODEL.weights, 1), log=True)
    np.testing.assert_allclose(found["high"], expected["high"])
    assert set(found["feature"]) == {0}
    # It answers to x below 0, uniform in size: 98 % of that half are above 2 % of its range.
    assert found["per_million"].sum() == pytest.approx(0.49e6, rel=0.02)
    scale = by_field(chart.spec, "color", "feature")["encoding"]["y"]["scale"]
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
    chart = figure("shares", neuron=1)
    points = table(chart, "points")
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
    chart = figure("neuron-response", neuron=0)
    lines = table(chart, "lines")
    assert lines["feature"].unique().tolist() == [0, 1]
    ends = lines.loc[lines["x"].abs() == 1].groupby("feature")["output"].apply(list)
    assert ends[0] == pytest.approx([0, 1])
    assert ends[1] == pytest.approx([0, 0.4])
    assert title(chart) == "Neuron 0: its activation when one feature is present alone"


def test_features_that_hardly_matter_to_a_neuron_are_not_among_its_answers():
    config = tm.Config(n_features=8, n_neurons=1)
    w = [1, -0.9, 0.04, 0.5, 0.06, 0.7, 0.8, 0.3]
    chart = figure("neuron-response", made_of(config, weights([w], np.ones((8, 1)))))
    assert table(chart, "lines")["feature"].unique().tolist() == [0, 1, 6, 5, 3]


@pytest.mark.parametrize(
    "network",
    [
        MODEL.weights,
        weights(MODEL.W1[::-1], MODEL.W2[:, ::-1]),
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
    chart = figure("neuron-weights-in", found)
    assert title(chart) == f"Neuron {expected}: its input weights W1"


def test_thresholds_decide_the_class_of_a_neuron():
    assert "Slightly polysemantic" in notes(figure("neuron-weights-in", neuron=0))
    moved = tm.Thresholds(second_weight=0.5)
    assert "Monosemantic" in notes(figure("neuron-weights-in", neuron=0, thresholds=moved))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("neuron-weights-in", "All of them are 0."),
        ("neuron-weights-out", "All of them are 0."),
        ("activations", "Nothing makes it fire"),
        ("shares", "Nothing makes it fire"),
        ("neuron-response", "No feature alone makes it fire."),
    ],
)
def test_where_there_is_nothing_to_draw_the_figure_says_so(name: str, words: str):
    nothing = figure(name, NOTHING)
    assert words in notes(nothing)
    assert "Unused: it has no input weights." in notes(nothing)
    marks(nothing)  # which can be drawn
    assert words not in notes(figure(name))


def test_a_dead_neuron_among_others_is_figure():
    chart = figure("shares", neuron=3)
    assert "Unused" in notes(chart)
    assert "Nothing makes it fire" in notes(chart)
    assert set(table(chart, "points")["kind"]) == {
        "median of 1 neuron with a clear secondary",
        "median of all 3 neurons, 2 monosemantic",
    }


def test_what_several_figures_need_is_measured_once(monkeypatch: pytest.MonkeyPatch):
    calls: list[int] = []

    def counted(config: tm.Config, network: tm.Weights, neuron: int):
        calls.append(neuron)
        return activity(config, network, neuron)

    monkeypatch.setattr("toymodel.charts.figure.activity", counted)
    plain_figures(MODEL, names=list(NEURON_FIGURES))
    assert calls == [0]
