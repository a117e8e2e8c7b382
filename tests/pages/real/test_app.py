"""The page on real networks, without a browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
import streamlit as st

from pages.real.models import LONGER, MAIN, WEAK
from pages.real.state import RealState
from pages.real.words import (
    PLAIN_TITLE,
    on_existence,
    on_extreme,
    on_longer,
    on_reading,
    on_rise,
    on_together,
    on_unearned,
    title,
)
from pages.shared.explorer_state import ExplorerState
from pages.sweep.state import SweepState
from pages.train.state import TrainState
from tests.helpers.apps import by_slot, opened
from tests.helpers.networks import weights
from toymodel.analysis.polysemanticity import CLASSES, Thresholds, neurons
from toymodel.analysis.predictions import (
    CONFIRMED,
    IN_PART,
    REFUTED,
    Mixture,
    Reading,
    Together,
    TopAndLow,
    Trend,
    density_table,
    existence,
    extreme,
    rise,
    together,
)
from toymodel.config import RECIPES
from toymodel.model import Model
from toymodel.storage.model_file import model_key
from toymodel.storage.store import default_store
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep

pytestmark = pytest.mark.usefixtures("shipped")


SCRIPT = "real/page.py"
CONFIGS = sweep(PAPER_CONFIG, PAPER_DENSITIES)
N, M = PAPER_CONFIG.n_features, PAPER_CONFIG.n_neurons


@pytest.fixture(autouse=True)
def nothing_measured():
    st.cache_data.clear()
    yield
    st.cache_data.clear()


def stored(recipe: str) -> list[Model]:
    found = [default_store().get(config, RECIPES[recipe]) for config in CONFIGS]
    return [model for model in found if model]


def planted(model: Model, mixed: int, loss: float = 1.0) -> Model:
    """The same with so many neurons of three equal features, the last ones; others are pure."""
    W1 = np.zeros((M, N))
    W1[np.arange(M), np.arange(M) // 2] = np.where(np.arange(M) % 2, -1, 1)
    if mixed:
        W1[M - mixed :, [N - 3, N - 2, N - 1]] = 1
        W1[M - mixed :, : N - 3] = 0
    count = len(model.restarts)
    return replace(
        model,
        restarts=(weights(W1, np.ones((N, M))),) * count,
        losses=np.full(count, loss, np.float32),
        loss_errors=np.zeros(count, np.float32),
    )


def measured(app) -> list[str]:
    return [t.value for t in app.markdown if t.value.startswith("**Measured:**")]


def verdicts(app) -> list[str]:
    return [text.split("[")[1].split("]")[0] for text in measured(app)]


def test_the_first_view_has_five_predictions_with_their_verdicts():
    app = opened(SCRIPT)
    assert not app.warning and not app.error and not app.info
    assert [h.value[:2] for h in app.header] == ["1.", "2.", "3.", "4.", "5.", "Wh"]
    assert verdicts(app) == [CONFIRMED, CONFIRMED, CONFIRMED, IN_PART, CONFIRMED]
    assert app.title[0].value == title([CONFIRMED] * 4 + [IN_PART])
    for name in ("**The paper.**", "**What would count against it.**", "**What does not follow.**"):
        assert len([t for t in app.markdown if t.value.startswith(name)]) == 5
    assert len([c for c in app.caption if c.value.startswith("Rule: ")]) == 5
    assert len(app.get("vega_lite_chart")) == 6


def test_the_sentences_have_the_numbers_of_the_networks():
    first, second, third, fourth, fifth = measured(opened(SCRIPT))
    main, longer = (density_table(stored(name)) for name in (MAIN, LONGER))
    holding = main.loc[main[CLASSES[2]] > 0]
    assert f"At {len(holding)} of 7 densities" in first
    assert f"gain {holding['gain'].min():.2f} to {holding['gain'].max():.2f}" in first
    shown = together(stored(MAIN)).shown
    assert shown
    assert f"At 1 − S = {shown.density:g}: {shown.counts[0]} monosemantic" in second
    for table in (main, longer):
        assert f"{table[CLASSES[2]].iloc[0]} of 40 polysemantic neurons at 1 − S = 1" in third
        assert f"{table['effective'].iloc[-1]:.1f} on average" in fourth
    clean = f"{longer[CLASSES[0]].iloc[-1]} instead of {main[CLASSES[0]].iloc[-1]}"
    assert f"0.001 ({clean})" in third
    model = next(m for m in stored(MAIN) if m.config.feature_probability == 0.01)
    counts = neurons(model.W1).counts
    assert f"{counts[CLASSES[1]] + counts[CLASSES[2]]} neurons hold several features" in fifth


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({"mono": "1", "slight": "100"}, [REFUTED] * 5),
        ({"mono": "1e-9", "slight": "1e-9"}, [IN_PART, REFUTED, REFUTED, CONFIRMED, CONFIRMED]),
    ],
    ids=["nothing is polysemantic", "everything is"],
)
def test_the_thresholds_change_verdicts_and_title(link: dict[str, str], expected: list[str]):
    app = opened(SCRIPT, **link)
    assert verdicts(app) == expected
    assert app.title[0].value == title(expected)
    listed = next(t.value for t in app.markdown if t.value.startswith("1. "))
    assert [row.split("[")[1][:-1] for row in listed.splitlines()] == expected


def test_planted_networks_are_told_as_they_are(own_shipped: Path):
    # Longer training makes of the sparsest network the only one that does not share.
    for name in (MAIN, LONGER, WEAK):
        for model in stored(name):
            p = model.config.feature_probability
            (own_shipped / path_of(own_shipped, model)).unlink()
            mixed = 0 if p == 1 or (name == LONGER and p == 0.001) else 10
            default_store().put(planted(model, mixed))
    st.cache_resource.clear()
    app = opened(SCRIPT)
    first, second, third, fourth, _ = measured(app)
    assert verdicts(app)[:4] == [IN_PART, CONFIRMED, IN_PART, REFUTED]
    assert "At 6 of 7 densities" in first and "10 of 40 neurons are polysemantic" in first
    assert "None of these networks does better" in first
    assert "6 of 7 networks have both kinds. At 1 − S = 0.3: 30 monosemantic" in second
    assert "0 of 40 at 0.001; it falls from 0.003 to 0.001" in third
    assert "more monosemantic neurons at 1 − S = 0.001 (40 instead of 30)" in third
    assert "The loss is lower at 0 of 7 densities" in third
    assert "10 of 40 neurons are polysemantic, 30 stay monosemantic" in fourth


def path_of(own_shipped: Path, model: Model) -> Path:
    key = model_key(model.config, model.recipe)
    return next(path for path in own_shipped.iterdir() if key in path.name)


def test_networks_that_are_not_there_are_told(own_shipped: Path):
    for path in own_shipped.glob("*.safetensors"):
        path.unlink()
    app = opened(SCRIPT)
    assert app.title[0].value == PLAIN_TITLE
    assert [info.value.startswith("These networks are not in the store") for info in app.info] == [
        True
    ] * 6
    assert not measured(app)
    assert len([t for t in app.markdown if t.value.startswith("**The paper.**")]) == 5


def test_a_sweep_that_lacks_one_network_is_not_measured(own_shipped: Path):
    path_of(own_shipped, stored(LONGER)[3]).unlink()
    app = opened(SCRIPT)
    assert len(app.info) == 2
    assert len(measured(app)) == 3


@pytest.mark.parametrize("link", [{"mono": "2"}, {"n": "3"}, {"v": "2"}, {"slight": "nan"}])
def test_a_wrong_link_says_so_and_opens_the_default(link: dict[str, str]):
    app = opened(SCRIPT, **link)
    assert "This link was not read in full" in app.warning[0].value
    assert app.query_params["mono"] == "0.05"


def test_every_state_comes_back_from_its_link():
    state = RealState().changed(slight=2.5)
    read = RealState.from_link({name: [value] for name, value in state.link.items()})
    assert read == (state, [])


def test_a_changed_threshold_measures_anew():
    app = opened(SCRIPT)
    by_slot(app.number_input, "real.slight").set_value(100.0).run()
    assert app.query_params["slight"] == "100"
    assert verdicts(app)[0] == REFUTED


def test_the_links_can_be_read_and_keep_the_thresholds():
    app = opened(SCRIPT, mono="0.1")
    readers = {"sweep": SweepState, "train": TrainState, "neurons": ExplorerState}
    seen = set()
    for link in app.get("page_link"):
        reader = readers.get(link.proto.page)
        if reader is None:
            continue
        seen.add(link.proto.page)
        state, problems = reader.from_link(parse_qs(link.proto.query_string))
        assert not problems
        assert state.thresholds == Thresholds(second_weight=0.1)
        if isinstance(state, TrainState):
            assert state.other and state.other.recipe == RECIPES[LONGER]
    assert seen == readers.keys()


# Sentences


@pytest.mark.parametrize(
    ("full", "part", "said"),
    [
        (5, 0, "All five predictions about real networks come true in the toy model"),
        (4, 1, "Four of five predictions about real networks come true in the toy model, one in"),
        (1, 0, "One of five predictions about real networks comes true in the toy model"),
        (0, 2, "None of five predictions about real networks comes true in the toy model in full,"),
        (0, 0, "None of five predictions about real networks comes true in the toy model"),
    ],
)
def test_the_title_counts(full: int, part: int, said: str):
    given = [CONFIRMED] * full + [IN_PART] * part + [REFUTED] * (5 - full - part)
    assert title(given).startswith(said)
    assert title([*given[:4], None]) == PLAIN_TITLE


def tables(*mixed: int, loss: float = 1.0):
    return density_table([planted(m, k, loss) for m, k in zip(stored(MAIN), mixed, strict=True)])


@pytest.mark.parametrize(
    ("mixed", "loss", "said"),
    [
        ((0,) * 7, 1.0, "No neuron is polysemantic at any of the 7 densities."),
        ((0,) * 6 + (3,), 1e-4, "(1 − S = 0.001) 3 of 40 neurons are polysemantic. This network"),
        ((0,) * 6 + (3,), 1.0, "This network does not do better"),
        ((2,) * 6 + (3,), 1e-4, "At all 7 densities 2 to 3 of 40 neurons are polysemantic. Each"),
        ((2,) * 7, 0.01, "3 of these networks do better"),
    ],
)
def test_whether_polysemantic_neurons_pay_is_told(mixed, loss, said):
    if loss == 0.01:  # below the yardstick of the three sparsest alone
        models = [
            planted(m, 2, 1e-3 if m.config.feature_probability <= 0.01 else 1.0)
            for m in stored(MAIN)
        ]
        table = density_table(models)
    else:
        table = tables(*mixed, loss=loss)
    assert said in on_existence(existence(table), table)


@pytest.mark.parametrize(
    ("ordered", "said"),
    [(0.9, "hold the more important"), (0.5, "the equally important"), (0.2, "the less important")],
)
def test_which_features_the_clean_ones_hold_is_told(ordered: float, said: str):
    found = Together((Mixture(0.1, (3, 0, 4), 1, 2, ordered),))
    words = on_together(found, 7)
    assert said in words
    assert "1 of 7 networks has both kinds. At 1 − S = 0.1: 3 monosemantic and 4 poly" in words
    assert "other" not in words


def test_no_network_with_both_kinds_is_told():
    assert on_together(Together(()), 7).startswith("None of the 7 networks")


def test_where_the_share_falls_and_stays_is_told():
    table = tables(0, 0, 4, 4, 2, 8, 6)
    words = on_rise(rise({"one": table}), {"one": table}, Trend((1.0, 0.1), (0.0, 1.0)))
    assert "it falls from 0.03 to 0.01 and 0.003 to 0.001" in words
    assert "and stays the same from 1 to 0.3 and 0.1 to 0.03." in words
    assert words.endswith("In the paper's figure, as read off it, it falls nowhere.")
    level = tables(*[4] * 7)
    words = on_rise(rise({"one": level}), {"one": level}, Trend((1.0, 0.1), (1.0, 0.0)))
    assert "stays the same from 1 to 0.001." in words
    assert words.endswith("it falls from 1 to 0.1.")


def test_what_longer_training_changes_is_told():
    short, longer = tables(0, 0, 0, 0, 4, 8, 9), tables(0, 0, 0, 2, 4, 6, 4, loss=0.5)
    assert on_longer(short, longer, "long") == (
        "Trained for longer (`long`) there are more monosemantic neurons at 1 − S = 0.003 (34 "
        "instead of 32) and 0.001 (36 instead of 31); fewer monosemantic neurons at 1 − S = 0.03 "
        "(38 instead of 40). The loss is lower at all 7 densities."
    )
    same = on_longer(short, short, "long")
    assert "as many monosemantic neurons at every density. The loss is lower at 0 of 7" in same


def test_what_is_left_at_the_sparsest_is_told():
    given = {"a": tables(*[0] * 6, 40), "b": tables(*[0] * 6, 39)}
    words = on_extreme(extreme(given), given)
    assert "`a`, 1 − S = 0.001: 40 of 40 neurons are polysemantic, none is clean" in words
    assert "`b`, 1 − S = 0.001: 39 of 40 neurons are polysemantic, 1 stays monosemantic" in words


def read(several: Reading, secondary: Reading, monosemantic: Reading, *unclear: float) -> TopAndLow:
    return TopAndLow(
        several=several, secondary=secondary, monosemantic=monosemantic, unclear=unclear
    )


def test_what_neurons_look_like_is_told():
    none = Reading(0, 0, 0, 0)
    assert on_reading(read(none, none, none), 0.01, {}) == (
        "At 1 − S = 0.01, no neuron holds several features."
    )
    one = on_reading(read(Reading(1, 0, 1, 0), none, none, 0.8), 0.01, {})
    assert one.startswith("At 1 − S = 0.01, 1 neuron holds several features. 0 of 1 look clean")
    assert "strongest" not in one and "monosemantic" not in one and "secondary" not in one
    assert one.endswith(
        "Not clean even at the top: 1, whose second largest weight is 80% of the largest."
    )
    many = on_reading(
        read(Reading(5, 4, 5, 4), Reading(2, 2, 2, 1), Reading(3, 3, 1, 1), 0.7, 0.9),
        0.01,
        {0.1: Reading(3, 3, 3, 2)},
    )
    assert "Of the 2 with a clear secondary feature 1 is both." in many
    assert "In the other networks 2 of 3 at 0.1 are both." in many
    assert "Of 3 monosemantic neurons 1 is mixed at the bottom." in many
    assert "takes 4 of them" in many and "70% to 90%" in many


def test_polysemantic_neurons_that_do_not_pay_are_told():
    good, bad, none = tables(*[2] * 7, loss=1e-4), tables(*[4] * 7), tables(*[0] * 7)
    assert "every one with polysemantic" in on_unearned({"a": good, "b": good}, "a", "b")
    assert on_unearned({"a": none, "b": good}, "a", "b").startswith("No neuron is polysemantic")
    words = on_unearned({"a": bad, "b": good}, "a", "b")
    assert "7 of 7 networks have polysemantic neurons and do no better" in words
    assert "4 of 40 neurons are polysemantic" in words and ", more than the" in words
    assert ", not more than the" in on_unearned({"a": bad, "b": bad}, "a", "b")
