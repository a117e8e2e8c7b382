from __future__ import annotations

import numpy as np
import pytest

import toymodel as tm
from tests.helpers.chart_specs import (
    THEMES,
    by_field,
    mark,
    marks,
    of_kind,
    pixels,
    rows,
    shows,
    whole,
)
from tests.helpers.figures import figure, plain_figures, subtitle
from tests.helpers.networks import model, two_neurons_a_feature, weights
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.charts.chart import Chart
from toymodel.charts.figures import FIGURES, SWEEP_FIGURES, figures, not_drawn, sweep_figures
from toymodel.charts.look import DARK, LIGHT

CONFIG = tm.Config(n_features=6, n_neurons=4, feature_probability=0.25, seed=5)
RECIPE = tm.RECIPES["standard"].replace(restarts=3)
MODEL = model(CONFIG, RECIPE)
BARS = {f"{kind}-{side}" for kind in ("weights", "absolute", "motif") for side in ("in", "out")}
TINY = tm.Config(n_features=2, n_neurons=4)


@pytest.fixture(scope="module")
def made() -> dict[str, dict]:
    """Every figure of the model, as Vega-Lite that agrees with its schema: it takes long."""
    return {name: chart.to_dict() for name, chart in figures(MODEL).items()}


def with_weights(found: tm.Model, *given: tm.Weights) -> tm.Model:
    return tm.Model(**(vars(found) | {"restarts": given}))


def test_a_small_model_has_every_figure_in_order(made):
    assert list(made) == list(FIGURES)
    assert list(FIGURES) == [
        *("stacks-in", "stacks-out", "weights-in", "weights-out", "network"),
        *("loss-steps", "loss-seconds", "response"),
        *("neuron-weights-in", "neuron-weights-out", "activations", "shares", "neuron-response"),
        *("carriers", "interference-in", "interference-out", "interference"),
        *("absolute-in", "absolute-out", "motif-in", "motif-out", "inhibition"),
    ]


def test_figures_are_made_by_name_in_their_order_and_no_others(monkeypatch: pytest.MonkeyPatch):
    names = ["network", "loss-steps", "network"]
    assert list(plain_figures(MODEL, names=names)) == ["network", "loss-steps"]
    assert figures(MODEL, names=[]) == {}

    def fail(*arguments: object, **options: object):
        raise AssertionError("not asked for")

    for what in (
        *("figure.activity", "figure.interference", "figure.neurons", "network.figures.stacks"),
        *("neuron.figures.shares_of_all", "network.output_response.responses"),
    ):
        monkeypatch.setattr(f"toymodel.charts.{what}", fail)
    assert list(plain_figures(MODEL, names=["loss-steps"])) == ["loss-steps"]


@pytest.mark.parametrize(
    ("n", "m", "missing"),
    [
        (12, 24, set()),
        (13, 24, {"network"}),
        (12, 25, {"network"}),
        (20, 40, {"network"}),
        (21, 40, {"network"} | BARS),
        (20, 41, {"network"} | BARS),
    ],
)
def test_figures_of_single_weights_are_for_small_models(n: int, m: int, missing: set[str]):
    config = tm.Config(n_features=n, n_neurons=m)
    found = model(config, tm.Recipe(restarts=1))
    for name in missing:
        with pytest.raises(ValueError, match=f"{name} is drawn for n up to"):
            figures(found, names=["loss-steps", name])
    for name in FIGURES:
        reason = not_drawn(name, config)
        assert (reason is not None) == (name in missing)
        assert reason is None or (name in reason and f"n = {n}, m = {m}" in reason)
    if not missing:
        assert plain_figures(found, names=["network", *BARS]).keys() == {"network"} | BARS


def test_what_features_do_to_each_other_takes_two_of_them():
    config = tm.Config(n_features=1, n_neurons=2)
    missing = {"interference-in", "interference-out", "interference"}
    assert {name for name in FIGURES if not_drawn(name, config)} == missing
    for name in missing:
        with pytest.raises(ValueError, match=r"takes 2 features or more; .* n = 1, m = 2"):
            figures(model(config, tm.Recipe()), names=[name])


def test_networks_without_motifs_have_no_figures_of_them():
    for change, words in (
        ({"task": "identity"}, "motif-in is of networks that compute"),
        ({"activation": "none"}, "motif-in is of networks whose neurons have a ReLU"),
    ):
        found = model(CONFIG.replace(**change), RECIPE)
        assert not_drawn("stacks-in", found.config) is None
        with pytest.raises(ValueError, match=words):
            figures(found, names=["motif-in"])


def test_every_figure_says_what_it_is_of(made):
    for spec in made.values():
        assert spec["config"]["background"] == LIGHT.background
        about = " ".join(spec["title"]["subtitle"])
        for part in (
            "n = 6, m = 4, 1 − S = 0.25, d = 0.8, seed 5, restart 2 of 0 to 2",
            "standard with restarts = 3",
            "loss 0.25 ± 0.01",
            "gain",
        ):
            assert part in about
    assert len({spec["title"]["text"] for spec in made.values()}) == len(FIGURES)
    assert len({figure.description for figure in FIGURES.values()}) == len(FIGURES)


@THEMES
def test_a_figure_stands_alone(theme):
    chart = figure("network", MODEL, theme=theme)
    assert chart.spec["config"]["background"] == theme.background
    picture = pixels(whole(chart))
    assert shows(picture, theme.background, 20_000)
    assert shows(picture, theme.ink, 50)


def test_another_restart_is_drawn_on_request():
    exact = with_weights(
        model(TINY, tm.Recipe(restarts=2)),
        two_neurons_a_feature(2),
        weights(np.ones((4, 2)), np.ones((2, 4))),
    )
    assert CLASSES[0] not in _classes(figure("stacks-in", exact))
    assert _classes(figure("stacks-in", exact, restart=0)) == {CLASSES[0]}
    chosen = figure("loss-steps", exact, restart=0)
    assert "restart 0 of 0 to 1" in subtitle(chosen)
    assert "loss 0.5 ±" in subtitle(chosen)
    spec = chosen.to_vega_lite()
    widest = max(of_kind(spec, "line"), key=lambda layer: mark(layer)["strokeWidth"])
    assert set(rows(spec, widest)["restart"]) == {0}


def _classes(chart: Chart) -> set[str]:
    return set(chart.tables["spans"]["class"])


def test_thresholds_decide_the_classes():
    all_pure = tm.Thresholds(second_weight=1.0)
    moved = figure("stacks-in", MODEL, thresholds=all_pure)
    assert _classes(moved) == {CLASSES[0]}
    assert f"4 {CLASSES[0]}, 0 {CLASSES[1]}, 0 {CLASSES[2]}" in subtitle(moved)


def test_the_response_is_that_of_the_first_six_features_or_of_those_chosen():
    def shown(found: tm.Model, **options) -> list[int]:
        return figure("response", found, **options).tables["lines"]["feature"].unique().tolist()

    large = model(tm.Config(n_features=30, n_neurons=4), tm.Recipe(restarts=1))
    assert shown(MODEL) == shown(large) == [0, 1, 2, 3, 4, 5]
    assert shown(model(TINY, tm.Recipe())) == [0, 1]
    assert shown(large, features=[29, 7]) == [29, 7]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"restart": 3}, "restart = 3: must be a whole number from 0 to 2"),
        ({"restart": -1}, "restart = -1: must be a whole number from 0 to 2"),
        ({"neurons": 0}, "neurons = 0: must be a whole number from 1 to 4"),
        ({"neurons": 5}, "neurons = 5: must be a whole number from 1 to 4"),
        ({"neuron": 4}, "neuron = 4: must be a whole number from 0 to 3"),
        ({"neuron": -1}, "neuron = -1: must be a whole number from 0 to 3"),
        ({"feature": 6}, "feature = 6: must be a whole number from 0 to 5"),
        ({"feature": -1}, "feature = -1: must be a whole number from 0 to 5"),
        ({"names": ["response", "pie"]}, 'names = "pie": must be one of stacks-in, stacks-out'),
        ({"names": ["classes"]}, 'names = "classes": must be one of'),
        ({"features": [6], "names": ["response"]}, "features = .*must be from 0 to 5"),
    ],
)
def test_what_is_not_there_is_refused_in_words(options: dict[str, object], words: str):
    with pytest.raises(tm.SettingError, match=words):
        figures(MODEL, **options)


def test_where_nothing_can_be_gained_the_figures_say_so():
    made = figure("response", model(TINY, tm.Recipe()))
    assert "without superposition 0: nothing to gain" in subtitle(made)


def test_the_smallest_model_a_large_one_and_one_without_weights_are_drawn():
    config = tm.Config(n_features=1, n_neurons=1)
    smallest = plain_figures(model(config, tm.Recipe(restarts=1)))
    assert list(smallest) == [name for name in FIGURES if not not_drawn(name, config)]
    for name, chart in smallest.items():
        if not name.endswith(("-out", "-seconds")):  # the others are drawn as these are
            assert marks(chart) or name == "carriers", name  # there may be none

    large = model(tm.Config(n_features=150, n_neurons=200), tm.Recipe(restarts=1))
    names = ["stacks-in", "response", "activations", "shares", "carriers"]  # as large as the model
    for name, chart in plain_figures(large, names=names).items():
        assert marks(chart), name

    nothing = with_weights(MODEL, *[weights(np.zeros((4, 6)), np.zeros((6, 4)))] * 3)
    names = ["stacks-in", "weights-in", "network", "response", "inhibition"]
    for chart in plain_figures(nothing, names=names).values():
        assert marks(chart)


def test_a_sweep_has_figures_of_its_own():
    models = [model(CONFIG.replace(feature_probability=p), RECIPE) for p in (1.0, 0.1)]
    made = sweep_figures(models, theme=DARK)
    assert list(made) == list(SWEEP_FIGURES)
    for chart in made.values():
        spec = chart.to_dict()
        told = "n = 6, m = 4, d = 0.8, seed 5, standard with restarts = 3"
        assert spec["title"]["subtitle"] == [told]
        assert spec["config"]["background"] == DARK.background
    spec = made["gain"].to_dict()
    assert rows(spec, by_field(spec, "y", "gain"))["density"].tolist() == [1.0, 0.1]
    moved = sweep_figures(models, thresholds=tm.Thresholds(second_weight=1.0))["classes"].to_dict()
    shares = rows(moved, by_field(moved, "color", "class")).groupby("class")["share"].sum()
    assert shares.to_dict() == {CLASSES[0]: 2, CLASSES[1]: 0, CLASSES[2]: 0}
    with pytest.raises(ValueError, match="two or more"):
        sweep_figures([MODEL])


def test_a_sweep_in_which_nothing_can_be_gained_has_no_figure_of_it():
    roomy = CONFIG.replace(n_neurons=12)
    models = [model(roomy.replace(feature_probability=p), RECIPE) for p in (1.0, 0.1)]
    assert list(sweep_figures(models)) == ["classes", "basis", "read-off"]


def test_a_sweeps_figures_are_made_by_name_and_those_of_a_basis_take_a_hidden_relu(
    monkeypatch: pytest.MonkeyPatch,
):
    linear = CONFIG.replace(activation="none")
    models = [model(linear.replace(feature_probability=p), RECIPE) for p in (1.0, 0.1)]
    assert list(sweep_figures(models)) == ["classes", "gain"]
    for name in ("basis", "read-off"):
        assert not_drawn(name, CONFIG) is None
        assert not_drawn(name, linear) == f"{name} is of networks whose neurons have a ReLU"

    def fail(*arguments: object):
        raise AssertionError("not asked for")

    models = [model(CONFIG.replace(feature_probability=p), RECIPE) for p in (1.0, 0.1)]
    monkeypatch.setattr("toymodel.charts.figures.basis_table", fail)
    assert list(sweep_figures(models, names=["gain"])) == ["gain"]
