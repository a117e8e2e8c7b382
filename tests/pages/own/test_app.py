"""The page for weights from elsewhere, without a browser."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.motif.state import MotifState
from pages.own.state import OwnState
from pages.shared import resources
from pages.shared.explorer.state import DEFAULT, ExplorerState
from pages.shared.model_choice import Choice
from pages.shared.models import find_model
from pages.train.state import TrainState
from tests.helpers.apps import by_slot, fine, metrics, opened, press, said
from tests.helpers.links import as_link
from tests.helpers.networks import two_neurons_a_feature
from toymodel.analysis.loss import no_superposition_loss, superposition_gain
from toymodel.analysis.polysemanticity import neurons
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import RECIPES, Recipe
from toymodel.storage.imported_weights import Assignment, as_model, assign

pytestmark = pytest.mark.usefixtures("shipped")


SCRIPT = "own/page.py"
EXPLORERS = ["neurons/page.py", "features/page.py", "motif/page.py"]
RANDOM = np.random.default_rng(0)
ARRAYS = {
    "W1": RANDOM.normal(size=(30, 20)).astype(np.float32),
    "W2": RANDOM.normal(size=(20, 30)).astype(np.float32),
    "b": RANDOM.normal(size=20).astype(np.float32),
    "b_hidden": RANDOM.normal(size=30).astype(np.float32),
}
MEASURED = Config(feature_probability=0.01, importance_decay=1.0)


def own(arrays: dict[str, np.ndarray] = ARRAYS, config: Config = MEASURED) -> Model:
    """The model of these arrays, as the page has it."""
    biases = {name: name for name in ("b", "b_hidden") if name in arrays}
    return as_model(assign(arrays, Assignment(W1="W1", W2="W2", **biases)), config)


def choice_of(model: Model) -> Choice:
    return Choice.of(model.config, model.recipe)


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def uploaded(app: AppTest, data: bytes, name: str = "mine.npz") -> AppTest:
    app.file_uploader[0].upload(name, data).run()
    assert not app.exception, app.exception[0].value
    return app


def shown(app: AppTest) -> int:
    """How many charts there are."""
    return len(app.get("vega_lite_chart"))


def go(app: AppTest, script: str, link: dict[str, str]) -> AppTest:
    """The same visitor on another page."""
    app.query_params.clear()
    for name, value in link.items():
        app.query_params[name] = value
    app.switch_page(script).run()
    assert not app.exception, app.exception[0].value
    return app


def links_to(script: str, model: Model) -> dict[str, str]:
    choice = choice_of(model)
    return (
        MotifState.of_network(choice).link
        if "motif" in script
        else ExplorerState(choice=choice).link
    )


def test_the_first_view_says_what_a_file_should_hold():
    app = fine(opened(SCRIPT))
    assert "taken apart like trained ones" in app.title[0].value
    assert len(app.code) == 2
    assert "up to 2,000 of either" in said(app)
    assert "You alone will see it" in app.file_uploader[0].label
    assert "never on a disk" in app.file_uploader[0].label
    assert not shown(app) and not app.metric


def test_the_numpy_example_writes_a_file_that_is_read(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = opened(SCRIPT)
    exec(app.code[0].value, {name: ARRAYS[name] for name in ("W1", "W2", "b")})
    fine(uploaded(app, (tmp_path / "mine.npz").read_bytes()))
    assert metrics(app)


def test_the_torch_example_writes_a_file_that_is_read(tmp_path: Path, monkeypatch):
    from torch import nn

    monkeypatch.chdir(tmp_path)
    app = opened(SCRIPT)
    exec(app.code[1].value, {"fc1": nn.Linear(20, 30), "fc2": nn.Linear(30, 20)})
    fine(uploaded(app, (tmp_path / "mine.safetensors").read_bytes(), "mine.safetensors"))
    assert app.query_params["w1"] == "W1"


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_the_numbers_of_a_file_are_the_librarys(kind: str):
    data = npz(**ARRAYS) if kind == "npz" else safetensors.numpy.save(ARRAYS)
    app = fine(uploaded(opened(SCRIPT), data, f"mine.{kind}"))
    model = own()
    counts = neurons(model.W1).counts
    found = metrics(app)
    assert found["Loss"] == f"{model.loss:.3g}"
    assert found["Superposition gain"] == f"{superposition_gain(model.config, model.loss):.2f}"
    assert found["Mono / slightly / poly"] == " / ".join(map(str, counts.values()))
    assert shown(app) == 2
    assert "Trained for" not in said(app)


def test_what_is_uploaded_is_in_no_store():
    app = fine(uploaded(opened(SCRIPT), npz(**ARRAYS)))
    model = own()
    assert metrics(app)
    assert (model.config, model.recipe) not in resources.store().contents()
    assert not [path for path in resources.store().trained.glob("*") if path.is_file()]


@pytest.mark.parametrize("script", EXPLORERS)
def test_the_other_pages_show_it_to_who_uploaded_it_and_to_nobody_else(script: str):
    model = own()
    link = links_to(script, model)
    app = fine(go(uploaded(opened(SCRIPT), npz(**ARRAYS)), script, link))
    assert f"weights from elsewhere ({model.recipe.weights[:6]})" in said(app)
    assert f"Normalised loss {model.loss:.3g}" in said(app)
    assert "Your own weights: seen by you alone" in said(app)
    assert "They have hidden biases." in said(app)

    other = fine(opened(script, **link))
    assert "A visitor uploaded these weights, and nobody else could see them" in said(other)
    assert "Normalised loss" not in said(other)
    assert not [button for button in other.button if "Train" in button.label]


def test_a_link_to_train_them_trains_nothing():
    link = TrainState(choice=choice_of(own())).link
    app = fine(opened("train/page.py", **link))
    assert "They are not here" in said(app)
    assert not [button for button in app.button if "Train" in button.label]
    link = link | {"open": "tried"}
    app = fine(go(uploaded(opened(SCRIPT), npz(**ARRAYS)), "train/page.py", link))
    assert "These are weights that you uploaded." in said(app)
    assert not [button for button in app.button if "Train" in button.label]
    assert "Models that you train or open here are listed" in said(app)


def test_they_are_compared_with_a_model_that_was_trained():
    state = TrainState(choice=choice_of(own()), other=TrainState().choice)
    app = fine(go(uploaded(opened(SCRIPT), npz(**ARRAYS)), "train/page.py", state.link))
    losses = [metric.value for metric in app.metric if metric.label == "Loss"]
    assert losses[0] == f"{own().loss:.3g}"
    assert len(losses) == 2


def test_a_setting_that_is_changed_asks_for_a_model_to_train():
    choice = choice_of(own()).changed(seed=3)
    assert choice.recipe == Recipe()
    assert choice.config.seed == 3
    assert choice_of(own()).changed(steps=5).recipe == Recipe(steps=5)
    assert choice_of(own()).changed(recipe="quick").recipe == RECIPES["quick"]


BAD = [
    (npz(W1=np.array([[1, np.nan]])), "'W1' has numbers that are not finite"),
    (npz(W1=np.array([[None]])), "Python objects are never read"),
    (npz(b=np.ones(3)), "none of its arrays has two axes"),
    ((2**31).to_bytes(8, "little") + b"{}", "neither a whole npz file nor"),
    (b"", "neither a whole npz file nor"),
]


@pytest.mark.parametrize(("data", "words"), BAD)
def test_a_bad_file_is_refused_and_the_model_before_stays(data: bytes, words: str):
    app = uploaded(opened(SCRIPT), data, "bad.npz")
    assert app.error[0].value.startswith("`bad.npz is not used: ")
    assert words in app.error[0].value
    assert not shown(app) and not app.metric
    before = metrics(fine(uploaded(app, npz(**ARRAYS))))
    app = uploaded(app, data, "bad.npz")
    assert words in app.error[0].value
    assert metrics(app) == before


def test_a_hostile_name_of_a_file_is_shown_as_text():
    app = uploaded(opened(SCRIPT), b"", "**`bold`**<b>" + "x" * 500 + ".npz")
    assert app.error[0].value.startswith("`**'bold'**<b>xxx")
    assert len(app.error[0].value) < 300


def test_arrays_are_chosen_by_hand_and_the_choice_is_in_the_link():
    square = {name: RANDOM.normal(size=(16, 16)) for name in ("one", "two")}
    app = fine(uploaded(opened(SCRIPT), npz(**square, bias=np.ones(16))))
    assert by_slot(app.selectbox, "own.w1").value == "one"
    by_slot(app.selectbox, "own.w1").select("two").run()
    by_slot(app.selectbox, "own.w2").select("one").run()
    by_slot(app.selectbox, "own.b").select("").run()
    by_slot(app.selectbox, "own.bh").select("bias").run()
    by_slot(app.checkbox, "own.w1t").check().run()
    fine(app)
    chosen = {"w1": "two", "w2": "one", "bh": "bias", "w1t": "yes", "w2t": "no"}
    link = {name: app.query_params[name] for name in app.query_params}
    assert {name: link[name] for name in chosen} == chosen
    assert "b" not in link
    arrays = {name: array.astype(np.float32) for name, array in square.items()}
    made = assign(
        arrays | {"bias": np.ones(16, np.float32)},
        Assignment(W1="two", W2="one", b_hidden="bias", W1_transposed=True),
    )
    assert metrics(app)["Loss"] == f"{as_model(made, MEASURED).loss:.3g}"
    # A link with a choice that fits keeps it.
    again = fine(uploaded(opened(SCRIPT, **link), npz(**square, bias=np.ones(16))))
    assert metrics(again) == metrics(app)


def test_arrays_that_do_not_fit_are_told_with_what_would():
    more = npz(**ARRAYS, other=np.ones((40, 30)))
    app = fine(uploaded(opened(SCRIPT), more))
    by_slot(app.selectbox, "own.w2").select("other").run()
    (error,) = app.error
    assert "W2 is (40, 30); with W1 (neurons: 30, features: 20) it must be (20, 30)" in error.value
    assert not shown(app) and not app.metric
    by_slot(app.selectbox, "own.w2").select("W2").run()
    assert fine(app).metric


@pytest.mark.parametrize(
    ("name", "field"), [("p", "feature_probability"), ("d", "importance_decay")]
)
def test_density_and_decay_move_the_loss_and_are_checked(name: str, field: str):
    app = fine(uploaded(opened(SCRIPT), npz(**ARRAYS)))
    by_slot(app.number_input, f"own.{name}").set_value(0.5).run()
    config = MEASURED.replace(**{field: 0.5})
    assert metrics(fine(app))["Loss"] == f"{own(config=config).loss:.3g}"
    by_slot(app.number_input, f"own.{name}").set_value(0.0).run()
    assert "must be a number above 0 and at most 1" in app.error[0].value
    assert metrics(app)["Loss"] == f"{own(config=config).loss:.3g}"


def test_the_hidden_layer_can_be_said_to_be_linear():
    app = fine(uploaded(opened(SCRIPT), npz(**ARRAYS)))
    by_slot(app.selectbox, "own.activation").select("none").run()
    biases = {name: name for name in ("b", "b_hidden")}
    linear = assign(ARRAYS, Assignment(W1="W1", W2="W2", **biases), "none")
    assert metrics(fine(app))["Loss"] == f"{as_model(linear, MEASURED).loss:.3g}"
    assert metrics(app)["Loss"] != f"{own().loss:.3g}"
    assert "The hidden layer is linear" in said(app)


def test_a_network_that_copies_must_be_tied():
    app = fine(uploaded(opened(SCRIPT), npz(**ARRAYS)))
    by_slot(app.selectbox, "own.task").select("identity").run()
    assert "in the identity task W2 is W1 transposed" in app.error[0].value
    app = uploaded(app, npz(W=ARRAYS["W1"]))
    assert metrics(fine(app))["Dead outputs"]
    assert app.query_params["w1"] == app.query_params["w2"] == "W"


def test_a_small_network_is_drawn_weight_by_weight():
    perfect = two_neurons_a_feature(3)
    app = fine(uploaded(opened(SCRIPT), npz(W1=perfect.W1, W2=perfect.W2)))
    assert float(metrics(app)["Loss"]) < 1e-9
    assert "Bars: one column is one neuron" in said(app)
    assert shown(app) == 2


# Several networks, a sample, and what is said


def several(count: int = 3) -> dict[str, np.ndarray]:
    """As an ARENA state_dict, one network better than the next."""
    perfect = two_neurons_a_feature(3)
    scale = 1 + np.arange(count, dtype=np.float32) / 10
    arrays = {"W1": perfect.W1, "W2": perfect.W2, "b_final": perfect.b}
    return {name: np.multiply.outer(scale, array) for name, array in arrays.items()}


def test_of_several_networks_one_is_picked_and_is_in_the_link():
    app = fine(uploaded(opened(SCRIPT), npz(**several())))
    assert by_slot(app.number_input, "own.instance").max == 2
    assert float(metrics(app)["Loss"]) < 1e-9
    by_slot(app.number_input, "own.instance").set_value(2).run()
    assert app.query_params["instance"] == "2"
    # W1 and W2 are 1.2 times as large, so outputs are 0.44 |x| too large.
    assert float(metrics(fine(app))["Loss"]) == pytest.approx(0.44**2, rel=0.05)
    # A file with fewer of them starts with its first.
    assert uploaded(app, npz(**several(2))).query_params["instance"] == "0"


def test_an_instance_that_is_not_there_is_told():
    app = fine(uploaded(opened(SCRIPT, instance="2"), npz(**several())))
    assert app.query_params["instance"] == "2"
    app = uploaded(opened(SCRIPT, instance="9"), npz(**several()))
    assert "This file has no instance 9: they go from 0 to 2." in app.warning[0].value
    assert app.query_params["instance"] == "0"
    app = uploaded(opened(SCRIPT, instance="1"), npz(**ARRAYS))
    assert "This file holds one network" in app.warning[0].value
    mixed = several(2) | {"W2": several(3)["W2"]}
    app = uploaded(opened(SCRIPT), npz(**mixed))
    assert "the same number of them: 'W1' has 2, 'W2' has 3" in app.error[0].value


def test_a_sample_opens_as_if_it_were_uploaded():
    app = press(opened(SCRIPT), "Try a sample")
    model = find_model(DEFAULT.config, DEFAULT.recipe)
    assert model
    assert metrics(app)["Loss"] == f"{model.loss:.3g}"
    assert (app.query_params["p"], app.query_params["d"]) == ("0.01", "0.8")
    assert "toymodel-sample.npz" in said(app)
    ratio = model.loss / no_superposition_loss(model.config)
    assert f"{ratio:.2g} times the loss of the no-superposition baseline" in app.header[0].value


@pytest.mark.parametrize(
    ("arrays", "verdict"),
    [
        (ARRAYS, "It does not compute |x|"),
        ({"W1": np.eye(4, 8), "W2": np.eye(8, 4)}, "baseline: it gains nothing"),
        ({name: several(2)[name][1] for name in ("W1", "W2")}, "where 0 is possible"),
    ],
)
def test_a_verdict_is_given(arrays: dict[str, np.ndarray], verdict: str):
    app = fine(uploaded(opened(SCRIPT), npz(**arrays)))
    assert verdict in app.header[0].value


def test_what_was_assumed_is_said():
    app = fine(uploaded(opened(SCRIPT), npz(W=np.eye(16))))
    (line,) = [each.value for each in app.markdown if each.value.startswith("**Assumed**")]
    assert "its transpose is used as W2" in line
    assert "W1 is square, 16 by 16" in line
    assert "have a ReLU" in line


def test_a_file_is_forgotten_on_request():
    app = fine(uploaded(opened(SCRIPT), npz(**ARRAYS)))
    assert app.file_uploader[0].value
    press(app, "Forget this file")
    assert not app.file_uploader[0].value
    assert not shown(app) and not app.metric
    assert "w1" not in app.query_params
    link = ExplorerState(choice=choice_of(own())).link
    assert "They are not here" in said(fine(go(app, "neurons/page.py", link)))


def test_a_file_is_still_there_when_the_visitor_comes_back():
    app = fine(uploaded(opened(SCRIPT), npz(**ARRAYS)))
    before = metrics(app)
    go(app, "overview/page.py", {})
    assert metrics(fine(go(app, SCRIPT, {}))) == before
    # A link without a choice of arrays, such as one in the history, gets a guess.
    assert metrics(fine(go(app, SCRIPT, OwnState().link))) == before


@pytest.mark.parametrize(
    "link", [{"p": "0"}, {"w1t": "maybe"}, {"n": "3"}, {"v": "2"}, {"w1": "x" * 101}, {"w1": ""}]
)
def test_a_wrong_link_says_so_and_opens_the_default(link: dict[str, str]):
    app = opened(SCRIPT, **link)
    assert "This link was not read in full" in app.warning[0].value
    assert {name: app.query_params[name] for name in app.query_params} == OwnState().link


NAMES = st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=100)


def test_weights_are_in_the_link_of_what_they_are_and_in_no_other():
    link = choice_of(own()).link
    assert link["weights"] == own().recipe.weights
    assert TrainState().choice.with_link(as_link(link)) == (choice_of(own()), [])
    assert "weights" not in TrainState().choice.link
    _, problems = TrainState().choice.with_link({"weights": ["zzz"]})
    assert problems == [
        "weights = 'zzz': must be empty, or 16 hexadecimal digits that name weights from elsewhere"
    ]
