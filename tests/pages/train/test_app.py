"""The page that trains one model, without a browser."""

from __future__ import annotations

import pytest

from pages.shared import resources
from pages.shared.model_choice import Choice
from pages.shared.models import find_model
from pages.train.examples import EXAMPLES, example_name
from pages.train.history import _read
from pages.train.state import DEFAULT
from tests.helpers.apps import QUICK, by_slot, opened, put, random_network, small
from tests.helpers.networks import ROOT
from toymodel.jobs.limits import Limits
from toymodel.recipe import RECIPES, Recipe

pytestmark = pytest.mark.usefixtures("shipped")


SCRIPT = "train/page.py"
OLD = ROOT / "tests" / "version_before" / "engine_1.safetensors"


def test_the_first_view_is_a_model_that_is_there():
    app = opened(SCRIPT)
    assert app.title[0].value == "A small network learns to compute |x|"
    assert [m.label for m in app.metric] == [
        "Loss",
        "Without superposition",
        "Superposition gain",
        "Mono / slightly / poly",
        "Dead outputs",
    ]
    assert not app.warning and not app.error
    assert any(header.value == "How it went" for header in app.subheader)


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_every_example_is_shipped_and_named(name: str):
    choice = EXAMPLES[name].choice
    assert example_name(choice) == name
    assert find_model(choice.config, choice.recipe)
    app = opened(SCRIPT, **choice.link)
    assert by_slot(app.selectbox, "train.example").value == name
    assert app.metric
    assert not app.warning and not app.error


def test_every_field_of_a_recipe_has_a_control_and_its_words():
    app = opened(SCRIPT)
    said = {caption.value for caption in app.caption}
    slots = {w.key.rpartition(".")[0] for w in (*app.number_input, *app.selectbox) if w.key}
    for name, field in Recipe.model_fields.items():
        if name != "weights":
            assert f"train.{field.alias}" in slots
            assert field.description in said or name == "restarts"


def test_task_hidden_bias_and_activation_are_set_and_are_in_the_formula():
    def formula() -> str:
        (text,) = (text.value for text in app.markdown if "should be" in text.value)
        return text.split("$")[1]

    app = opened(SCRIPT)
    assert formula() == r"y = \mathrm{ReLU}(W_2\,\mathrm{ReLU}(W_1 x) + b)"
    by_slot(app.selectbox, "train.task").set_value("identity").run()
    assert app.title[0].value == "A small network learns to compute x"
    by_slot(app.checkbox, "train.hidden").check().run()
    link = app.query_params
    assert (link["task"], link["hidden"], link["activation"]) == ("identity", "yes", "relu")
    assert formula() == r"y = \mathrm{ReLU}(W^\top\mathrm{ReLU}(W x + c) + b)"
    by_slot(app.selectbox, "train.task").set_value("abs").run()
    by_slot(app.selectbox, "train.activation").set_value("none").run()
    assert not app.error
    assert (app.query_params["hidden"], app.query_params["activation"]) == ("yes", "none")
    assert formula() == r"y = \mathrm{ReLU}(W_2\,(W_1 x + c) + b)"


def test_of_a_linear_hidden_layer_it_is_told_what_means_nothing():
    config = small(4, 3).replace(activation="none")
    state = put(config, random_network(config))
    app = opened(SCRIPT, **state.choice.link)
    assert [info.value.split(",")[0] for info in app.info] == ["The hidden layer is linear"]
    assert not any(header.value == "How it went" for header in app.subheader)
    assert not app.warning and not app.error


def test_features_that_are_left_out_are_counted_under_the_numbers():
    config = small(8, 4).replace(importance_decay=0.5)
    state = put(config, random_network(config))
    (said,) = [
        c.value for c in opened(SCRIPT, **state.choice.link).caption if "Left out" in c.value
    ]
    assert said.startswith("Left out of the training: 2 of 8 features, from f6 on")
    every = put(config, random_network(config), recipe=QUICK.replace(min_importance=0.0))
    app = opened(SCRIPT, **every.choice.link)
    assert app.metric
    assert not any("Left out" in caption.value for caption in app.caption)


def test_a_file_of_an_older_engine_says_what_to_do():
    app = opened(SCRIPT)
    app.file_uploader[0].upload("old.safetensors", OLD.read_bytes()).run()
    (error,) = app.error
    assert error.value == (
        "`old.safetensors was trained by engine 1; this version reads models of engine 2: train it "
        "again`"
    )
    assert app.metric  # the page's own model is still there


HOSTILE = [
    {"n": "-1"},
    {"p": "nan"},
    {"lr": "1e999"},
    {"steps": "9" * 5_000},
    {"sampler": "<script>alert(1)</script>"},
    {"recipe": "../../etc/passwd"},
    {"v": "999"},
    {"restart": "63"},
    {"features": "0,0"},
    {"vs.m": "0"},
    {"neuron": "1"},
]


@pytest.mark.parametrize("link", HOSTILE, ids=lambda link: next(iter(link)))
def test_a_wrong_link_says_so_and_opens_the_default(link: dict[str, str]):
    app = opened(SCRIPT, **link)
    assert len(app.warning) == 1
    assert next(iter(link)) in app.warning[0].value
    assert app.metric


EXTREME = [
    {"n": "2000", "m": "2000", "restarts": "64", "steps": "1000000", "batch": "65536"},
    {"n": "1", "m": "1", "p": "1e-300", "d": "1e-9"},
    {"lr": "10", "warmup": "1", "beta1": "0", "beta2": "0", "scale": "10", "active": "100"},
    {"lr": "1e-300", "beta1": "0.999999", "scale": "0", "cycles": "100"},
    {"slope": "1", "slope-until": "1", "curriculum": "100", "min-importance": "1"},
    {"vs.n": "2000", "vs.recipe": "usual", "vs.steps": "1"},
]


@pytest.mark.parametrize("link", EXTREME, ids="-".join)
def test_the_ends_of_the_ranges_are_allowed(link: dict[str, str]):
    app = opened(SCRIPT, **link)
    assert not app.warning and not app.error


def test_a_number_that_its_box_takes_and_the_recipe_refuses_is_told():
    app = opened(SCRIPT)
    by_slot(app.number_input, "train.beta2").set_value(1.0).run()
    assert "beta2 = 1.0: must be a number from 0 and below 1" in app.error[0].value
    assert by_slot(app.number_input, "train.beta2").value == 0.95


def test_a_training_beyond_the_budget_is_refused_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("TOYMODEL_MAX_STEPS", "50")
    app = opened(SCRIPT, n="4", m="2", steps="51", recipe="quick")
    next(button for button in app.button if button.label == "Train").click().run()
    assert resources.jobs().limits == Limits(steps=50)
    (said,) = [info.value for info in app.info if "asks for" in info.value]
    assert "asks for 51 steps; this copy allows 50." in said
    assert "your own machine" in said


def test_choosing_an_example_or_a_preset_sets_everything():
    app = opened(SCRIPT)
    by_slot(app.selectbox, "train.recipe").set_value("usual").run()
    assert by_slot(app.number_input, "train.batch").value == RECIPES["usual"].batch_size
    assert by_slot(app.number_input, "train.restarts").value == 1
    name = "The smallest absolute value"
    by_slot(app.selectbox, "train.example").set_value(name).run()
    assert by_slot(app.number_input, "train.n").value == 3
    assert by_slot(app.number_input, "train.restarts").value == 8


def test_a_box_that_the_page_has_set_is_set_back_by_a_person_at_once():
    app = opened(SCRIPT)
    before = by_slot(app.number_input, "train.n")
    assert before.value == 6
    by_slot(app.selectbox, "train.example").set_value("The usual recipe, failing").run()
    after = by_slot(app.number_input, "train.n")
    assert after.value == 100
    assert before.key != after.key  # what a browser still reports of the old box is nobody's
    after.set_value(6).run()
    assert by_slot(app.number_input, "train.n").key == after.key
    assert app.query_params["n"] == "6"
    assert by_slot(app.selectbox, "train.example").value is None


@pytest.mark.parametrize(
    "text",
    ["", "null", "7", "{}", "[1]", "[[]]", '[{"n": "0"}]', '[{"x": "1"}]', "[" * 9_000, "[{}", "é"],
)
def test_what_a_browser_says_it_kept_may_be_anything(text: str):
    assert _read(text) == []


def test_what_a_browser_kept_is_read():
    other: Choice = DEFAULT.changed(seed=3)
    links = f"[{_json(DEFAULT)}, {_json(other)}, {_json(other)}]"
    assert _read(links) == [DEFAULT, other]


def _json(choice: Choice) -> str:
    return "{" + ", ".join(f'"{k}": "{v}"' for k, v in choice.link.items()) + "}"
