"""The page on the phase change, without a browser."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.phase import density as phase_density
from pages.phase.models import along_density, along_training, phase_diagram
from pages.phase.state import PhaseState
from pages.shared.model_choice import Choice
from pages.train.state import TrainState
from tests.helpers.apps import by_slot, fine, metrics, opened, said, table
from tests.helpers.links import as_link
from toymodel.analysis.polysemanticity import CLASSES, Thresholds
from toymodel.charts.phase.tables import candidate_table, diagram_cells
from toymodel.phase.candidates import Theory
from toymodel.phase.diagram import (
    DENSITIES,
    PHASES,
    RATIOS,
    Diagram,
    cell_config,
    diagram_path,
    load_diagram,
    save_diagram,
)
from toymodel.storage.model_file import model_key
from toymodel.sweeps.paper import PAPER_PANELS
from toymodel.sweeps.shipped import DENSITY_SWEEP, LENGTHS, SAMPLERS

pytestmark = pytest.mark.usefixtures("shipped")


SCRIPT = "phase/page.py"
HEADERS = [
    "Along density: a jump or a drift?",
    "The smallest system: two neurons, two features",
    "Does it hold at convergence?",
    "Features are sets of neurons",
    "What to notice",
]
DENSITY_CHARTS, MAPS, CELL_CHARTS, TRAINING_CHARTS, SET_CHARTS = 5, 2, 2, 3, 1


def headers(app: AppTest) -> list[str]:
    return [header.value for header in app.header]


def words_of(app: AppTest, start: str) -> str:
    (words,) = [text.value for text in app.markdown if text.value.startswith(start)]
    return words


def there() -> tuple[Diagram, Theory]:
    found = phase_diagram()
    assert not isinstance(found, str), found
    return found


# The first view


def test_the_page_opens_with_every_part():
    app = fine(opened(SCRIPT))
    assert app.title[0].value.startswith("Neurons turn polysemantic one after another")
    assert headers(app) == HEADERS
    assert not app.info
    assert len(app.get("vega_lite_chart")) == (
        DENSITY_CHARTS + MAPS + CELL_CHARTS + TRAINING_CHARTS + SET_CHARTS
    )
    assert app.query_params["p"] == f"{DENSITIES[24]:g}"


def test_the_sentences_have_the_numbers_of_the_networks():
    app = opened(SCRIPT)
    found = along_density(Thresholds())
    assert found
    share = found.networks.groupby("density")[["one", "between", "more"]].mean()
    both = share.loc[share[["one", "more"]].min(axis=1) >= 0.1]
    fewer = both["between"] < both[["one", "more"]].min(axis=1)
    assert fewer.mean() > 0.5
    assert "**Most neurons jump:** " + f"at {len(both)} densities" in said(app)
    assert f"at {fewer.sum()} of these fewer neurons are in between" in said(app)
    assert "**The layer drifts:**" in said(app)
    diagram, theory = there()
    odd = diagram_cells(diagram, theory, Thresholds().second_weight)["disagrees"].sum()
    assert f"**They disagree** on {odd} of 961 cells" in said(app)


def test_the_counts_are_those_of_one_network():
    trained = along_training(0.001, Thresholds())
    best = trained.loc[trained["loss"].idxmin()]
    counts = [round(40 * best[name]) for name in CLASSES]
    assert sum(counts) == 40
    words = words_of(opened(SCRIPT), "With the **tilted sampler")
    assert f"({best['loss']:.2g})" in words
    assert " / ".join(map(str, counts)) in words


# What is not there


def test_an_empty_store_is_told_what_to_run(own_shipped: Path):
    shutil.rmtree(own_shipped)
    app = opened(SCRIPT)
    assert not app.error and not app.warning
    assert headers(app) == [name for name in HEADERS if not name.startswith("Features are")]
    assert [info.value for info in app.info] == [
        "These networks are not in the store: `python -m toymodel cache --ship`.",
        "The phase diagram is not in the store: `python -m toymodel phase --ship`.",
        "These networks are not in the store: `python -m toymodel cache --ship`.",
    ]
    assert not app.get("vega_lite_chart")


@pytest.mark.parametrize("content", [b"", b"not a diagram", b"\x08" + bytes(30)])
def test_a_damaged_diagram_is_told_and_the_rest_is_shown(own_shipped: Path, content: bytes):
    diagram_path(own_shipped).write_bytes(content)
    app = opened(SCRIPT)
    (info,) = app.info
    assert info.value.startswith("diagram.safetensors is not a usable phase diagram: ")
    assert info.value.endswith("`python -m toymodel phase --ship` trains it anew.")
    assert headers(app) == HEADERS
    assert len(app.get("vega_lite_chart")) == DENSITY_CHARTS + TRAINING_CHARTS + SET_CHARTS


def test_a_diagram_of_another_grid_is_told(own_shipped: Path):
    path = diagram_path(own_shipped)
    whole = load_diagram(path)
    names = ("W1", "W2", "b", "losses")
    few = {name: getattr(whole, name)[:3] for name in names}
    save_diagram(replace(whole, densities=whole.densities[:3], **few), path)
    app = opened(SCRIPT)
    assert ["diagram.safetensors is of other cells" in info.value for info in app.info] == [True]
    assert headers(app) == HEADERS


def test_one_network_along_density_is_shown(own_shipped: Path):
    kept = model_key(DENSITY_SWEEP.configs[12], DENSITY_SWEEP.recipe)
    for path in own_shipped.glob("*.safetensors"):
        if path.stem != kept:
            path.unlink()
    app = opened(SCRIPT)
    (density,) = set(table(app, "represented", *CLASSES)["density"])
    assert density == DENSITY_SWEEP.configs[12].feature_probability
    assert len(app.get("vega_lite_chart")) == DENSITY_CHARTS + MAPS + CELL_CHARTS + SET_CHARTS


# Links


@pytest.mark.parametrize("link", [{"p": "0.5"}, {"at": "1"}, {"wat": "`**`"}])
def test_a_wrong_link_says_so_and_opens_the_default(link: dict[str, str]):
    app = opened(SCRIPT, **link)
    (warning,) = app.warning
    assert "This link was not read in full" in warning.value
    assert next(iter(link)) in warning.value
    assert dict(app.query_params.items()) == PhaseState().link
    assert headers(app) == HEADERS


def test_every_cell_comes_back_from_its_link():
    for row in range(len(DENSITIES)):
        for column in range(len(RATIOS)):
            state = PhaseState().at_cell(row, column)
            assert state.cell == (row, column)
            assert PhaseState.from_link(as_link(state.link)) == (state, [])


# The cell


@pytest.mark.parametrize(("row", "column"), [(30, 15), (0, 0), (12, 20)])
def test_the_cell_of_a_link_is_opened_with_the_librarys_numbers(row: int, column: int):
    app = fine(opened(SCRIPT, **PhaseState().at_cell(row, column).link))
    diagram, theory = there()
    cells = diagram_cells(diagram, theory, Thresholds().second_weight)
    (cell,) = cells.loc[(cells["row"] == row) & (cells["column"] == column)].itertuples()
    assert metrics(app) == {
        "The neurons serve": cell.phase,
        "Loss, exact": f"{cell.loss:.4g}",
        "Above the best solution": f"{100 * (cell.loss / cell.lowest - 1):.2g} %",
    }
    expected = candidate_table(theory, row, column)
    shown = table(app, "solution", "loss", "above")
    assert shown["solution"].tolist() == expected["solution"].tolist()
    assert shown["loss"].tolist() == expected["loss"].tolist()
    (losses,) = [t.value["loss"] for t in app.dataframe if list(t.value) == ["loss", "above"]]
    assert losses.tolist() == sorted(diagram.losses[row, column])
    assert by_slot(app.select_slider, "phase.p").value == DENSITIES[row]
    assert by_slot(app.select_slider, "phase.ratio").value == RATIOS[column]


def test_the_sliders_open_another_cell():
    app = opened(SCRIPT)
    fine(by_slot(app.select_slider, "phase.p").set_value(DENSITIES[0]).run())
    fine(by_slot(app.select_slider, "phase.ratio").set_value(RATIOS[30]).run())
    assert (app.query_params["p"], app.query_params["ratio"]) == ("1", "10")
    assert metrics(app)["The neurons serve"] == PHASES[1]


@pytest.mark.parametrize("column", [4, 26])
def test_the_cell_is_trained_again_as_it_was(column: int):
    app = opened(SCRIPT, **PhaseState().at_cell(10, column).link)
    (link,) = [each.proto for each in app.get("page_link") if each.proto.label.startswith("Train")]
    state, problems = TrainState.from_link(parse_qs(link.query_string))
    assert problems == []
    config, reverse = cell_config(DENSITIES[10], RATIOS[column])
    assert state.choice == Choice.of(config, there()[0].recipe)
    assert ("this diagram's second one is feature 0" in said(app)) == reverse == (column > 15)


# What else is chosen


def test_cells_are_coloured_by_weights():
    def keys(app: AppTest) -> list[str]:
        ids = [chart.proto.id for chart in app.get("vega_lite_chart")]
        return [name.rpartition("-")[2] for name in ids if "phase-map-" in name]

    assert keys(opened(SCRIPT)) == ["phase", "phase"]
    app = fine(opened(SCRIPT, colour="weights"))
    assert keys(app) == ["weights", "weights"]
    assert app.query_params["colour"] == "weights"


@pytest.mark.parametrize("at", ["0.003", "0.001"])
def test_the_density_whose_training_is_followed_is_chosen(at: str):
    app = fine(opened(SCRIPT, at=at))
    words = words_of(app, "With the **tilted sampler")
    trained = along_training(float(at), Thresholds())
    assert len(trained) == 3 * len(SAMPLERS) * len(LENGTHS)
    ends = [
        trained.loc[(trained["sampler"] == "tilted") & (trained["steps"] == steps), "loss"].median()
        for steps in (LENGTHS[0], LENGTHS[-1])
    ]
    assert f"at a loss of {ends[0]:.2g} and {ends[1]:.2g}" in words
    assert f"most of a batch is empty: at 1 − S = {at}," in said(app)
    assert f"({' / '.join(map(str, PAPER_PANELS[float(at)].counts))})" in words


def test_a_threshold_moves_the_classes():
    def shares(app: AppTest) -> np.ndarray:
        return table(app, "represented", *CLASSES)[list(CLASSES)].to_numpy()

    usual = opened(SCRIPT)
    counted = shares(usual)
    moved = fine(by_slot(usual.number_input, "phase.mono").set_value(0.3).run())
    assert moved.query_params["mono"] == "0.3"
    found = along_density(Thresholds(second_weight=0.3))
    assert found
    assert np.array_equal(shares(moved), found.networks[list(CLASSES)].to_numpy())
    assert (shares(moved)[:, 0] >= counted[:, 0]).all()
    assert shares(moved)[:, 0].sum() > counted[:, 0].sum()


@pytest.mark.parametrize(
    "link", [{"mono": "1e-9", "slight": "1e-9"}, {"mono": "1", "slight": "100"}]
)
def test_the_ends_of_the_ranges_are_allowed(link: dict[str, str]):
    assert headers(fine(opened(SCRIPT, **link))) == HEADERS


def test_the_links_to_try_lead_to_cells_that_are_there():
    links = {
        each.proto.label: PhaseState.from_link(parse_qs(each.proto.query_string))
        for each in opened(SCRIPT).get("page_link")
        if each.proto.page == "phase" and each.proto.query_string
    }
    assert len(links) == 2
    for state, problems in links.values():
        assert problems == []
        assert state.density == DENSITIES[-1]


def networks(*shares: tuple[float, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(shares, columns=["density", "one", "between", "more"])


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            networks((1, 1, 0, 0), (0.1, 0.5, 0.1, 0.4), (0.01, 0, 0, 1)),
            "**Most neurons jump:** at 1",
        ),
        (
            networks((1, 1, 0, 0), (0.1, 0.3, 0.4, 0.3), (0.01, 0, 0, 1)),
            "**A neuron drifts:** at 1",
        ),
        (networks((1, 1, 0, 0), (0.1, 0, 1, 0), (0.01, 0, 0, 1)), "**A neuron drifts:** at no"),
    ],
)
def test_the_words_follow_what_neurons_do(found: pd.DataFrame, words: str):
    assert phase_density.jump_or_drift(found).startswith(words)
