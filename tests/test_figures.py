from __future__ import annotations

import json
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pytest

import toymodel as tm
from tests.builders import model, two_neurons_a_feature, weights
from tests.charts.drawing import by_field, layers, mark, pixels, rows, shows
from toymodel import frames
from toymodel.charts.look import DARK, LIGHT
from toymodel.export import write_chart
from toymodel.figures import (
    FIGURES,
    SWEEP_FIGURES,
    figures,
    not_drawn,
    sweep_figures,
)
from toymodel.polysemanticity import CLASSES

CONFIG = tm.Config(n_features=6, n_neurons=4, feature_probability=0.25, seed=5)
RECIPE = tm.RECIPES["standard"].replace(restarts=3)
MODEL = model(CONFIG, RECIPE)


def subtitle(chart: alt.LayerChart) -> str:
    return " ".join(chart.to_dict()["title"]["subtitle"])


def with_weights(found: tm.Model, *given: tm.Weights) -> tm.Model:
    return tm.Model(**(vars(found) | {"restarts": given}))


def test_a_small_model_has_every_figure_in_order():
    assert list(figures(MODEL)) == list(FIGURES)


@pytest.mark.parametrize(
    ("n", "m", "missing"),
    [
        (12, 24, set()),
        (13, 24, {"network"}),
        (12, 25, {"network"}),
        (20, 40, {"network"}),
        (21, 40, {"network", "weights-in", "weights-out"}),
        (20, 41, {"network", "weights-in", "weights-out"}),
    ],
)
def test_figures_of_single_weights_are_for_small_models(n: int, m: int, missing: set[str]):
    config = tm.Config(n_features=n, n_neurons=m)
    assert FIGURES.keys() - figures(model(config, tm.Recipe())).keys() == missing
    for name in FIGURES:
        reason = not_drawn(name, config)
        assert (reason is not None) == (name in missing)
        assert reason is None or (name in reason and f"n = {n}, m = {m}" in reason)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_figure_stands_alone(theme):
    for name, chart in figures(MODEL, theme=theme).items():
        spec = chart.to_dict()
        text = "".join(ElementTree.fromstring(write_chart(chart, "svg")).itertext())
        assert spec["title"]["text"] in text, name
        for part in (
            "n = 6, m = 4, 1 − S = 0.25, d = 0.8, seed 5, restart 2 of 0 to 2",
            "standard with restarts = 3",
            "loss 0.25 ± 0.01",
            "gain",
        ):
            assert part in subtitle(chart), name
        assert spec["config"]["background"] == theme.background
        picture = pixels(chart)
        assert shows(picture, theme.background, 20_000), name
        assert shows(picture, theme.ink, 50), name
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 40, name


def test_each_figure_has_a_title_of_its_own():
    titles = {chart.to_dict()["title"]["text"] for chart in figures(MODEL).values()}
    assert len(titles) == len(FIGURES)


def test_another_restart_is_drawn_on_request():
    exact = with_weights(
        model(tm.Config(n_features=2, n_neurons=4), tm.Recipe(restarts=2)),
        two_neurons_a_feature(2),
        weights(np.ones((4, 2)), np.ones((2, 4))),
    )
    assert CLASSES[0] not in _classes(figures(exact)["stacks-in"])
    chosen = figures(exact, restart=0)
    assert _classes(chosen["stacks-in"]) == {CLASSES[0]}
    assert "restart 0 of 0 to 1" in subtitle(chosen["loss-steps"])
    assert "loss 0.5 ±" in subtitle(chosen["loss-steps"])
    spec = chosen["loss-steps"].to_dict()
    lines = [layer for layer in layers(spec) if mark(layer)["type"] == "line"]
    widest = max(lines, key=lambda layer: mark(layer)["strokeWidth"])
    assert set(rows(spec, widest)["restart"]) == {0}


def _classes(chart: alt.LayerChart) -> set[str]:
    return {row["class"] for row in chart.to_dict()["datasets"]["spans"]}


def test_thresholds_decide_the_classes():
    moved = figures(MODEL, thresholds=tm.Thresholds(second_weight=1.0))["stacks-in"]
    assert _classes(moved) == {CLASSES[0]}
    assert f"4 {CLASSES[0]}, 0 {CLASSES[1]}, 0 {CLASSES[2]}" in subtitle(moved)


def test_stacks_show_both_sides_and_their_colours():
    made = figures(MODEL)
    for name, side in (("stacks-in", "input"), ("stacks-out", "output")):
        spec = made[name].to_dict()
        blocks = frames.blocks(CONFIG, MODEL.weights, side=side)
        drawn = rows(spec, by_field(spec, "color", "superposition"))
        named = blocks[blocks["feature"] != frames.OTHERS]
        np.testing.assert_allclose(drawn["high"], named["high"])
        assert by_field(spec, "color", "superposition")["encoding"]["color"]["legend"]


def test_stacks_show_the_first_neurons_on_request():
    spec = (chart := figures(MODEL, neurons=2)["stacks-in"]).to_dict()
    order = frames.columns(MODEL.weights)["neuron"].tolist()
    assert [row["neuron"] for row in spec["datasets"]["columns"]] == order[:2]
    assert {row["neuron"] for row in spec["datasets"]["blocks"]} == set(order[:2])
    assert max(row["end"] for row in spec["datasets"]["spans"]) == 2
    assert "the first 2 of 4" in subtitle(chart)


def test_the_response_is_that_of_the_first_six_features_or_of_those_chosen():
    def shown(found: tm.Model, **options) -> list[int]:
        spec = figures(found, **options)["response"].to_dict()
        line = next(layer for layer in layers(spec) if mark(layer)["type"] == "line")
        return rows(spec, line)["feature"].unique().tolist()

    large = model(tm.Config(n_features=30, n_neurons=4), tm.Recipe())
    assert shown(MODEL) == shown(large) == [0, 1, 2, 3, 4, 5]
    assert shown(model(tm.Config(n_features=2, n_neurons=4), tm.Recipe())) == [0, 1]
    assert shown(large, features=[29, 7]) == [29, 7]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"restart": 3}, "restart = 3: must be a whole number from 0 to 2"),
        ({"restart": -1}, "restart = -1: must be a whole number from 0 to 2"),
        ({"neurons": 0}, "neurons = 0: must be a whole number from 1 to 4"),
        ({"neurons": 5}, "neurons = 5: must be a whole number from 1 to 4"),
        ({"features": [6]}, "features = .*must be from 0 to 5"),
    ],
)
def test_what_is_not_there_is_refused_in_words(options: dict[str, object], words: str):
    with pytest.raises(tm.SettingError, match=words):
        figures(MODEL, **options)


def test_where_nothing_can_be_gained_the_figures_say_so():
    made = figures(model(tm.Config(n_features=2, n_neurons=4), tm.Recipe()))
    assert "without superposition 0: nothing to gain" in subtitle(made["response"])


@pytest.mark.parametrize(("n", "m"), [(1, 1), (300, 500)])
def test_the_smallest_and_large_models_are_drawn(n: int, m: int):
    for name, chart in figures(model(tm.Config(n_features=n, n_neurons=m), tm.Recipe())).items():
        root = ElementTree.fromstring(write_chart(chart, "svg"))
        drawn = [e for e in root.iter("{http://www.w3.org/2000/svg}path") if e.get("aria-label")]
        assert len(drawn) >= 1, name


def test_a_network_without_weights_is_drawn():
    nothing = with_weights(MODEL, *[weights(np.zeros((4, 6)), np.zeros((6, 4)))] * 3)
    made = figures(nothing)
    assert list(made) == list(FIGURES)
    assert shows(pixels(made["stacks-in"]), LIGHT.class_ink["unused"])


def test_a_sweep_has_figures_of_its_own():
    models = [model(CONFIG.replace(feature_probability=p), RECIPE) for p in (1.0, 0.1)]
    made = sweep_figures(models, theme=DARK)
    assert list(made) == list(SWEEP_FIGURES)
    for chart in made.values():
        assert "n = 6, m = 4, d = 0.8, seed 5, standard with restarts = 3" in subtitle(chart)
        assert shows(pixels(chart), DARK.background, 20_000)
    spec = made["gain"].to_dict()
    assert rows(spec, by_field(spec, "y", "gain"))["density"].tolist() == [1.0, 0.1]
    moved = sweep_figures(models, thresholds=tm.Thresholds(second_weight=1.0))["classes"].to_dict()
    shares = rows(moved, by_field(moved, "color", "class")).groupby("class")["share"].sum()
    assert shares.to_dict() == {CLASSES[0]: 2, CLASSES[1]: 0, CLASSES[2]: 0}


def test_a_sweep_in_which_nothing_can_be_gained_has_no_figure_of_it():
    roomy = CONFIG.replace(n_neurons=12)
    models = [model(roomy.replace(feature_probability=p), RECIPE) for p in (1.0, 0.1)]
    assert list(sweep_figures(models)) == ["classes"]


def test_one_model_is_no_sweep():
    with pytest.raises(ValueError, match="two or more"):
        sweep_figures([MODEL])


def test_every_figure_can_be_read_back_from_json():
    for name, chart in figures(MODEL).items():
        text = write_chart(chart, "json").decode()
        assert alt.Chart.from_json(text).to_dict()["title"] == chart.to_dict()["title"], name
        assert json.loads(text)["config"]["background"] == LIGHT.background
