"""The neuron explorer and the feature explorer, without a browser."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import resources
from pages.shared.explorer.controls import model_name
from pages.shared.explorer.state import DEFAULT, ExplorerState
from pages.shared.model_choice import Choice
from pages.shared.models import find_model
from tests.helpers.apps import (
    QUICK,
    button_labels,
    by_slot,
    disabled,
    fine,
    look,
    metrics,
    of_link,
    opened,
    press,
    put,
    random_network,
    said,
    small,
    table,
)
from tests.helpers.links import as_link
from tests.helpers.networks import two_neurons_a_feature, weights
from toymodel.analysis.ablation import ablate
from toymodel.analysis.activations import activity
from toymodel.analysis.features import carriers, interference
from toymodel.analysis.loss import loss_by_feature
from toymodel.analysis.polysemanticity import (
    CLEAR_SECONDARY,
    Thresholds,
    instructive,
    neurons,
    paper_order,
    path_gain,
    superposition,
)
from toymodel.config import Config
from toymodel.model import Model, Weights
from toymodel.sweeps.shipped import IDENTITY, IDENTITY_BIAS, Family

pytestmark = pytest.mark.usefixtures("shipped")


NEURONS, FEATURES = "neurons/page.py", "features/page.py"


@pytest.fixture
def paper() -> Model:
    """The shipped model that both pages open with."""
    found = find_model(DEFAULT.config, DEFAULT.recipe)
    assert found
    return found


def state_of(app: AppTest) -> ExplorerState:
    """What the page's link says, in which nothing may be wrong."""
    state, problems = ExplorerState.from_link(as_link(app.query_params))
    assert problems == []
    return state


# The first view


def test_the_neuron_page_opens_with_an_instructive_neuron_which_is_then_in_the_link(paper: Model):
    app = fine(opened(NEURONS))
    neuron = int(str(of_link(app, "neuron")))
    second = np.sort(neurons(paper.W1).relative[neuron])[-2]
    assert CLEAR_SECONDARY[0] <= second <= CLEAR_SECONDARY[1]
    assert app.header[0].value.startswith(f"Neuron {neuron}: ")
    assert app.title[0].value == "Large activations come from one feature, small from many"
    assert of_link(app, "n") == "100"
    assert of_link(app, "feature") is None


def test_the_feature_page_opens_with_a_shared_feature_which_is_then_in_the_link(paper: Model):
    app = fine(opened(FEATURES))
    feature = int(str(of_link(app, "feature")))
    assert len(carriers(paper.weights, feature)) > 2
    assert app.header[0].value.startswith(f"Feature f{feature}: ")
    assert of_link(app, "neuron") is None


def test_both_pages_share_their_model_and_their_thresholds():
    app = opened(NEURONS, p="0.1", mono="0.2", neuron="3")
    for script in (FEATURES, NEURONS):
        app.query_params.clear()
        fine(app.switch_page(script).run())
        state = state_of(app)
        assert (state.choice.config.feature_probability, state.neuron) == (0.1, 3)
        assert state.thresholds.second_weight == 0.2
        # Streamlit forgets the value of a widget on another page, though not that it had one.
        model = (state.choice.config, state.choice.resolved)
        assert by_slot(app.selectbox, "explore.model").value == model
        assert by_slot(app.number_input, "explore.mono").value == 0.2


# Links

HOSTILE = [
    {"n": "-1"},
    {"neuron": "40"},
    {"neuron": "9" * 5_000},
    {"feature": "100"},
    {"second": "-1"},
    {"restart": "1"},
    {"above": "nan"},
    {"given": "0:1," * 3_000},
    {"given": "[x](javascript:alert(1))"},
    {"counts": "<script>alert(1)</script>"},
    {"at": "0.01"},
    {"v": "999"},
]


@pytest.mark.parametrize(
    ("script", "link"),
    [(NEURONS, link) for link in HOSTILE] + [(FEATURES, link) for link in HOSTILE[:4]],
)
def test_a_wrong_link_says_so_and_opens_the_default(script: str, link: dict[str, str]):
    app = opened(script, **link)
    assert len(app.warning) == 1
    assert next(iter(link)) in app.warning[0].value
    assert not app.error
    assert len(app.metric) == 6
    state_of(app)  # the link was mended


EXTREME = [
    {"mono": "1e-09", "slight": "1e-09"},
    {"mono": "1", "slight": "100"},
    {"neuron": "39", "feature": "99", "second": "99"},
    {"given": ",".join(f"{i}:{(-1) ** i}" for i in range(12)), "weighted": "by importance"},
    {"neuron": "0", "feature": "0", "second": "0"},
    {"above": "0.02", "counts": "linear"},
    {"above": "1", "counts": "log"},
    {"given": "99:0"},
    {"given": "0:0.123456789012345,1:-1e-300"},
]


@pytest.mark.parametrize(
    ("script", "link"),
    [(NEURONS, link) for link in EXTREME] + [(FEATURES, link) for link in EXTREME[:4]],
)
def test_the_ends_of_the_ranges_are_allowed(script: str, link: dict[str, str]):
    app = fine(opened(script, **link))
    assert len(app.metric) == 6
    assert {name: of_link(app, name) for name in link} == link


@pytest.mark.parametrize("script", [NEURONS, FEATURES])
@pytest.mark.parametrize(
    "link",
    [
        {"seed": "77"},
        {"n": "2000", "m": "2000", "restarts": "64", "neuron": "1999", "feature": "1999"},
        {"n": "1", "m": "1", "p": "1e-300", "d": "1e-09", "neuron": "0", "feature": "0"},
    ],
    ids=str,
)
def test_a_model_that_is_not_stored_can_be_trained(script: str, link: dict[str, str]):
    app = fine(opened(script, **link))
    assert [info.value for info in app.info] == ["This model is not trained here yet."]
    assert "Train" in button_labels(app)
    assert not app.metric
    assert {name: of_link(app, name) for name in link} == link


@pytest.mark.parametrize("script", [NEURONS, FEATURES])
def test_a_model_that_is_not_stored_leaves_the_one_before_greyed(script: str):
    app = opened(script)
    before = metrics(app)
    app.query_params.clear()
    app.query_params.update({"n": "6", "m": "4", "seed": "77"})
    fine(app.run())
    assert app.caption[0].value == (
        f"This is the model before: {model_name((DEFAULT.config, DEFAULT.recipe))}. "
        "The new one is not trained yet."
    )
    assert metrics(app) == before
    assert state_of(app).choice.config.seed == 77
    assert "Train" in button_labels(app)


def test_the_page_of_features_greys_what_the_page_of_neurons_showed():
    app = opened(NEURONS)
    app.query_params.clear()
    app.query_params.update({"seed": "77"})
    fine(app.switch_page(FEATURES).run())
    assert app.header[0].value.startswith("Feature f")
    state = state_of(app)
    assert (state.choice.config.seed, state.feature) == (77, None)


def test_another_pages_link_that_nobody_was_shown_is_read_with_a_warning():
    app = opened("sweep/page.py", **ExplorerState().changed(neuron=7).link)
    assert len(app.warning) == 1


# What is shown is what the library says


@pytest.mark.parametrize("neuron", [0, 16, 39])
def test_the_numbers_of_a_neuron_are_the_librarys(paper: Model, neuron: int):
    shown = metrics(look(NEURONS, ExplorerState().changed(neuron=neuron)))
    found, primary = neurons(paper.W1), int(np.abs(paper.W1[neuron]).argmax())
    gain = path_gain(paper.W1, paper.W2)[neuron, primary]
    rise = ablate(paper.config, paper.weights, neuron).rise
    found_active = activity(paper.config, paper.weights, neuron)
    silent = found_active.silent.value + found_active.faint
    assert shown == {
        "Primary feature": f"f{primary}",
        "Its path gain": f"{gain:.2f}",
        "Effective features": f"{found.effective_features[neuron]:.2f}",
        "Extra weight": f"{found.extra_weight[neuron]:.2f}",
        "Silent (below 2%)": f"{silent:.1%}",
        "Loss without it": f"× {(paper.loss + rise) / paper.loss:.3g}",
    }


@pytest.mark.parametrize("feature", [0, 11, 99])
def test_the_numbers_of_a_feature_are_the_librarys(paper: Model, feature: int):
    app = look(FEATURES, ExplorerState().changed(feature=feature))
    shown = metrics(app)
    gain, side = path_gain(paper.W1, paper.W2)[:, feature], paper.W1[:, feature]
    losses = loss_by_feature(paper.config, paper.weights)
    shares = superposition(paper.W1)[feature]
    assert shown["Importance"] == f"{0.8**feature:.3g}"
    assert shown["Gain of the positive side"] == f"{gain[side > 0].sum():.2f}"
    assert shown["Gain of the negative side"] == f"{gain[side < 0].sum():.2f}"
    assert shown["Superposition"] == ("–" if np.isnan(shares) else f"{shares:.2f}")
    assert shown["Share of the loss"] == f"{losses[feature] / losses.sum():.1%}"
    side = interference(paper.config, paper.weights).sides[feature]
    assert side.split()[0] in app.header[0].value


def test_a_models_line_says_what_it_is_and_its_loss(paper: Model):
    (line,) = [m.value for m in opened(NEURONS).markdown if m.value.startswith("**Model**")]
    assert "100 features, 40 neurons, 1 − S = 0.01" in line
    assert f"Normalised loss {paper.loss:.3g}" in line or f"{paper.loss:.0e}" in line


def test_the_weights_and_carriers_are_listed_as_they_are(paper: Model):
    app = look(NEURONS, ExplorerState().changed(neuron=5, tab="weights"))
    listed = table(app, "w_in", "loss_rise").set_index("feature")
    np.testing.assert_array_equal(listed["w_in"].sort_index(), paper.W1[5])
    np.testing.assert_array_equal(listed["w_out"].sort_index(), paper.W2[:, 5])
    rises = ablate(paper.config, paper.weights, 5).by_feature
    np.testing.assert_allclose(listed["loss_rise"].sort_index(), rises)
    app = look(FEATURES, ExplorerState().changed(feature=11, section="numbers"))
    assert table(app, "side")["neuron"].tolist() == carriers(paper.weights, 11).tolist()


def test_a_model_without_error_has_figures_that_are_known_exactly():
    state = put(small(2, 4), two_neurons_a_feature(2))
    shown = metrics(look(NEURONS, state.changed(neuron=2)))
    assert shown["Primary feature"] == "f0"
    assert shown["Its path gain"] == "1.00"
    assert shown["Effective features"] == "1.00"
    assert shown["Extra weight"] == "0.00"
    # It fires where x_0 is below 0: for p/2 = 1/4 of inputs, and above 2 % for 98 % of these.
    assert float(shown["Silent (below 2%)"].rstrip("%")) == pytest.approx(75.5, abs=0.5)
    app = look(FEATURES, state.changed(feature=1, section="map"))
    assert app.header[0].value == "Feature f1: computed on both sides"
    shown = metrics(app)
    assert shown["Importance"] == "0.8"
    assert (shown["Gain of the positive side"], shown["Gain of the negative side"]) == (
        "1.00",
        "1.00",
    )
    assert shown["Superposition"] == "0.00"
    assert shown["Its own loss"] == "0"
    assert "2 neurons carry it, all of them monosemantic" in said(app)
    assert "No feature reaches another one's output." in said(app)


# Models of every kind


def test_a_neuron_without_weights_is_told_to_be_dead():
    config = small(3, 2)
    state = put(config, weights([[1, 0.5, 0], [0, 0, 0]], np.ones((3, 2))))
    app = look(NEURONS, state.changed(neuron=1))
    assert app.header[0].value == "Neuron 1: unused"
    shown = metrics(app)
    assert (shown["Primary feature"], shown["Its path gain"]) == ("none", "–")
    assert shown["Silent (below 2%)"] == "100.0%"
    assert shown["Loss without it"] == "× 1"
    assert "Nothing does: on every input its activation is 0." in said(app)
    assert "Inputs that make it fire" not in said(app)
    assert "Nothing does" not in said(look(NEURONS, state.changed(neuron=0)))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 3), (4, 1), (3, 2)])
def test_a_model_without_weights_opens_and_answers_its_constant(n: int, m: int):
    config = small(n, m)
    state = put(config, weights(np.zeros((m, n)), np.zeros((n, m)), np.full(n, 0.375)))
    app = look(NEURONS, state)
    assert app.header[0].value.endswith(": unused")
    assert "Nothing does: on every input its activation is 0." in said(app)
    assert f"**Neurons that fire: 0 of {m}**" in said(look(NEURONS, state.changed(tab="input")))
    for tab in ("answers", "weights", "all", "beside"):
        look(NEURONS, state.changed(tab=tab))
    app = look(FEATURES, state.changed(feature=n - 1))
    assert app.header[0].value == f"Feature f{n - 1}: not represented"
    assert "No neuron has a path gain of 0.1 or more" in said(app)
    (info, *_) = [i.value for i in app.info]
    assert "To an empty input the output answers 0.375" in info
    assert "alone 0.375 to 0.375" in info
    assert "p/2 = 0.25" in info
    shown = metrics(app)
    assert shown["Superposition"] == "–"
    # E (0.375 - |x|)^2 over E x^2, with x = 0 half of the time: 1/2 (t^2 + t^2 - t + 1/3) 6.
    assert float(shown["Its own loss"]) == pytest.approx(
        6 * 0.5 * (2 * 0.375**2 - 0.375 + 1 / 3), rel=0.02
    )


def test_a_feature_that_is_not_represented_is_told_to_be_beside_one_that_is():
    state = put(small(2, 2), weights([[1, 0], [-1, 0]], [[1, 1], [0, 0]], [0, 0.25]))
    app = look(FEATURES, state)
    assert of_link(app, "feature") == "0"
    app = press(app, "One that is not represented")
    assert of_link(app, "feature") == "1"
    assert "the output answers 0.25" in said(app)
    app = press(app, "One with neurons of its own")
    assert of_link(app, "feature") == "0"
    assert "computed on both sides" in app.header[0].value
    assert "does not compute |x|" not in said(app)
    assert "The one that shares most" in disabled(app)


def test_a_feature_served_on_one_side_is_told_to_be():
    state = put(small(2, 2), weights([[1, 0], [0, -1]], [[1, 0], [0, 1]]))
    app = look(FEATURES, state.changed(feature=0))
    assert app.header[0].value == "Feature f0: computed on its positive side only"
    app = look(FEATURES, state.changed(feature=1))
    assert app.header[0].value == "Feature f1: computed on its negative side only"
    assert metrics(app)["Gain of the positive side"] == "0.00"
    assert "1 neuron carries it, a monosemantic one" in said(app)


def test_a_model_of_one_feature_has_no_other_to_compare():
    state = put(small(1, 2), two_neurons_a_feature(1))
    app = look(NEURONS, state.changed(tab="answers"))
    assert "This model has one feature only." in said(app)
    assert "explore.second" not in {box.key for box in app.selectbox}
    app = look(FEATURES, state.changed(section="map"))
    assert "No feature reaches another one's output." in said(app)
    assert {"Previous by number", "Next by number"} <= disabled(app)


def test_a_model_of_one_neuron_has_no_other_to_go_to():
    config = small(3, 1)
    state = put(config, weights([[1, -0.5, 0.25]], [[1], [1], [0]]))
    app = look(NEURONS, state)
    assert of_link(app, "neuron") == "0"
    ways = {
        f"{step} {way}" for step in ("Previous", "Next") for way in ("in the plot", "by number")
    }
    assert ways <= disabled(app)
    assert "This model has one neuron only." in said(look(NEURONS, state.changed(tab="beside")))
    assert metrics(app)["Extra weight"] == "0.75"
    assert fine(opened(FEATURES, **state.link)).metric


def test_of_many_neurons_the_stack_plot_shows_a_window_around_the_chosen_one():
    config = small(30, 150, 0.1)
    network = random_network(config)
    state, order = put(config, network), paper_order(network.W1)
    for place, window in ((0, "1 to 100"), (75, "26 to 125"), (149, "51 to 150")):
        app = look(NEURONS, state.changed(neuron=int(order[place])))
        assert f"Columns {window} of 150." in said(app)
        assert app.header[0].value.startswith(f"Neuron {order[place]}: ")
    assert "Columns" not in said(look(NEURONS, ExplorerState().changed(neuron=0)))


def test_a_restart_that_is_chosen_is_the_one_that_is_shown():
    config = small(3, 2)
    networks = [random_network(config, seed) for seed in range(3)]
    state = put(config, *networks).changed(neuron=1)

    def agrees(app: AppTest, network: Weights) -> None:
        primary = int(np.abs(network.W1[1]).argmax())
        gain = path_gain(network.W1, network.W2)[1, primary]
        assert metrics(app)["Primary feature"] == f"f{primary}"
        assert metrics(app)["Its path gain"] == f"{gain:.2f}"

    assert len({path_gain(each.W1, each.W2)[1].max() for each in networks}) == 3
    app = look(NEURONS, state)
    agrees(app, networks[2])  # the one with the lowest loss
    for restart in (0, 1):
        agrees(look(NEURONS, state.changed(restart=restart)), networks[restart])
        fine(by_slot(app.selectbox, "explore.restart").set_value(restart).run())
        agrees(app, networks[restart])
        assert (of_link(app, "restart"), of_link(app, "neuron")) == (str(restart), "1")
    app = look(FEATURES, state.changed(restart=0, feature=2))
    gain, side = path_gain(networks[0].W1, networks[0].W2)[:, 2], networks[0].W1[:, 2]
    assert metrics(app)["Gain of the positive side"] == f"{gain[side > 0].sum():.2f}"


def test_the_rarest_features_leave_nothing_to_be_said_and_no_error():
    config = small(6, 3, 1e-300)
    state = put(config, random_network(config))
    assert metrics(look(NEURONS, state))["Silent (below 2%)"] == "100.0%"
    assert look(FEATURES, state).metric


# Widgets


def test_previous_and_next_follow_the_stack_plot_to_its_ends(paper: Model):
    order = [str(j) for j in paper_order(paper.W1)]
    app = look(NEURONS, ExplorerState().changed(neuron=int(order[1]), second=50))
    assert not {"Previous in the plot", "Next in the plot"} & disabled(app)
    assert of_link(press(app, "Next in the plot"), "neuron") == order[2]
    assert of_link(app, "second") is None
    for place in (1, 0):
        assert of_link(press(app, "Previous in the plot"), "neuron") == order[place]
    assert app.header[0].value.startswith(f"Neuron {order[0]}: ")
    assert "Previous in the plot" in disabled(app)
    app = look(NEURONS, ExplorerState().changed(neuron=int(order[-1])))
    assert "Next in the plot" in disabled(app)
    assert "Previous in the plot" not in disabled(app)


def test_by_number_comes_the_next_number():
    app = look(NEURONS, ExplorerState().changed(neuron=38))
    assert of_link(press(app, "Next by number"), "neuron") == "39"
    assert "Next by number" in disabled(app)
    assert of_link(press(app, "Previous by number"), "neuron") == "38"


def test_finders_lead_to_neurons_of_their_kind(paper: Model):
    app = look(NEURONS, ExplorerState().changed(neuron=39))
    found = instructive(paper.W1, neurons(paper.W1))
    assert None not in found.values()
    for label, kind in (
        ("The most polysemantic", "polysemantic"),
        ("A monosemantic one", "monosemantic"),
        ("One with clear secondary features", "secondary"),
    ):
        assert of_link(press(app, label), "neuron") == str(found[kind])
    most = np.argmax(neurons(paper.W1).effective_features)
    assert found["polysemantic"] == most


def test_a_finder_of_what_there_is_not_cannot_be_pressed():
    app = look(NEURONS, put(small(2, 4), two_neurons_a_feature(2)))
    gone = {"One with clear secondary features", "The most polysemantic"}
    assert disabled(app) >= gone
    assert "A monosemantic one" not in disabled(app)


def test_previous_next_and_finders_of_features(paper: Model):
    app = look(FEATURES, ExplorerState().changed(feature=1, neuron=3))
    assert of_link(press(app, "Next by number"), "feature") == "2"
    press(press(app, "Previous by number"), "Previous by number")
    assert (of_link(app, "feature"), of_link(app, "neuron")) == ("0", "3")
    assert "Previous by number" in disabled(app)
    press(app, "The one that shares most")
    assert of_link(app, "feature") == str(np.nanargmax(superposition(paper.W1)))
    assert "Next by number" in disabled(look(FEATURES, ExplorerState().changed(feature=99)))


def go_to(app: AppTest, name: str) -> AppTest:
    by_slot(app.text_input, "explore.go").set_value(name).run()
    assert not app.exception, app.exception[0].value
    return app


@pytest.mark.parametrize("script", [NEURONS, FEATURES])
@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("n0", "Neuron 0: "),
        (" N39 ", "Neuron 39: "),
        ("f99", "Feature f99: "),
        ("F0", "Feature f0: "),
    ],
)
def test_a_name_leads_to_its_neuron_or_feature(script: str, name: str, heading: str):
    app = fine(go_to(look(script, ExplorerState().changed(neuron=7, feature=7)), name))
    assert app.header[0].value.startswith(heading)
    assert by_slot(app.text_input, "explore.go").value == ""
    number = re.sub(r"\D", "", name)
    assert of_link(app, "neuron" if "eur" in heading else "feature") == number


def test_a_number_alone_is_of_the_pages_kind():
    state = ExplorerState().changed(neuron=7, feature=7)
    assert go_to(look(NEURONS, state), "12").header[0].value.startswith("Neuron 12: ")
    assert go_to(look(FEATURES, state), "12").header[0].value.startswith("Feature f12: ")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("n40", "There is no n40: neurons go from n0 to n39."),
        ("f100", "There is no f100: features go from f0 to f99."),
        ("m3", "`m3`: type a name such as n16 or f9."),
        ("n-1", "`n-1`: type a name"),
        ("n1.5", "type a name"),
        ("[x](y)" + "9" * 500, "type a name"),
        ("n" + "9" * 5_000, "type a name"),
    ],
)
def test_nonsense_instead_of_a_name_is_told_and_nothing_changes(name: str, words: str):
    app = go_to(look(NEURONS, ExplorerState().changed(neuron=7)), name)
    (error,) = app.error
    assert words in error.value
    assert len(error.value) < 100
    assert of_link(app, "neuron") == "7"
    assert not fine(app.run()).error


# Tabs


def test_a_second_neuron_stands_beside_the_first(paper: Model):
    order = paper_order(paper.W1).tolist()
    app = look(NEURONS, ExplorerState().changed(neuron=order[3], tab="beside"))
    listed = table(app, f"n{order[3]}", f"n{order[4]}").set_index("")
    for j in order[3:5]:
        found = neurons(paper.W1)
        active = activity(paper.config, paper.weights, j)
        assert listed[f"n{j}"]["class"] == found.classes[j]
        assert listed[f"n{j}"]["effective features"] == f"{found.effective_features[j]:.2f}"
        assert listed[f"n{j}"]["silent (below 2%)"] == f"{active.silent.value + active.faint:.1%}"
    fine(by_slot(app.selectbox, "explore.beside").set_value(order[9]).run())
    assert of_link(app, "beside") == str(order[9])
    assert table(app, f"n{order[3]}", f"n{order[9]}") is not None
    # It cannot stand beside itself.
    app = look(NEURONS, ExplorerState().changed(neuron=5, beside=5, tab="beside"))
    assert by_slot(app.selectbox, "explore.beside").value != 5


@pytest.mark.parametrize("tab", ["fires", "answers", "weights", "input", "all", "beside"])
def test_every_tab_has_few_charts_and_is_in_the_link(tab: str):
    app = look(NEURONS, ExplorerState().changed(neuron=16, tab=tab))
    assert 2 <= len(app.get("vega_lite_chart")) <= 4
    assert of_link(app, "tab") == tab


@pytest.mark.parametrize(("section", "charts"), [("interference", 4), ("map", 3), ("numbers", 2)])
def test_sections_of_features_are_in_the_link(section: str, charts: int):
    app = look(FEATURES, ExplorerState().changed(feature=11, section=section))
    assert len(app.get("vega_lite_chart")) == charts
    assert of_link(app, "section") == section


def test_examples_of_all_bands_stand_in_one_table():
    app = look(NEURONS, ExplorerState().changed(neuron=16))
    bands = table(app, "band", "contributions")["band"]
    assert bands.unique().tolist() == ["strongest tenth", "around the median", "weakest tenth"]


def test_thresholds_move_the_class():
    state = put(small(3, 1), weights([[1, 0.5, 0.25]], np.ones((3, 1)))).changed(neuron=0)
    app = look(NEURONS, state)
    assert app.header[0].value == "Neuron 0: slightly polysemantic"
    fine(by_slot(app.number_input, "explore.slight").set_value(0.7).run())
    assert app.header[0].value == "Neuron 0: polysemantic"
    assert (of_link(app, "slight"), of_link(app, "mono")) == ("0.7", "0.05")
    fine(by_slot(app.number_input, "explore.mono").set_value(0.51).run())
    assert app.header[0].value == "Neuron 0: monosemantic"
    assert state_of(app).thresholds == Thresholds(second_weight=0.51, extra_weight=0.7)


def test_a_threshold_that_its_box_takes_and_the_page_refuses_is_told():
    app = fine(opened(NEURONS))
    by_slot(app.number_input, "explore.mono").set_value(0.0).run()
    assert "must be a number above 0 and at most 1" in app.error[0].value
    assert by_slot(app.number_input, "explore.mono").value == 0.05
    assert of_link(app, "mono") == "0.05"


def test_another_model_keeps_the_feature_and_chooses_a_neuron_of_its_own():
    state = ExplorerState().changed(neuron=39, feature=20, second=50, above=0.25)
    other = DEFAULT.config.replace(feature_probability=1.0)
    app = look(NEURONS, state)
    fine(
        by_slot(app.selectbox, "explore.model")
        .set_value((other, DEFAULT.recipe.resolve(other)))
        .run()
    )
    found = state_of(app)
    assert found.choice.config == other
    # The page has chosen another neuron at once, as it does where none is chosen.
    dense = find_model(other, DEFAULT.recipe)
    assert dense
    chosen = instructive(dense.W1, neurons(dense.W1))
    assert found.neuron == next(j for j in chosen.values() if j is not None)
    assert found.neuron != 39
    assert (found.feature, found.second, found.above) == (20, None, 0.25)


def test_every_stored_model_can_be_chosen_the_papers_sweep_first(paper: Model):
    state = put(small(2, 4), two_neurons_a_feature(2))
    app = look(NEURONS, ExplorerState().changed(neuron=0))
    options = by_slot(app.selectbox, "explore.model").options
    assert [option.split(",")[0] for option in options[:7]] == [
        f"1 − S = {p}" for p in ("1", "0.3", "0.1", "0.03", "0.01", "0.003", "0.001")
    ]
    assert len(set(options)) == len(options) == len(resources.store().contents())
    assert model_name((state.choice.config, state.choice.recipe)) in options
    # One that is not stored is the first of the list.
    app = look(NEURONS, ExplorerState(choice=DEFAULT.changed(seed=77)))
    assert "seed 77" in by_slot(app.selectbox, "explore.model").options[0]


def test_the_counts_and_the_threshold_of_the_precision_are_in_the_link():
    app = look(NEURONS, ExplorerState().changed(neuron=16, counts="linear"))
    fine(by_slot(app.slider, "explore.above").set_value(0.75).run())
    assert of_link(app, "above") == "0.75"
    assert "Of activations above **0.75**" in said(app)


def test_the_share_above_a_threshold_is_the_librarys(paper: Model):
    app = look(NEURONS, ExplorerState().changed(neuron=16, above=0.25))
    share = activity(paper.config, paper.weights, 16).dominated(0.25)
    assert f"contributes most in **{share.value:.1%}**" in said(app)
    assert f"(95 %: {share.low:.1%} to {share.high:.1%})" in said(app)


def test_the_other_feature_of_the_response_map_is_never_the_primary_one(paper: Model):
    primary, second = np.argsort(-np.abs(paper.W1[16]), kind="stable")[:2].tolist()
    for asked in (None, primary):
        app = look(NEURONS, ExplorerState().changed(neuron=16, second=asked, tab="answers"))
        assert by_slot(app.selectbox, "explore.second").value == second
    fine(by_slot(app.selectbox, "explore.second").set_value(50).run())
    assert of_link(app, "second") == "50"


# An input entered by hand


def shown_outputs(app: AppTest, network: Weights, given: dict[int, float]) -> None:
    """Check the table of outputs and the line of the neurons that fire."""
    x = np.zeros((network.W1.shape[1], 1), np.float32)
    for feature, value in given.items():
        x[feature] = value
    output = network.output(x)[:, 0]
    listed = table(app, "target", "error").set_index("feature")
    assert set(listed.index) == set(np.flatnonzero((x[:, 0] != 0) | (output > 0.005)))
    np.testing.assert_allclose(listed["output"], output[listed.index], rtol=1e-6)
    np.testing.assert_array_equal(listed["value"], x[listed.index, 0])
    np.testing.assert_array_equal(listed["target"], np.abs(x[listed.index, 0]))


def test_an_input_that_is_entered_shows_its_outputs_and_is_in_the_link(paper: Model):
    app = look(NEURONS, ExplorerState().changed(neuron=16, tab="input"))
    fine(by_slot(app.multiselect, "explore.given").set_value([3, 60]).run())
    assert of_link(app, "given") == "3:1,60:1"
    shown_outputs(app, paper.weights, {3: 1.0, 60: 1.0})
    fine(by_slot(app.slider, "explore.given.3").set_value(-0.5).run())
    assert of_link(app, "given") == "3:-0.5,60:1"
    shown_outputs(app, paper.weights, {3: -0.5, 60: 1.0})
    # What stays keeps its value, and what is new is at the top of its range.
    fine(by_slot(app.multiselect, "explore.given").set_value([7, 3]).run())
    assert of_link(app, "given") == "7:1,3:-0.5"
    shown_outputs(app, paper.weights, {7: 1.0, 3: -0.5})
    again = fine(opened(NEURONS, **app.query_params))
    assert by_slot(again.multiselect, "explore.given").value == [7, 3]
    assert by_slot(again.slider, "explore.given.3").value == -0.5


def test_two_changes_of_an_input_in_one_moment_both_count():
    given = ((3, 0.5), (7, -1.0))
    app = look(NEURONS, ExplorerState().changed(neuron=16, given=given, tab="input"))
    by_slot(app.slider, "explore.given.3").set_value(0.25)
    fine(by_slot(app.slider, "explore.given.7").set_value(-0.3).run())
    assert of_link(app, "given") == "3:0.25,7:-0.3"
    by_slot(app.multiselect, "explore.given").set_value([3, 7, 9])
    fine(by_slot(app.slider, "explore.given.3").set_value(-0.5).run())
    assert of_link(app, "given") == "3:-0.5,7:-0.3,9:1"


@pytest.mark.parametrize(("n", "p", "more"), [(1, 0.6, False), (2, 0.6, False), (9, 0.1, True)])
def test_it_is_said_whether_features_are_drawn_more_often_than_they_are_there(
    n: int, p: float, more: bool
):
    config = Config(n_features=n, n_neurons=2 * n, feature_probability=p)
    app = look(NEURONS, put(config, two_neurons_a_feature(n)).changed(neuron=0))
    assert ("drawn from the true distribution" in said(app)) != more
    assert ("drawn more often than they are there" in said(app)) == more


def test_the_output_with_the_neuron_on_and_off_is_the_primary_ones_until_another_is_chosen(
    paper: Model,
):
    app = look(NEURONS, ExplorerState().changed(neuron=16, feature=30, tab="answers"))
    assert by_slot(app.selectbox, "explore.output").value == neurons(paper.W1).primary[16]
    fine(by_slot(app.selectbox, "explore.output").set_value(30).run())
    assert of_link(app, "output") == "30"
    press(app, "Next in the plot")
    assert of_link(app, "output") is None


def test_the_neurons_that_fire_are_counted():
    state = put(small(2, 4), two_neurons_a_feature(2)).changed(neuron=0, tab="input")
    app = look(NEURONS, state.changed(given=((0, -0.5), (1, 1.0))))
    assert "**Neurons that fire: 2 of 4**" in said(app)
    assert "Error of this input, Σ I (y − |x|)²: 0." in said(app)
    app = look(NEURONS, state.changed(given=((1, 0.0),)))
    assert "**Neurons that fire: 0 of 4**" in said(app)


def test_without_an_input_the_primary_feature_is_there_on_the_side_that_drives_the_neuron():
    state = put(small(2, 4), two_neurons_a_feature(2))
    for neuron, value in ((1, 1.0), (3, -1.0)):
        app = look(NEURONS, state.changed(neuron=neuron, tab="input"))
        assert by_slot(app.multiselect, "explore.given").value == [1]
        assert by_slot(app.slider, "explore.given.1").value == value
        assert "**Neurons that fire: 1 of 4**" in said(app)
        assert of_link(app, "given") is None


def test_an_input_stays_when_the_neuron_changes():
    app = look(NEURONS, ExplorerState().changed(neuron=16, given=((3, 0.5),), tab="input"))
    press(app, "Next in the plot")
    assert of_link(app, "given") == "3:0.5"
    assert by_slot(app.slider, "explore.given.3").value == 0.5


@pytest.mark.parametrize("script", [NEURONS, FEATURES])
@pytest.mark.parametrize("family", [IDENTITY, IDENTITY_BIAS], ids=["without", "with"])
def test_identity_models_are_explored_too(script: str, family: Family):
    choice = Choice.of(family.configs[3], family.recipe)
    app = opened(script, **ExplorerState(choice=choice).link)
    assert not app.warning and not app.error
    assert any("identity task" in text.value for text in app.markdown)
    assert not any("|x|" in metric.help for metric in app.metric if metric.help)


@pytest.mark.parametrize("script", [NEURONS, FEATURES])
def test_of_a_linear_hidden_layer_it_is_told_what_means_nothing(script: str):
    config = small(3, 2).replace(activation="none")
    app = look(script, put(config, random_network(config)))
    assert "**Model**: linear hidden layer, 3 features, 2 neurons" in said(app)
    assert app.info[0].value.startswith("The hidden layer is linear")
    assert bool(app.metric) == (script == FEATURES)


def test_a_feature_that_was_left_out_is_told_to_be():
    config = Config(n_features=6, n_neurons=4, feature_probability=0.1, importance_decay=0.5)
    made = random_network(config)
    for array in (made.W1.T, made.W2):
        array[3:] = 0
    state = put(config, made, recipe=QUICK.replace(min_importance=0.5))
    said_of = "f4 was left out of the training"
    app = look(FEATURES, state.changed(feature=4))
    (info,) = [info.value for info in app.info if said_of in info.value]
    assert info.endswith("the best constant, p/2 = 0.05, whatever the input.")
    (line,) = (each for each in app.markdown if each.value.startswith("**Model**"))
    assert "Left out of the training: 3 of 6 features, from f3 on" in line.help
    assert said_of not in said(look(FEATURES, state.changed(feature=2)))
    app = look(NEURONS, state.changed(neuron=0, second=4, output=4, tab="answers"))
    assert said(app).count(f"{said_of}: no neuron has weights of it.") == 2
    assert said_of not in said(
        look(NEURONS, state.changed(neuron=0, second=2, output=2, tab="answers"))
    )


def test_a_neuron_that_takes_several_features_is_told_to():
    config = Config(n_features=2, n_neurons=1, task="identity", hidden_bias=True)
    tied = weights([[1, 1]], [[1], [1]])
    held = dataclasses.replace(tied, b_hidden=np.array([-1.5], np.float32))
    app = look(NEURONS, put(config, held))
    (told,) = (info.value for info in app.info if info.value.startswith("No feature alone does."))
    assert "Several at once do, on 0.12 of inputs" in told
    assert "hidden biases, 2 features" in said(app)


def test_a_neurons_bias_is_a_part_of_its_activation():
    config = Config(n_features=2, n_neurons=1, task="identity", hidden_bias=True)
    tied = weights([[1, 1]], [[1], [1]])
    held = dataclasses.replace(tied, b_hidden=np.array([-0.5], np.float32))
    assert "the neuron's bias, -1.00 of it, add up to the activation" in said(
        look(NEURONS, put(config, held))
    )
    assert "contributions add up to the activation" in said(look(NEURONS, put(config, tied)))
