"""The page on real networks, without a browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.real import numbers
from pages.real.models import LONGER, MAIN, PLAIN_TITLE, WEAK, Sweeps
from pages.real.state import RealState
from pages.shared.explorer.state import ExplorerState
from pages.sweep.state import SweepState
from pages.train.state import TrainState
from tests.helpers.apps import by_slot, opened
from tests.helpers.networks import weights
from toymodel.analysis.polysemanticity import CLASSES, Thresholds, neurons
from toymodel.analysis.predictions import (
    CONFIRMED,
    IN_PART,
    REFUTED,
    SECOND_WEIGHTS,
    MixedLayers,
    Mixture,
    Reading,
    TopVersusBottom,
    Trend,
    density_table,
    existence,
    holding_several,
    mixed_layers,
    sparsity_trend,
)
from toymodel.model import Model
from toymodel.recipe import RECIPES
from toymodel.storage.model_file import model_key
from toymodel.storage.store import default_store
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, PAPER_PANELS, sweep

pytestmark = pytest.mark.usefixtures("shipped")


SCRIPT = "real/page.py"
CONFIGS = sweep(PAPER_CONFIG, PAPER_DENSITIES)
N, M = PAPER_CONFIG.n_features, PAPER_CONFIG.n_neurons
CLEAN, _, POLY = CLASSES


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


ALL = "exist,together,rise,extreme,reading,limits"


def unfolded(**link: str) -> AppTest:
    """Open the page with everything unfolded."""
    return opened(SCRIPT, open=ALL, **link)


def verdicts(app: AppTest) -> list[str]:
    return [text.split("[")[1].split("]")[0] for text in app.table[0].value["measured"]]


def table(app: AppTest, *columns: str) -> pd.DataFrame:
    """The table that has just these columns."""
    (found,) = [each.value for each in app.dataframe if list(each.value) == list(columns)]
    return found


EXISTENCE = ("density", POLY, "used", "gain", "below the baseline")
MIXTURES = ("density", *CLASSES, "clean", "mixed", "ordered")
TREND = ("measure", "densest", "sparsest", "falls", "stays the same")
TRAINING = (
    "density",
    *(f"monosemantic, {name}" for name in (MAIN, LONGER)),
    *(f"loss, {name}" for name in (MAIN, LONGER)),
)
SPARSEST = ("recipe", "density", POLY, CLEAN, "used", "effective", "effective_max", "loss")
READING = ("count", "clean at the top", "mixed at the bottom", "both", "both by weights alone")
GROUPS = ("density", "neurons that", *READING)
SECOND = ("second weight over the largest", *READING)
NO_GAIN = ("recipe", "density", POLY, "used", "effective", "gain")


def captions(app: AppTest) -> str:
    return "\n".join(caption.value for caption in app.caption)


def test_the_first_view_has_five_predictions_with_their_verdicts(monkeypatch: pytest.MonkeyPatch):
    # What no verdict needs is not measured.
    monkeypatch.delattr(Sweeps, "other_activations")
    app = opened(SCRIPT)
    assert not app.warning and not app.error and not app.info
    assert [e.label[:2] for e in app.expander if e.label[1] == "."] == [
        "1.",
        "2.",
        "3.",
        "4.",
        "5.",
    ]
    assert app.query_params["open"] == "none"
    assert not app.dataframe and not app.get("vega_lite_chart")
    assert verdicts(app) == [CONFIRMED, CONFIRMED, CONFIRMED, IN_PART, CONFIRMED]
    assert app.title[0].value.startswith("4 of 5 predictions about real networks come true")
    assert len(app.table[0].value) == 5


def test_what_is_unfolded_is_drawn():
    app = opened(SCRIPT, open="rise")
    assert len(app.get("vega_lite_chart")) == 1
    assert len([t for t in app.markdown if t.value.startswith("**The paper.**")]) == 1
    app = unfolded()
    assert len([c for c in app.caption if c.value.startswith("Rule. ")]) == 5
    for name in ("**The paper.**", "**What would count against it.**", "**What does not follow.**"):
        assert len([t for t in app.markdown if t.value.startswith(name)]) == 5
    assert len(app.get("vega_lite_chart")) == 6


def test_the_tables_have_the_numbers_of_the_networks():
    app = unfolded()
    main, longer = (density_table(stored(name)) for name in (MAIN, LONGER))
    shown = table(app, *EXISTENCE)
    assert shown[["density", POLY, "gain"]].equals(main[["density", POLY, "gain"]])
    assert shown["below the baseline"].tolist() == ["yes" if b else "no" for b in main["better"]]
    assert f"polysemantic neurons: {(main[POLY] > 0).sum()} of 7." in captions(app)
    mixtures = mixed_layers(stored(MAIN)).mixtures
    assert table(app, *MIXTURES)[list(CLASSES)].values.tolist() == [
        list(m.counts) for m in mixtures
    ]
    assert table(app, *MIXTURES)["ordered"].tolist() == [m.ordered for m in mixtures]
    trend = table(app, *TREND).set_index("measure")
    for name, found in ((MAIN, main), (LONGER, longer)):
        counts, effective = found[POLY].tolist(), found["effective"].tolist()
        row = trend.loc[f"polysemantic neurons, {name}"]
        assert [row["densest"], row["sparsest"]] == [f"{counts[k]} of 40" for k in (0, -1)]
        row = trend.loc[f"effective features, mean, {name}"]
        assert [row["densest"], row["sparsest"]] == [f"{effective[k]:.2f}" for k in (0, -1)]
    paper = trend.loc[f"polysemantic neurons, {numbers.PAPER}"]
    ends = [PAPER_PANELS[p].counts[2] / 40 for p in (1.0, 0.001)]
    assert [paper["densest"], paper["sparsest"]] == [f"{share:.0%}" for share in ends]
    trained = table(app, *TRAINING)
    assert trained[f"monosemantic, {MAIN}"].tolist() == main[CLEAN].tolist()
    assert trained[f"monosemantic, {LONGER}"].tolist() == longer[CLEAN].tolist()
    sparsest = table(app, *SPARSEST)
    assert sparsest["effective"].tolist() == [t["effective"].iloc[-1] for t in (main, longer)]
    groups = table(app, *GROUPS)
    model = next(m for m in stored(MAIN) if m.config.feature_probability == 0.01)
    counts = neurons(model.W1).counts
    assert groups["count"].iloc[0] == counts[CLASSES[1]] + counts[POLY]
    assert groups["count"].iloc[1] == counts[CLEAN]
    found = neurons(model.W1)
    second = np.sort(found.relative[holding_several(found)], axis=1)[:, -2]
    by_second = table(app, *SECOND)
    assert by_second["count"].tolist() == np.histogram(second, SECOND_WEIGHTS)[0].tolist()
    assert by_second[[*READING]].sum().tolist() == groups[[*READING]].iloc[0].tolist()
    weak = density_table(stored(WEAK))
    no_gain = table(app, *NO_GAIN)
    assert no_gain["gain"].tolist() == [t["gain"].iloc[-1] for t in (weak, main)]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({"mono": "1", "slight": "100"}, [REFUTED] * 5),
        ({"mono": "1e-9", "slight": "1e-9"}, [IN_PART, REFUTED, REFUTED, CONFIRMED, IN_PART]),
    ],
    ids=["nothing is polysemantic", "everything is"],
)
def test_the_thresholds_change_verdicts_and_title(link: dict[str, str], expected: list[str]):
    app = opened(SCRIPT, **link)
    assert verdicts(app) == expected
    assert app.title[0].value.startswith(f"{expected.count(CONFIRMED)} of 5 predictions")


def test_planted_networks_are_shown_as_they_are(own_shipped: Path):
    # Longer training makes of the sparsest network the only one that does not share.
    for name in (MAIN, LONGER, WEAK):
        for model in stored(name):
            p = model.config.feature_probability
            (own_shipped / path_of(own_shipped, model)).unlink()
            mixed = 0 if p == 1 or (name == LONGER and p == 0.001) else 10
            default_store().put(planted(model, mixed))
    st.cache_resource.clear()
    app = unfolded()
    assert verdicts(app)[:4] == [IN_PART, CONFIRMED, IN_PART, REFUTED]
    told = captions(app)
    assert "Networks with polysemantic neurons: 6 of 7. Of these, with a loss below" in told
    assert "baseline: 0. At a gain" in told
    assert table(app, *EXISTENCE)[POLY].tolist() == [0] + [10] * 6
    assert "Networks with both kinds of neurons: 6 of 7." in told
    assert table(app, *MIXTURES)[["density", CLEAN]].iloc[0].tolist() == [0.3, 30]
    trend = table(app, *TREND).set_index("measure")
    row = trend.loc[f"polysemantic neurons, {LONGER}"]
    assert (row["sparsest"], row["falls"]) == ("0 of 40", "0.003 to 0.001")
    last = table(app, *TRAINING).iloc[-1]
    assert [last[f"monosemantic, {name}"] for name in (MAIN, LONGER)] == [30, 40]
    assert "lower one at 0 of 7 densities" in told
    assert table(app, *SPARSEST)[[POLY, CLEAN]].values.tolist() == [[10, 30], [0, 40]]


def path_of(own_shipped: Path, model: Model) -> Path:
    key = model_key(model.config, model.recipe)
    return next(path for path in own_shipped.iterdir() if key in path.name)


def test_networks_that_are_not_there_are_told(own_shipped: Path):
    for path in own_shipped.glob("*.safetensors"):
        path.unlink()
    app = unfolded()
    assert app.title[0].value == PLAIN_TITLE
    assert [info.value.startswith("These networks are not in the store") for info in app.info] == [
        True
    ] * 6
    assert verdicts(app) == ["not measured"] * 5
    assert len([t for t in app.markdown if t.value.startswith("**The paper.**")]) == 5


def test_a_sweep_that_lacks_one_network_is_not_measured(own_shipped: Path):
    path_of(own_shipped, stored(LONGER)[3]).unlink()
    app = unfolded()
    assert len(app.info) == 2
    assert verdicts(app).count("not measured") == 2


@pytest.mark.parametrize(
    "link", [{"mono": "2"}, {"n": "3"}, {"v": "2"}, {"slight": "nan"}, {"open": "1"}]
)
def test_a_wrong_link_says_so_and_opens_the_default(link: dict[str, str]):
    app = opened(SCRIPT, **link)
    assert "This link was not read in full" in app.warning[0].value
    assert app.query_params["mono"] == "0.05"


def test_every_state_comes_back_from_its_link():
    state = RealState().changed(slight=2.5, open=("rise", "limits"))
    read = RealState.from_link({name: [value] for name, value in state.link.items()})
    assert read == (state, [])


def test_a_changed_threshold_measures_anew():
    app = opened(SCRIPT)
    by_slot(app.number_input, "real.slight").set_value(100.0).run()
    assert app.query_params["slight"] == "100"
    assert verdicts(app)[0] == REFUTED


def test_the_links_can_be_read_and_keep_the_thresholds():
    app = unfolded(mono="0.1")
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


# Tables of planted networks


def tables(*mixed: int, loss: float = 1.0) -> pd.DataFrame:
    return density_table([planted(m, k, loss) for m, k in zip(stored(MAIN), mixed, strict=True)])


@pytest.mark.parametrize(
    ("mixed", "loss", "holding", "better"),
    [((0,) * 7, 1.0, 0, 0), ((0,) * 6 + (3,), 1e-4, 1, 1), ((2,) * 6 + (3,), 1.0, 7, 0)],
)
def test_networks_that_hold_polysemantic_neurons_and_that_gain_are_count(
    mixed: Sequence[int], loss: float, holding: int, better: int
):
    table = tables(*mixed, loss=loss)
    shown = numbers.of_existence(existence(table), table)
    assert shown.table[POLY].tolist() == list(mixed)
    assert f"polysemantic neurons: {holding} of 7." in shown.reading
    assert f"no-superposition baseline: {better}." in shown.reading


def test_a_network_with_both_kinds_is_a_row():
    found = MixedLayers((Mixture(0.1, (3, 0, 4), 1, 2, 0.9),))
    shown = numbers.of_mixtures(found, 7)
    assert shown.table.values.tolist() == [[0.1, 3, 0, 4, 1, 2, 0.9]]
    assert "1 of 7" in shown.reading
    assert numbers.of_mixtures(MixedLayers(()), 7).table.empty


def test_where_the_share_falls_and_stays_the_same_is_shown():
    table = tables(0, 0, 4, 4, 2, 8, 6)
    paper = Trend((1.0, 0.1), (0.0, 1.0))
    shown = numbers.of_trend(sparsity_trend({"one": table}), {"one": table}, paper).table
    one, theirs, _ = shown.to_dict("records")
    assert one["falls"] == "0.03 to 0.01, 0.003 to 0.001"
    assert one["stays the same"] == "1 to 0.3, 0.1 to 0.03"
    assert (theirs["densest"], theirs["sparsest"], theirs["falls"]) == ("0%", "100%", "–")
    level = tables(*[4] * 7)
    shown = numbers.of_trend(sparsity_trend({"one": level}), {"one": level}, paper).table
    assert shown["stays the same"].iloc[0] == "1 to 0.001"


def test_what_longer_training_changes_is_shown():
    short, longer = tables(0, 0, 0, 0, 4, 8, 9), tables(0, 0, 0, 2, 4, 6, 4, loss=0.5)
    shown = numbers.of_longer_training({"short": short, "long": longer})
    assert shown.table["monosemantic, short"].tolist() == [40, 40, 40, 40, 36, 32, 31]
    assert shown.table["monosemantic, long"].tolist() == [40, 40, 40, 38, 36, 34, 36]
    assert shown.table["loss, long"].tolist() == ["0.5"] * 7
    assert "lower one at 7 of 7 densities" in shown.reading


def of_groups(several: Reading, monosemantic: Reading) -> TopVersusBottom:
    by_second = tuple(several._replace(neurons=k) for k in range(1, 6))
    return TopVersusBottom(several=several, by_second=by_second, monosemantic=monosemantic)


def test_what_neurons_look_like_is_shown():
    found = of_groups(Reading(5, 4, 5, 4, 2), Reading(3, 3, 1, 1, 0))
    other = of_groups(Reading(3, 3, 3, 2, 1), Reading(0, 0, 0, 0, 0))
    shown = numbers.of_activations(found, 0.01, {0.1: other}).table
    assert shown[[*GROUPS[:1], *READING]].values.tolist() == [
        [0.01, 5, 4, 5, 4, 2],
        [0.01, 3, 3, 1, 1, 0],
        [0.1, 3, 3, 3, 2, 1],
    ]
    shown = numbers.of_second_weights(found, 0.01).table
    assert shown[SECOND[0]].iloc[[0, -1]].tolist() == ["0 to 0.25", "0.9 to 1"]
    assert shown[[*READING]].values.tolist() == [[k, 4, 5, 4, 2] for k in range(1, 6)]


def test_polysemantic_neurons_without_gain_are_shown_beside_those_with():
    good, bad = tables(*[2] * 7, loss=1e-4), tables(*[4] * 7)
    shown = numbers.of_no_gain({"a": bad, "b": good}, "a", "b")
    assert "is not below the no-superposition baseline: 7 of 7." in shown.reading
    assert shown.table[["recipe", "density", POLY]].values.tolist() == [
        ["a", 0.001, 4],
        ["b", 0.001, 2],
    ]
    none = numbers.of_no_gain({"a": good, "b": good}, "a", "b")
    assert "0 of 7" in none.reading
    assert none.table.empty
