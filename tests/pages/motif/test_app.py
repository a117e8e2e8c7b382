"""The page of the motif, without a browser."""

from __future__ import annotations

import dataclasses
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.motif.effects import effects_table, instance_weights
from pages.motif.ensemble import neurons_by_loss
from pages.motif.frequency import quarter_comparison, setting_table
from pages.motif.inhibitors import inhibitor_table
from pages.motif.remaining_weights import shift_summary, shift_table
from pages.motif.state import DEFAULT, MotifState
from pages.shared import resources
from pages.shared.model_choice import Choice
from pages.shared.models import find_model
from tests.helpers.apps import (
    QUICK,
    button_labels,
    by_slot,
    fine,
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
from tests.helpers.apps import look as look_at
from tests.helpers.motifs import MUTUAL, ONE, TWO_UNEVEN, monosemantic, one, plant, two
from tests.helpers.networks import model, two_neurons_a_feature, weights
from tests.pages.explorers.test_app import NEURONS
from toymodel.analysis.ablation import interventions, loss_by_inhibition
from toymodel.analysis.decomposition import Shift, decompose
from toymodel.analysis.ensemble import with_seeds
from toymodel.analysis.loss import evaluate
from toymodel.analysis.motif_effects import motif_effects
from toymodel.analysis.motifs import (
    Motif,
    MotifThresholds,
    asymmetric_neurons,
    count_words,
    find_motifs,
    scale_neurons,
)
from toymodel.charts.motif.frequency import motif_frequency
from toymodel.config import MAX_SEED, Config
from toymodel.jobs.limits import Limits
from toymodel.model import Model, Weights
from toymodel.recipe import RECIPES, Recipe
from toymodel.storage.model_file import model_key
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.sweeps.shipped import MOTIF, MOTIF_GRID

pytestmark = pytest.mark.usefixtures("shipped")


SCRIPT = "motif/page.py"
FIGURES = ["Asymmetric neurons", "Pairs of features", "Loss without inhibition", "Loss, |x| alone"]
FIGURES += ["+ uneven, inhibiting", "+ the rest"]
GRID = MOTIF_GRID.configs


@pytest.fixture
def best() -> Model:
    """The one of the shipped seeds that the page opens with."""
    return min((stored(config, MOTIF.recipe) for config in MOTIF.configs), key=lambda m: m.loss)


def stored(config: Config, recipe: Recipe) -> Model:
    found = find_model(config, recipe)
    assert found
    return found


def of(config: Config, *networks: Weights) -> MotifState:
    """Store a hand-made model; the state that shows it."""
    return MotifState.of_network(put(config, *networks).choice)


def cell(density: float, decay: float) -> Choice:
    """A setting of the grid."""
    config = GRID[0].replace(feature_probability=density, importance_decay=decay)
    assert config in GRID
    return Choice.of(config, MOTIF_GRID.recipe)


def paper(density: float, preset: str) -> Choice:
    """A model of the paper's sweep."""
    return Choice.of(PAPER_CONFIG.replace(feature_probability=density), RECIPES[preset])


def look(state: MotifState) -> AppTest:
    """Open the page, which must have nothing to complain about."""
    return fine(opened(SCRIPT, **state.link))


def section(tab: str, state: MotifState | None = None) -> AppTest:
    """Open the page at one of its sections."""
    return look((state or MotifState()).changed(tab=tab))


def choose(app: AppTest, key: str, value: object) -> AppTest:
    return fine(by_slot(app.selectbox, key).set_value(value).run())


def state_of(app: AppTest) -> MotifState:
    """What the page's link says, in which nothing may be wrong."""
    state, problems = MotifState.from_link({k: [v] for k, v in app.query_params.items()})
    assert problems == []
    return state


def model_line(app: AppTest) -> str:
    (line,) = [m.value for m in app.markdown if m.value.startswith("**Model**")]
    return line


def instances(app: AppTest) -> list[str]:
    """The headings of the instances in close-up."""
    return [s.value for s in app.subheader if s.value.startswith("Instance ")]


def words_of(app: AppTest, start: str) -> str:
    (words,) = [m.value for m in app.markdown if m.value.startswith(start)]
    return words


def shown_effects(app: AppTest, motif: Motif) -> pd.DataFrame:
    """The table of what an instance's neurons add to the outputs of its features."""
    a, c = motif.interfering_feature, motif.receiving_feature
    found = [
        t.value
        for t in app.dataframe
        if f"adds to output {c}" in t.value
        and f"adds to output {a}" in t.value
        and t.value["neuron"].iloc[0] == motif.neuron
    ]
    assert len(found) == 1
    return found[0]


def found_on(app: AppTest) -> tuple[int, int]:
    """Asymmetric neurons and pairs of features, as the metrics have them."""
    shown = metrics(app)
    return int(shown["Asymmetric neurons"]), int(shown["Pairs of features"])


def found_in_weights(
    network: Weights | Model, thresholds: MotifThresholds | None = None
) -> tuple[int, int]:
    """Asymmetric neurons and pairs of features, as the library finds them."""
    motifs = find_motifs(network.W1, network.W2, thresholds)
    return len(asymmetric_neurons(motifs)), len(motifs)


def losses(app: AppTest) -> tuple[str, str]:
    """The loss as it is, and with the inhibition that is left."""
    whole = re.search(r": loss (\S+)$", words_of(app, "**As it is**"))
    less = re.search(r"\*\*: loss (\S+), ×", words_of(app, "**With "))
    assert whole and less
    return whole[1], less[1]


def factor(app: AppTest) -> str:
    return words_of(app, "**With ").split(", ")[-1]


def clickable(app: AppTest) -> set[str]:
    """The keys of the charts that take a click."""
    ids = [chart.proto.id for chart in app.get("vega_lite_chart") if chart.proto.id]
    return {name.removeprefix("$$ID-").split("-", 1)[1] for name in ids}


def links(app: AppTest) -> dict[str, MotifState]:
    """Where the page's links to itself lead, by their labels; nothing may be wrong with them."""
    found: dict[str, MotifState] = {}
    for link in app.get("page_link"):
        if link.proto.page == "motif":
            state, problems = MotifState.from_link(parse_qs(link.proto.query_string))
            assert problems == []
            found[link.proto.label] = state
    return found


def sections(app: AppTest) -> list[str]:
    return [tab.label for tab in app.tabs]


def buttons(app: AppTest) -> set[str]:
    return set(button_labels(app))


def loss_of(config: Config, network: Weights) -> str:
    return f"{evaluate(config, network).value:.3g}"


# The first view


def test_the_page_opens_with_the_best_of_the_shipped_seeds_and_trains_nothing(best: Model):
    app = fine(opened(SCRIPT))
    assert app.title[0].value == ("Asymmetric superposition works through inhibition")
    assert f", seed {best.config.seed}, standard" in model_line(app)
    assert f"Normalised loss {best.loss:.3g}" in model_line(app)
    assert found_on(app) == found_in_weights(best)
    assert found_on(app)[0] >= 2
    assert not app.info
    assert not buttons(app)
    assert resources.jobs().progress(list(MOTIF.configs), MOTIF.recipe) is None
    assert state_of(app) == MotifState()


def test_the_numbers_are_the_librarys(best: Model):
    found = decompose(best.config, best.weights)
    without, *_ = loss_by_inhibition(best.config, best.weights, found.motifs, [0])
    app = fine(opened(SCRIPT))
    assert list(metrics(app)) == FIGURES
    assert metrics(app) == {
        "Asymmetric neurons": str(len(asymmetric_neurons(found.motifs))),
        "Pairs of features": str(len(found.motifs)),
        "Loss without inhibition": f"× {without / found.everything:.3g}",
        "Loss, |x| alone": f"{found.absolute_value:.3g}",
        "+ uneven, inhibiting": f"{found.with_motifs:.3g}",
        "+ the rest": f"{found.everything:.3g}",
    }
    assert found.absolute_value > 2 * found.with_motifs > 2 * found.everything
    motif = found.motifs[0]
    assert shown_effects(section("instances"), motif).equals(
        effects_table(best.weights, motif, motif_effects(best.weights, motif))
    )


def test_there_are_three_panels_and_every_chart_of_a_neuron_takes_a_click(best: Model):
    app = fine(opened(SCRIPT))
    for start in ("At first glance", "Many weights simply implement", "The main other thing is"):
        assert words_of(app, start)
    assert count_words(find_motifs(best.W1, best.W2)) in words_of(app, "The main other thing is")
    sides = ("input", "output")
    panels = {f"motif-{name}-{side}" for name in ("all", "absolute", "motif") for side in sides}
    assert clickable(app) == panels
    assert len(app.get("vega_lite_chart")) == len(panels)  # nothing of the other sections
    close = {f"motif-instance-0-{side}" for side in sides}
    assert clickable(section("instances")) == close | {"motif-graph-0"}
    assert clickable(section("common")) == {
        "motif-grid-(0.1, 0.8)",
        f"motif-strip-{best.config.seed}",
    }


# Hand-made networks


def test_a_planted_instance_is_shown_with_its_numbers():
    app = section("instances", of(small(3, 6), weights(*one())))
    assert instances(app) == ["Instance 1: f0 against f1 in neuron 0"]
    assert shown_effects(app, ONE).values.tolist() == [
        [0, "interferes", "f0", "1.00", "+4.00", "+0.25", "–"],
        [4, "inhibits", "f2", "0.25", "−4.00", "–", "f2 above 0 (−16.00)"],
    ]
    assert "f0 alone brings output 1 to +0.00" in said(app)
    assert "1 neuron, 1 pair of features." in said(app)
    shown = metrics(app)
    # Half of features 0 and 1 is missing.
    assert float(shown["Loss, |x| alone"]) == pytest.approx(0.9 / (1 + 0.8 + 0.64), rel=0.05)
    assert shown["+ uneven, inhibiting"] == shown["+ the rest"]
    assert "The other weights shift no output by that much." in said(app)
    app = section("common", of(small(3, 6), weights(*one())))
    assert not [h for h in app.header if h.value.startswith("All ")]  # there is one network


def test_what_an_instance_causes_is_told_in_numbers_that_are_known_exactly():
    app = section("instances", of(small(3, 6), weights(*one())))
    (causes,) = [each.value for each in app.table]
    checks = interventions(small(3, 6), weights(*one()), ONE)
    outputs = [f"{check.output:.2f}" for check in checks]
    assert causes.iloc[:, -1].tolist() == outputs
    assert [*outputs[:2], *outputs[3:]] == ["0.00", "4.00", "1.00", "0.00"]
    fitted = causes["inhibition"].iloc[2]
    assert causes["inhibition"].tolist() == ["× 1.00", "× 0.00", fitted, "× 0.00", "× 1.00"]
    assert float(fitted[2:]) > 0
    assert causes.columns[-1] == "output 1 to f0 alone"
    assert causes["loss"].iloc[:2].tolist() == [
        loss_of(small(3, 6), weights(*one())),
        loss_of(small(3, 6), weights(*plant(monosemantic(3), 0, 1, {4: 0}))),
    ]
    app = section("inhibition", of(small(3, 6), weights(*one())))
    assert "makes output 1 answer 0.00; without the inhibition of this instance, 4.00." in said(app)


@pytest.mark.parametrize("network", [two_neurons_a_feature(3), weights(*np.zeros((2, 3, 3)))])
def test_a_network_without_an_instance_has_nothing_to_turn_down(network: Weights):
    state = of(small(3, len(network.W1)), network)
    app = look(state)
    assert "**inhibit**. 0 neurons, 0 pairs of features." in said(app)
    shown = metrics(app)
    assert found_on(app) == (0, 0)
    assert shown["Loss without inhibition"] == "–"
    assert len({shown[name] for name in FIGURES[3:]}) == 1
    app = section("instances", state)
    assert "This network has no instance by the definition." in said(app)
    assert table(app, "inhibitors", "share").values.tolist() == [["this one", 1, 0, 0, "–", "–"]]
    assert not app.table
    app = section("inhibition", state)
    assert "This network has no instance by the definition." in said(app)
    assert not app.slider


def test_networks_with_hardly_any_error_are_ranked_like_others():
    recipe = QUICK.replace(restarts=2)
    made = model(small(3, 6), recipe)
    exact = dataclasses.replace(
        made, restarts=(two_neurons_a_feature(3),) * 2, losses=np.float32([1e-30, 0.5])
    )
    assert resources.store().put(exact)
    app = section("common", MotifState.of_network(Choice.of(exact.config, recipe)))
    assert by_slot(app.selectbox, "motif.member").options[1:] == ["restart 0", "restart 1"]
    assert "All 2 by loss" in said(app)


def test_the_rarest_features_leave_no_error():
    app = look(of(small(3, 6, 1e-300), weights(*one())))
    assert found_on(app) == (1, 1)


def test_of_many_neurons_the_panels_show_those_that_take_part():
    config, exact = small(51, 102), monosemantic(51)
    assert "Neurons drawn: 100 of 102, the first ones." in said(look(of(config, weights(*exact))))
    planted = of(config.replace(seed=1), weights(*plant(exact, 0, 1, {4: -16})))
    assert "Neurons drawn: 2 of 102, those that take part in an instance." in said(look(planted))


@pytest.mark.parametrize(("n", "m"), [(501, 1), (1, 501)])
def test_a_model_that_is_too_large_to_be_taken_apart_is_told_to_be(n: int, m: int):
    config = small(n, m)
    app = look(of(config, random_network(config)))
    assert [info.value for info in app.info] == [
        "This page takes apart networks of up to 500 features and 500 neurons."
    ]
    assert not app.metric and not app.slider
    assert sections(app) == ["How common"]
    assert "**Click a cell**" in said(app)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"task": "identity"}, "The motif occurs in networks that compute |x|"),
        ({"activation": "none"}, "The motif is one of neurons with a ReLU"),
    ],
)
def test_of_a_network_that_cannot_have_the_motif_it_is_told(change: dict[str, str], words: str):
    config = small(3, 4).replace(**change)
    made = random_network(config)
    if config.definition.tied:
        made = dataclasses.replace(made, W2=np.ascontiguousarray(made.W1.T))
    app = look(of(config, made))
    (told,) = (info.value for info in app.info)
    assert told.startswith(words)
    assert not app.metric and not app.slider


def test_a_model_as_large_as_is_taken_apart_is():
    config = small(2, 500)
    assert list(metrics(look(of(config, random_network(config))))) == FIGURES


# Which network


def test_any_network_can_be_chosen_in_the_order_of_the_losses(best: Model):
    app = look(MotifState().changed(instance=1))
    box = by_slot(app.selectbox, "motif.member")
    assert box.options[:2] == ["the one with the lowest loss", f"seed {best.config.seed}"]
    assert len(box.options) == 65
    choose(app, "motif.member", 40)
    chosen = stored(MOTIF.configs[40], MOTIF.recipe)
    assert (of_link(app, "member"), of_link(app, "instance")) == ("40", "0")
    assert ", seed 40, " in model_line(app)
    assert f"Normalised loss {chosen.loss:.3g}" in model_line(app)
    assert found_on(app) == found_in_weights(chosen)
    assert "motif-strip-40" in clickable(section("common", state_of(app)))
    choose(app, "motif.member", "lowest")
    assert of_link(app, "member") is None
    assert f", seed {best.config.seed}, " in model_line(app)


def test_a_setting_of_the_grid_is_a_model_whose_restarts_are_compared():
    choice = cell(0.1, 0.65)
    found = stored(choice.config, choice.recipe)
    app = look(MotifState.of_network(choice))
    assert "All 64 by loss" in said(section("common", MotifState.of_network(choice)))
    ranked = np.argsort(found.losses, kind="stable")
    assert by_slot(app.selectbox, "motif.member").options[1:] == [f"restart {r}" for r in ranked]
    assert f", restart {found.best}, " in model_line(app)
    assert words_of(app, "**Shown**") == (
        "**Shown**: d = 0.65, 1 − S = 0.1, 64 restarts; of these "
        f"restart {found.best}, number 1 by loss."
    )
    assert "motif-grid-(0.1, 0.65)" in clickable(section("common", MotifState.of_network(choice)))
    app = look(MotifState.of_network(choice, 5))
    assert ", restart 5, " in model_line(app)
    assert by_slot(app.selectbox, "motif.member").value == 5
    assert found_on(app) == found_in_weights(found.restarts[5])


def test_several_seeds_with_restarts_are_named_by_both():
    networks = [weights(*one()), two_neurons_a_feature(3)]
    config = small(3, 6)
    for seed in (0, 1):
        choice = put(config.replace(seed=seed), *networks).choice
    state = MotifState(choice=choice.replace(config=config), seeds=2)
    app = look(state)
    assert by_slot(app.selectbox, "motif.member").options[1:] == [
        "seed 0, restart 1",
        "seed 1, restart 1",
        "seed 0, restart 0",
        "seed 1, restart 0",
    ]
    assert ", seed 0, restart 1, " in model_line(app)
    app = look(state.changed(member=2))
    assert ", seed 1, restart 0, " in model_line(app)
    assert found_on(app) == (1, 1)


def test_of_a_network_that_was_lost_in_training_the_best_one_is_shown():
    recipe = QUICK.replace(restarts=3)
    whole = model(small(3, 6), recipe)
    half = np.float32([0.5, 0.25])
    history = dataclasses.replace(whole.history, loss=whole.history.loss[:2])
    fewer = dataclasses.replace(
        whole, restarts=whole.restarts[:2], losses=half, loss_errors=half, history=history
    )
    assert resources.store().put(fewer)
    app = look(MotifState.of_network(Choice.of(fewer.config, recipe), 2))
    assert ", restart 1, " in model_line(app)
    assert by_slot(app.selectbox, "motif.member").value == "lowest"


# What counts

STRICTEST = MotifThresholds(least_gain=1, most_gain=1, inhibition=10, part=1)


def test_other_thresholds_find_other_instances():
    app = section("instances", of(small(6, 10), TWO_UNEVEN))
    assert found_on(app) == (2, 2)
    assert len(by_slot(app.selectbox, "motif.chosen").options) == 2
    choose(app, "motif.chosen", by_slot(app.selectbox, "motif.chosen").options[1])
    assert of_link(app, "instance") == "1"
    fine(by_slot(app.number_input, "motif.gain-to").set_value(1.5).run())
    assert of_link(app, "gain-to") == "1.5"
    strict = MotifThresholds(most_gain=1.5)
    assert found_on(app) == found_in_weights(TWO_UNEVEN, strict) == (1, 1)
    assert instances(app)[0].startswith("Instance 1: ")
    assert of_link(app, "instance") == "0"  # another definition finds other instances
    assert state_of(app).thresholds == strict
    assert "More with path gains from 0.05 to 3, instead of 0.15 to 1.5: 1 neuron, " in said(
        section("panels", state_of(app))
    )


def test_thresholds_apply_to_every_network_of_the_page():
    app = section("common", MotifState(thresholds=STRICTEST))
    by_loss = table(app, "with two or more neurons")
    assert by_loss.values.tolist() == [
        ["lowest losses", 12, 0, "0.00", "0.00"],
        ["all", 64, 0, "0.00", "0.00"],
    ]
    assert table(app, "best quarter has", "settings")["settings"].tolist() == [0, 0, 0]
    assert set(table(app, "best quarter", "worst quarter")["best quarter"]) == {"–"}
    found = [label for label in links(app) if label.startswith("1 − S = ")]
    assert found and all(label.endswith(": 0 neurons, 0 pairs of features") for label in found)
    app = section("instances", MotifState(thresholds=STRICTEST))
    assert table(app, "inhibitors", "share")["inhibitors"].tolist() == [0, 0, 0]


def test_the_boxes_of_thresholds_begin_where_these_are_allowed():
    app = fine(opened(SCRIPT))
    for name in ("gain-from", "side-from", "ratio", "inhibited", "part"):
        lowest = by_slot(app.number_input, f"motif.{name}").min
        assert MotifState().changed(**{name: lowest})
    app = fine(opened(SCRIPT, part="0.01"))
    assert by_slot(app.number_input, "motif.part").value == 0.01


# Many instances


def test_of_many_instances_one_is_chosen_and_all_are_in_a_table():
    choice = paper(0.003, "thorough")
    network = stored(choice.config, choice.recipe).weights
    found = find_motifs(network.W1, network.W2)
    names = [
        f"Instance {k + 1}: f{motif.interfering_feature} against f{motif.receiving_feature} in "
        f"neuron {motif.neuron}"
        for k, motif in enumerate(found)
    ]
    last = len(found) - 1
    app = section("instances", MotifState.of_network(choice).changed(instance=last))
    assert found_on(app) == found_in_weights(network)
    assert f"{count_words(found)}. The neurons: " in said(app)
    assert len(found) > 4
    assert by_slot(app.selectbox, "motif.chosen").options == names
    assert instances(app) == names[-1:]
    listed = table(app, "interfering", "receiving", "inhibitors")
    assert listed["neuron"].tolist() == [motif.neuron for motif in found]
    assert listed["receiving"].tolist() == [f"f{motif.receiving_feature}" for motif in found]

    def shows(number: int, app: AppTest) -> None:
        assert of_link(app, "instance") == str(number)
        assert instances(app) == [names[number]]
        effects = motif_effects(network, found[number])
        assert shown_effects(app, found[number]).equals(
            effects_table(network, found[number], effects)
        )
        turned = section("inhibition", state_of(app))
        assert by_slot(turned.selectbox, "motif.inhibition.instance").value == names[number]
        a, c = found[number].interfering_feature, found[number].receiving_feature
        assert f"f{a} alone makes output {c} answer " in said(turned)

    choose(app, "motif.chosen", names[2])
    shows(2, app)
    turned = section("inhibition", state_of(app))
    choose(turned, "motif.inhibition.instance", names[0])
    shows(0, section("instances", state_of(turned)))


# The inhibition turned down


def test_with_less_of_the_inhibition_the_loss_is_that_of_the_network_with_smaller_weights():
    config = small(3, 6)
    app = section("inhibition", of(config, weights(*one())).changed(of="all"))
    assert not [control for control in app.segmented_control if control.key.startswith("motif.of.")]
    for left, weight in ((0.0, 0), (0.5, -8), (0.25, -4)):
        fine(by_slot(app.slider, "motif.left").set_value(left).run())
        assert of_link(app, "left") == f"{left:g}"
        assert words_of(app, "**With ").startswith(f"**With {left:.0%} of its inhibition**")
        network = weights(*plant(monosemantic(3), 0, 1, {4: weight}))
        assert losses(app) == (loss_of(config, weights(*one())), loss_of(config, network))


def test_the_loss_falls_as_the_inhibition_comes_back(best: Model):
    app = section("inhibition")
    found: list[float] = []
    for left in (0.0, 0.35, 0.7, 1.0):
        fine(by_slot(app.slider, "motif.left").set_value(left).run())
        found.append(float(losses(app)[1]))
    assert all(before > after for before, after in pairwise(found))
    assert losses(app)[0] == losses(app)[1] == metrics(app)["+ the rest"]
    assert factor(app) == "× 1"


def test_the_inhibition_of_one_instance_or_of_all_is_turned_down():
    config = small(6, 12)
    app = section("inhibition", of(config, weights(*two())))
    one_less = plant(plant(monosemantic(6), 0, 1, {4: 0}), 3, 4, {4: -4, 10: -12}, into=-0.5)
    other_less = plant(plant(monosemantic(6), 0, 1, {4: -16}), 3, 4, {4: 0, 10: 0}, into=-0.5)
    assert losses(app)[1] == loss_of(config, weights(*one_less))
    choose(app, "motif.inhibition.instance", "Instance 2: f3 against f4 in neuron 6")
    assert losses(app)[1] == loss_of(config, weights(*other_less))
    fine(by_slot(app.segmented_control, "motif.of").set_value("all").run())
    assert of_link(app, "of") == "all"
    assert words_of(app, "**With ").startswith("**With 0% of all inhibition**")
    assert factor(app) == metrics(app)["Loss without inhibition"]


# Links

HOSTILE = [
    {"seeds": "65"},
    {"member": "9" * 5_000},
    {"left": "0.33"},
    {"of": "<script>alert(1)</script>"},
    {"neuron-scale": "neurons"},
    {"tab": "all"},
    {"instance": "9999"},
]


@pytest.mark.parametrize("link", HOSTILE, ids=lambda link: next(iter(link)))
def test_a_wrong_link_says_so_and_opens_the_default(link: dict[str, str]):
    app = opened(SCRIPT, **link)
    assert len(app.warning) == 1
    assert next(iter(link)) in app.warning[0].value
    assert not app.error
    assert found_on(app)[0] >= 2
    assert state_of(app) == MotifState()  # the link was mended


EXTREME = [
    {"gain-from": "1", "gain-to": "1", "inhibited": "10", "part": "1"},
    {
        "member": "63",
        "instance": "0",
        "tab": "common",
        "left": "1",
        "of": "all",
        "bars": "whole",
        "neuron-scale": "trained",
    },
    {"n": "1", "m": "1", "p": "1e-300", "d": "1e-09", "seed": f"{MAX_SEED}", "seeds": "1"},
    {"n": "2000", "m": "2000", "seeds": "64", "restarts": "64", "member": "4095"},
]


@pytest.mark.parametrize("link", EXTREME, ids="-".join)
def test_the_ends_of_the_ranges_are_allowed(link: dict[str, str]):
    app = fine(opened(SCRIPT, **link))
    assert {name: of_link(app, name) for name in link} == link


def test_widgets_keep_their_values_between_pages():
    app = section("inhibition", MotifState().changed(member=40, left=0.35))
    app.query_params.clear()
    fine(app.switch_page("overview/page.py").run())
    app.query_params.clear()
    fine(app.switch_page(SCRIPT).run())
    assert state_of(app) == MotifState().changed(member=40, left=0.35, tab="inhibition")
    assert (
        by_slot(app.selectbox, "motif.member").value,
        by_slot(app.slider, "motif.left").value,
    ) == (
        40,
        0.35,
    )


def test_a_neuron_of_an_instance_leads_to_it():
    state = put(small(6, 12), weights(*two()))

    def found(neuron: int) -> dict[str, int]:
        led = links(look_at(NEURONS, state.changed(neuron=neuron)))
        assert all(link.choice == state.choice for link in led.values())
        return {label: link.instance for label, link in led.items()}

    uneven = "It shares two features unevenly"
    assert (found(0), found(6)) == ({uneven: 0}, {uneven: 1})
    assert (found(4), found(10)) == ({"It inhibits": 0}, {"It inhibits": 1})
    assert found(1) == {}


def test_an_instance_beyond_the_last_is_told_until_another_is_chosen():
    app = opened(SCRIPT, instance="7", left="0.33", tab="instances")
    (warning,) = app.warning
    assert "`instance = 7: must be a whole number from 0 to 1`" in warning.value
    assert "`left = '0.33': must be" in warning.value
    assert instances(app)[0].startswith("Instance 1: ")
    assert of_link(app, "instance") == "0"
    by_slot(app.number_input, "motif.seeds").set_value(63).run()
    assert not app.warning
    app = opened(SCRIPT, **of(small(3, 6), two_neurons_a_feature(3)).changed(instance=1).link)
    assert "`instance = 1: there is none`" in app.warning[0].value


# Which models


def test_every_stored_model_can_be_chosen_the_shipped_seeds_first():
    put(small(2, 4), two_neurons_a_feature(2))
    app = fine(opened(SCRIPT))
    options = by_slot(app.selectbox, "motif.models").options
    assert options[0].startswith("64 seeds: 1 − S = 0.1, standard: n = 6, m = 10, seeds 0 to 63")
    assert len(set(options)) == len(options) == len(resources.store().contents()) - 63
    assert any(option.endswith(": n = 2, m = 4") for option in options)


def test_seeds_are_listed_together_from_eight_on():
    def listed() -> list[str]:
        options = by_slot(fine(opened(SCRIPT)).selectbox, "motif.models").options
        return [option.split("m = 4")[1] for option in options if "n = 2, m = 4" in option]

    for seed in range(7):
        put(small(2, 4).replace(seed=seed), two_neurons_a_feature(2))
    assert sorted(listed()) == ["", *(f", seed {seed}" for seed in range(1, 7))]
    for seed in (7, 9):
        put(small(2, 4).replace(seed=seed), two_neurons_a_feature(2))
    assert sorted(listed()) == [", seed 9", ", seeds 0 to 7"]


def test_other_models_are_seen_from_their_best_network_and_keep_what_counts():
    choice = cell(0.05, 0.9)
    app = look(MotifState(thresholds=MotifThresholds(most_gain=2)).changed(member=9, instance=1))
    choose(app, "motif.models", (choice.config, choice.resolved, 1))
    state = MotifState.of_network(choice)
    assert state_of(app) == state.replace(thresholds=MotifThresholds(most_gain=2))
    assert f", restart {stored(choice.config, choice.recipe).best}, " in model_line(app)


def test_settings_of_ones_own_are_another_ensemble():
    app = look(MotifState().changed(member=40))
    fine(by_slot(app.number_input, "motif.n").set_value(5).run())
    assert state_of(app) == MotifState(choice=DEFAULT.changed(n=5))
    fine(by_slot(app.number_input, "motif.seeds").set_value(2).run())
    fine(by_slot(app.number_input, "motif.restarts").set_value(3).run())
    assert state_of(app).count == 6
    assert "Networks: 6." in said(app)
    assert buttons(app) == {"Train 2 models"}


# Models that are not there


def test_an_ensemble_that_is_not_trained_can_be():
    app = fine(opened(SCRIPT, n="5", m="4", seeds="3"))
    assert [info.value for info in app.info] == ["3 of 3 models are not trained here yet."]
    assert buttons(app) == {"Train 3 models"}
    assert not app.metric
    assert sections(app) == ["How common"]
    app = fine(opened(SCRIPT, n="5", m="4", seeds="1", seed="77"))
    assert [info.value for info in app.info] == ["This model is not trained here yet."]
    assert buttons(app) == {"Train"}


def test_of_an_ensemble_with_some_models_those_are_shown_and_the_others_can_be_trained():
    config, recipe = small(3, 6), QUICK.replace(restarts=1)
    put(config.replace(seed=2), weights(*one()))
    state = MotifState(choice=Choice.of(config, recipe), seeds=4)
    app = look(state)
    assert [info.value for info in app.info] == ["3 of 4 models are not trained here yet."]
    assert buttons(app) == {"Train 3 models"}
    assert found_on(app) == (1, 1)
    assert ", seed 2, " in model_line(app)
    for seeds, left in ((with_seeds(config, 2), "Train 1 model"), (with_seeds(config, 4), None)):
        for one_config in seeds:
            put(one_config, two_neurons_a_feature(3))
        assert buttons(look(state)) == ({left} if left else set())


def test_a_training_beyond_the_budget_is_refused_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("TOYMODEL_MAX_STEPS", "50")
    app = opened(SCRIPT, n="4", m="2", steps="51", recipe="quick", seeds="2")
    press(app, "Train 2 models")
    assert resources.jobs().limits == Limits(steps=50, live_seconds=0)
    (words,) = [info.value for info in app.info if "asks for" in info.value]
    assert "asks for 51 steps; this copy allows 50." in words
    assert buttons(app) == {"Train 2 models"}


def test_models_that_are_not_in_the_store_are_told_to_be_missing(own_shipped: Path):
    missing = [cell(config.feature_probability, config.importance_decay) for config in GRID]
    for choice in (*missing, paper(0.01, "standard")):
        (own_shipped / f"{model_key(choice.config, choice.recipe)}.safetensors").unlink()
    # With thresholds of its own: what was counted of a model before is kept.
    app = section("common", MotifState(thresholds=MotifThresholds(part=0.06)))
    assert [info.value for info in app.info] == [
        "The grid's models are not in the store: `python -m toymodel cache --ship`."
    ]
    assert not any(key.startswith("motif-grid-") for key in clickable(app))
    assert found_on(app)[0] >= 2
    untrained = [m.value for m in app.markdown if m.value.endswith(": not trained here")]
    assert untrained == ["1 − S = 0.01: not trained here"]


# How common it is


def test_the_links_of_the_sweep_say_what_they_lead_to():
    app = section("common")
    sweeps = [state for label, state in links(app).items() if label.startswith("1 − S = ")]
    assert all((state.seeds, state.tab) == (1, "panels") for state in sweeps)
    labels = [link.proto.label for link in app.get("page_link")]
    expected = []
    for preset in ("standard", "thorough"):
        for config in sweep(PAPER_CONFIG, PAPER_DENSITIES):
            network = stored(config, RECIPES[preset])
            found = find_motifs(network.W1, network.W2)
            expected.append(f"1 − S = {config.feature_probability:g}: {count_words(found)}")
    assert [label for label in labels if " of features" in label] == expected
    assert "1 − S = 1: 0 neurons, 0 pairs of features" in expected


def test_the_examples_are_shipped_and_show_what_they_say():
    led = links(fine(opened(SCRIPT)))
    for state in led.values():
        assert all(find_model(config, state.choice.recipe) for config in state.configs)
    assert led["The paper's setting"] == MotifState()
    steep = led["Importance falls steeply"]
    assert steep.choice.config.importance_decay == 0.5
    (found,) = found_in(steep)
    assert found["clear"]
    assert found["difference"] > 0  # the networks with low losses are the ones with the motif
    pair = led["Mutual inhibition"]
    network = stored(pair.configs[pair.member or 0], pair.choice.recipe)
    one, other, *_ = find_motifs(network.W1, network.W2)
    assert (one.inhibitors, other.inhibitors) == ((other.neuron,), (one.neuron,))
    assert led["Equally important features"].choice.config.importance_decay == 1
    large = led["A large network"].choice
    assert found_in_weights(stored(large.config, large.recipe))[0] > 1


def found_in(state: MotifState) -> list[dict[str, float]]:
    models = [stored(config, state.choice.recipe) for config in state.configs]
    return motif_frequency(models).to_dict("records")


def test_the_table_of_settings_has_both_quarters_of_each():
    app = section("common")
    shown = table(app, "best quarter", "worst quarter")
    counted = table(app, "best quarter has", "settings")["settings"]
    assert len(shown) == len(GRID)
    shown = shown.loc[shown["clear"] != "–"]
    assert len(shown) == counted.sum() > 0
    row = shown.iloc[0]
    (found,) = found_in(MotifState.of_network(cell(float(row["1 − S"]), float(row["d"]))))
    for column, name in (("best quarter", "best"), ("worst quarter", "worst"), ("neurons", "mean")):
        assert row[column] == f"{found[name]:.2f}"
    assert row["clear"] == ("yes" if found["clear"] else "no")
    assert row["two"] == f"{found['share_2']:.0%}"


def settings(*rows: tuple[float, float, bool, bool]) -> pd.DataFrame:
    """Settings by their neurons in the best and in the worst quarter, common and clear."""
    return pd.DataFrame(
        [
            {
                "density": 0.1,
                "decay": 0.5 + 0.1 * k,
                **{f"share_{count}": 0.25 for count in range(4)},
                "mean": 1.5,
                "pairs": 2.25,
                "best": best,
                "worst": worst,
                "difference": best - worst,
                "error": 0.125,
                "common": common,
                "clear": clear,
            }
            for k, (best, worst, common, clear) in enumerate(rows)
        ]
    )


def test_settings_are_counted_by_which_quarter_has_more():
    found = settings(
        (1, 0.5, True, True),
        (2, 0.5, True, True),
        (1, 1.25, True, False),
        (0, 1, True, True),
        (9, 0, False, False),
    )
    assert quarter_comparison(found).values.tolist() == [
        ["more", 2],
        ["fewer", 1],
        ["no clear difference", 1],
    ]
    common = ("25%", "25%", "25%", "25%", "1.50", "2.25")
    assert setting_table(found).values.tolist() == [
        ["0.1", "0.5", *common, "1.00", "0.50", "+0.50", "0.12", "yes"],
        ["0.1", "0.6", *common, "2.00", "0.50", "+1.50", "0.12", "yes"],
        ["0.1", "0.7", *common, "1.00", "1.25", "−0.25", "0.12", "no"],
        ["0.1", "0.8", *common, "0.00", "1.00", "−1.00", "0.12", "yes"],
        ["0.1", "0.9", *common, "–", "–", "–", "–", "–"],
    ]
    none = settings((0, 0, False, False))
    assert quarter_comparison(none)["settings"].tolist() == [0, 0, 0]


def test_networks_with_several_asymmetric_neurons_are_counted_among_the_best_and_among_all():
    found = neurons_by_loss(
        pd.DataFrame({"neurons": [2] * 10 + [0] * 10 + [4], "pairs": [3] * 10 + [0] * 10 + [12]})
    )
    assert found.values.tolist() == [
        ["lowest losses", 12, 10, "1.67", "2.50"],
        ["all", 21, 11, "1.14", "2.00"],
    ]


def test_inhibitors_with_a_minor_weight_are_counted_in_each_group():
    found = inhibitor_table(
        {
            "some": [np.array([0.25, 1]), np.array([]), np.array([0.5, 0.125])],
            "none": [np.array([1.0])],
        }
    )
    assert found.values.tolist() == [
        ["some", 3, 4, 3, "75%", "0.25"],
        ["none", 1, 1, 0, "0%", "–"],
    ]


def test_the_page_tells_the_papers_inhibitors_from_neurons_that_inhibit_for_each_other():
    app = section("instances", of(small(6, 10), TWO_UNEVEN, MUTUAL).changed(member=1))
    assert found_on(app) == (4, 4)
    shown = table(app, "inhibitors", "share").values.tolist()
    assert shown[0] == ["this one", 1, 4, 0, "0%", "–"]
    assert shown[2] == ["all", 2, 6, 2, "33%", "0.18"]


# Scales


@pytest.mark.parametrize("scale", ["paper", "trained"])
def test_every_figure_and_table_of_weights_has_the_scale_that_is_chosen(scale: str):
    network = weights(*one())
    large = dataclasses.replace(network, W1=network.W1 * 8, W2=network.W2 / 8)
    state = of(small(3, 6), large).changed(**{"neuron-scale": scale})
    panels, app = section("panels", state), section("instances", state)
    drawn = scale_neurons(large, [ONE]) if scale == "paper" else large
    shown = table(app, "W₁, f0", "W₂, output 1")
    assert shown.equals(instance_weights(drawn, ONE))
    assert shown.iloc[0, 2] == ("+2.00" if scale == "paper" else "+16.00")
    words = {"paper": "neurons scaled", "trained": "as trained"}[scale]
    charts = [*panels.get("vega_lite_chart"), *app.get("vega_lite_chart")]
    titles = [spec_title(chart) for chart in charts]
    weights_drawn = [
        title for title in titles if title.startswith(("Input w", "Output w", "W₁", "W₂"))
    ]
    assert len(weights_drawn) == 6 + 2
    assert all(title.endswith(f", {words}") for title in weights_drawn)
    assert f"in these charts, {words}." in said(app)


def test_the_scale_is_chosen_by_a_switch_and_stands_in_the_link():
    app = look(of(small(3, 6), weights(*one())))
    assert of_link(app, "neuron-scale") == "paper"
    fine(by_slot(app.segmented_control, "motif.neuron-scale").set_value("trained").run())
    assert of_link(app, "neuron-scale") == "trained"
    assert "Weights are as trained" in said(app)


def spec_title(chart: Any) -> str:
    title = json.loads(chart.proto.spec).get("title", "")
    return title if isinstance(title, str) else title.get("text", "")


def test_shifts_of_the_rest_are_summed_up_by_the_output_that_they_move():
    shifts = [
        Shift(2, -1, 2, -0.5, "helps"),
        Shift(1, 1, 0, 0.25, "none"),
        Shift(0, 1, 1, 0.125, "hurts"),
    ]
    assert shift_summary(shifts).values.tolist() == [
        ["the feature's own", 1, 1, 0, 0, "f2 below 0, output 2: −0.50"],
        ["another feature's", 2, 0, 1, 1, "f1 above 0, output 0: +0.25"],
    ]
    assert shift_summary(shifts[:1])["output"].tolist() == ["the feature's own"]
    assert shift_table(shifts).iloc[0].tolist() == ["f2", "below 0", 2, -0.5, "helps"]
