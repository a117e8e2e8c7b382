"""The page that trains one model, without a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Toggle

from pages.shared import resources
from pages.shared.model_choice import Choice
from pages.shared.models import find_model
from pages.shared.training.ownership import _read as _read_names
from pages.train import downloads
from pages.train.downloads import file_name
from pages.train.examples import EXAMPLES, example_name
from pages.train.history import _read
from pages.train.state import DEFAULT
from tests.helpers.apps import (
    QUICK,
    button_labels,
    by_slot,
    fine,
    metrics,
    opened,
    press,
    put,
    random_network,
    said,
    small,
    table,
)
from tests.helpers.networks import ROOT
from tests.helpers.processes import until
from toymodel.jobs.job import Progress, run_job
from toymodel.jobs.limits import Limits
from toymodel.jobs.live import LiveBudget
from toymodel.jobs.manager import JobManager
from toymodel.jobs.pace import Pace
from toymodel.recipe import RECIPES, Recipe
from toymodel.storage.checkpoint import TrainingPaused

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
    assert any(header.value == "How it went" for header in app.header)


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
    assert not any(header.value == "How it went" for header in app.header)
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
    app = opened(SCRIPT, open="file")
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
    press(app, "Train")
    assert resources.jobs().limits == Limits(steps=50, live_seconds=0)
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


# Training as settings change


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOYMODEL_MAX_LIVE_SECONDS", "60")


def greyed(app: AppTest) -> list[str]:
    return [c.value for c in app.caption if c.value.startswith("This is the model before: ")]


def train_as_i_change_settings(app: AppTest) -> Toggle:
    (toggle,) = [t for t in app.toggle if t.label == "Train as I change settings"]
    return toggle


@pytest.mark.usefixtures("live")
def test_a_changed_setting_trains_at_once_beside_the_model_of_before():
    app = opened(SCRIPT)
    before = metrics(app)
    assert train_as_i_change_settings(app).value
    fine(by_slot(app.select_slider, "train.p.slider.True").set_value(0.2).run())
    assert greyed(app) == [
        "This is the model before: 1 − S = 0.1, standard with restarts = 8: n = 6, m = 10; "
        "training the new one."
    ]
    assert metrics(app) == before
    config = DEFAULT.config.replace(feature_probability=0.2)
    assert resources.jobs().progress([config], DEFAULT.recipe)
    assert until(lambda: resources.store().has(config, DEFAULT.recipe), 60)
    fine(app.run())
    assert not greyed(app)
    assert metrics(app) != before


@pytest.mark.usefixtures("live")
def test_what_is_not_quick_or_switched_off_has_a_button_with_the_estimate():
    app = opened(SCRIPT)
    fine(by_slot(app.number_input, "train.steps").set_value(500_000).run())
    assert greyed(app)[0].endswith(". The new one is not trained yet.")
    (label,) = [button.label for button in app.button if button.label.startswith("Train (")]
    assert re.fullmatch(r"Train \(about \d+ (s|min)\)", label)
    fine(train_as_i_change_settings(app).set_value(False).run())
    fine(by_slot(app.number_input, "train.steps").set_value(400).run())
    assert "Train" in button_labels(app)
    fine(train_as_i_change_settings(app).set_value(True).run())
    assert "Train" not in button_labels(app)


@pytest.mark.usefixtures("live")
def test_a_budget_that_is_used_up_is_told_and_the_button_is_there(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(LiveBudget, "allows", lambda *_: False)
    app = opened(SCRIPT, n="6", m="4", recipe="quick", steps="300")
    assert "Changed settings have trained for 60 s in the last minute" in app.info[0].value
    assert "Train" in button_labels(app)


@pytest.mark.usefixtures("live")
def test_what_was_cancelled_does_not_start_again_by_itself(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Pace, "seconds", lambda *_: 1.0)
    app = opened(SCRIPT, n="6", m="4", recipe="quick", steps="1000000")
    press(app, "Cancel")
    assert "Train" in button_labels(app)
    fine(app.run())
    assert "Train" in button_labels(app)


@pytest.mark.usefixtures("live")
def test_a_quick_training_that_is_no_longer_wanted_stops(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Pace, "seconds", lambda *_: 1.0)
    app = opened(SCRIPT, n="6", m="4", recipe="quick", steps="1000000")
    choice = Choice.from_link({k: [v] for k, v in app.query_params.items()})[0]
    assert resources.jobs().progress([choice.config], choice.recipe)
    fine(by_slot(app.number_input, "train.m").set_value(5).run())
    manager = resources.jobs()
    assert until(lambda: manager.progress([choice.config], choice.recipe) is None, 30)


def test_a_copy_that_does_not_allow_it_has_no_switch():
    assert not opened(SCRIPT).toggle


# Paused trainings


PAUSED = DEFAULT.changed(n=4, m=3, recipe="quick", steps=400)


@pytest.fixture
def paused(tmp_path: Path) -> Callable[[str], None]:
    """Pauses a training at its first snapshot, by a name that its owner has."""

    def pause(owner: str) -> None:
        scratch, store = tmp_path / "scratch", resources.store()
        scratch.mkdir()
        (scratch / "pause").write_text(owner)
        with pytest.raises(TrainingPaused):
            run_job([PAUSED.config], PAUSED.recipe, store.root, store.max_bytes, scratch)

    return pause


def test_what_another_paused_cannot_be_discarded(paused: Callable[[str], None]):
    paused("somebody else's")
    app = fine(opened(SCRIPT, **PAUSED.link))
    assert "Somebody else paused it" in app.info[0].value
    assert "Go on" in button_labels(app)
    assert "Discard" not in button_labels(app)


def test_discarding_what_one_paused_asks_first(paused: Callable[[str], None]):
    paused("")
    app = fine(opened(SCRIPT, **PAUSED.link))
    press(app, "Discard")
    assert "Go on" not in button_labels(app)
    press(app, "Keep them")
    assert resources.jobs().progress([PAUSED.config], PAUSED.recipe)
    press(app, "Discard")
    press(app, "Discard 0 steps for good")
    assert resources.jobs().progress([PAUSED.config], PAUSED.recipe) is None
    assert "Discarded." in [info.value for info in app.info]


def test_going_on_with_what_was_discarded_meanwhile_is_told_and_starts_nothing(
    paused: Callable[[str], None],
):
    paused("somebody else's")
    app = fine(opened(SCRIPT, **PAUSED.link))
    manager = resources.jobs()
    manager.cancel([PAUSED.config], PAUSED.recipe, "them", ("somebody else's",))
    press(app, "Go on")
    assert manager.progress([PAUSED.config], PAUSED.recipe) is None
    assert any("Nothing was started" in info.value for info in app.info)
    assert "Train" in button_labels(app)


@pytest.mark.parametrize("text", ["", "null", "7", "{}", "[1]", "[[]]", "[" * 9_000, "é"])
def test_what_a_browser_says_of_its_names_may_be_anything(text: str):
    assert _read_names(text) == ()


def test_a_browser_owns_what_it_paused_on_earlier_visits():
    assert _read_names('["one", "two", 3]') == ("one", "two")


def test_only_a_divergence_has_the_diagnosis(monkeypatch: pytest.MonkeyPatch):
    link = {"n": "6", "m": "4", "recipe": "quick", "steps": "300"}
    failed = Progress(state="failed", message="It is gone.", failure="killed")
    monkeypatch.setattr(JobManager, "progress", lambda *_: failed)
    app = opened(SCRIPT, **link)
    assert [error.value for error in app.error] == ["`It is gone.`"]
    assert "Why did it go badly?" not in said(app)
    monkeypatch.setattr(JobManager, "progress", lambda *_: replace(failed, failure="diverged"))
    app = fine(opened(SCRIPT, **link))
    assert "Why did it go badly?" in said(app)


# Downloads


def test_files_are_named_by_what_they_are():
    names = {
        DEFAULT: "n6-m10-p0.1-seed0",
        DEFAULT.changed(d=10**-0.8, seed=3): "n6-m10-p0.1-d0.158-seed3",
        DEFAULT.changed(task="identity", hidden=True, recipe="usual"): (
            "identity-n6-m10-p0.1-seed0-hidden-bias-usual"
        ),
    }
    assert {choice: file_name(choice) for choice in names} == names


def test_files_are_there_before_the_click_and_of_large_ones_a_click_makes_them(
    monkeypatch: pytest.MonkeyPatch,
):
    def labels(app: AppTest) -> list[str]:
        return [each.proto.label for each in app.get("download_button")]

    app = opened(SCRIPT, tab="download")
    assert labels(app) == ["Model (.safetensors)", "Weights (.csv)", "Chart (.svg)"]
    assert not any(each.proto.deferred_file_id for each in app.get("download_button"))
    monkeypatch.setattr(downloads, "_MAX_UNASKED", 1_000)
    app = opened(SCRIPT, tab="download")
    assert labels(app) == ["Chart (.svg)"]
    press(app, "Prepare the file, 0 MB: Model (.safetensors)")
    assert labels(app) == ["Model (.safetensors)", "Chart (.svg)"]


# What was tried


def test_what_was_tried_has_no_holes_and_fits_a_phone():
    app = opened(SCRIPT, open="tried")
    app.session_state["train.tried"] = [DEFAULT.changed(seed=77)]
    fine(app.run())
    rows = table(app, "model")
    assert list(rows["model"]) == ["n 6 m 10 1−S 0.1", "n 6 m 10 1−S 0.1 seed 77"]
    assert list(rows["mono / slightly / poly"]) == ["6 / 4 / 0", "not stored any more"]
    assert rows["loss"].isna().tolist() == [False, True]
    assert app.dataframe[0].proto.placeholder == "–"
    columns = json.loads(app.dataframe[0].proto.columns)
    first = ("model", "loss", "gain")
    assert list(rows)[:3] == list(first)
    assert 40 + sum(columns[name]["width"] for name in first) < 390 - 2 * 35


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
