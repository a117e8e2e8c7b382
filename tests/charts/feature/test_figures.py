from __future__ import annotations

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.chart_specs import marks
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
from tests.helpers.networks import weights
from toymodel.analysis.features import interference
from toymodel.charts.feature.figures import FEATURE_FIGURES


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
    chart = figure(name, feature=feature)
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
def test_every_kind_of_feature_is_figure(positive: float, negative: float, words: str):
    network = weights([[1, 0], [-1, 0]], [[positive, negative], [0, 0]])
    found = made_of(tm.Config(n_features=2, n_neurons=2), network)
    for name in FEATURE_FIGURES.keys() - {"interference"}:
        assert words in notes(figure(name, found))


def test_a_feature_is_described_in_words():
    first = notes(figure("carriers"))
    assert "Importance 1; computed on both sides: path gains sum to 1.00 for its positive" in first
    assert "2 neurons: 1 on the positive side (+), 1 on the negative one" in first
    assert "Importance 0.8; not represented" in notes(figure("carriers", feature=1))
    assert "0 features push it up by 0.01 or more, 1 down" in notes(
        figure("interference-in", feature=1)
    )
    assert "It pushes 1 output up by 0.01 or more, 1 down" in notes(figure("interference-out"))
    assert "Nothing that reaches 0.01" in notes(figure("interference-out", feature=2))


def test_carriers_of_the_positive_side_come_first_and_the_largest_are_figure():
    sides = np.where(np.arange(40) % 2, 1.0, -1.0)
    gains = np.arange(1.0, 41.0)
    network = weights(sides[:, None], gains[None])
    chart = figure("carriers", made_of(tm.Config(n_features=1, n_neurons=40), network))
    odd, even = range(39, 8, -2), range(38, 7, -2)
    assert list(bars(chart, "neuron", "path_gain")) == [*odd, *even]
    assert "40 neurons, of which the 32 largest are shown: 20 on the positive" in notes(chart)


def test_what_features_do_to_each_other_is_a_map():
    chart = figure("interference")
    cells = table(chart, "cells")
    found = {(c.receiving, c.interfering): round(c.value, 6) for c in cells.itertuples()}
    assert found == {(0, 1): 0.4, (1, 0): -0.5, (2, 0): 0.25, (2, 1): 0.1}
    assert table(chart, "selected").empty
    assert "Framed" not in notes(chart)
    chosen = figure("interference", feature=2)
    assert len(table(chosen, "selected")) == 2
    assert "Framed: feature 2" in notes(chosen)


def test_the_map_shows_the_features_that_are_represented():
    config = tm.Config(n_features=101, n_neurons=1)
    w = np.zeros((1, 101))
    w[0, [0, 100]] = 1
    chart = figure("interference", made_of(config, weights(w, np.ones((101, 1)))))
    cells = table(chart, "cells")
    assert cells[["receiving", "interfering"]].to_numpy().tolist() == [[0, 100], [100, 0]]
    assert "2 of 101 features, those that are represented." in notes(chart)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("carriers", "No neuron carries it"),
        ("interference-in", "Nothing that reaches 0.01."),
        ("interference-out", "Nothing that reaches 0.01."),
        ("interference", "No feature reaches another one's output."),
    ],
)
def test_where_there_is_nothing_to_draw_the_figure_says_so(name: str, words: str):
    assert words in notes(figure(name, NOTHING))
    marks(figure(name, NOTHING))  # which can be drawn
    assert words not in notes(figure(name))


def test_what_several_figures_need_is_measured_once(monkeypatch: pytest.MonkeyPatch):
    calls: list[tm.Config] = []

    def counted(config: tm.Config, network: tm.Weights):
        calls.append(config)
        return interference(config, network)

    monkeypatch.setattr("toymodel.charts.figure.interference", counted)
    plain_figures(MODEL, names=list(FEATURE_FIGURES))
    assert calls == [CONFIG]
