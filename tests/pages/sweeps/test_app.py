"""The page on grids, without a browser."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import streamlit as st

from pages.sweeps.state import SweepsState
from tests.helpers.apps import opened
from tests.helpers.networks import model
from toymodel.recipe import RECIPES
from toymodel.storage.store import Store
from toymodel.sweeps.grid import Grid, grid_of
from toymodel.sweeps.measures import measure
from toymodel.sweeps.run_grid import remember
from toymodel.sweeps.shipped_grids import SMALL_GRID

pytestmark = pytest.mark.usefixtures("shipped")


SCRIPT = "sweeps/page.py"
RECIPE = RECIPES["standard"]


def made(name: str, neurons: list[int], seeds: int = 2) -> Grid:
    densities = [0.5, 0.1, 0.02]
    fields = {"n_features": 5, "n_neurons": neurons, "feature_probability": densities}
    return grid_of(name, {"config": fields, "seeds": seeds})


@pytest.fixture
def store(cache: Path) -> Store:
    return Store(cache)


@pytest.fixture
def grid(store: Store) -> Grid:
    grid = made("small", [3, 4])
    remember(grid, store)
    store.put_many(model(config, RECIPE, seed=i) for i, config in enumerate(grid.configs))
    return grid


def test_a_new_folder_shows_the_shipped_grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TOYMODEL_CACHE", str(tmp_path / "elsewhere"))
    st.cache_resource.clear()
    app = opened(SCRIPT)
    assert not app.info and not app.warning
    assert app.query_params["grid"] == SMALL_GRID.key
    assert len(app.dataframe[0].value) == len(SMALL_GRID.configs) == 40


def test_the_examples_lead_to_maps_of_the_shipped_grid(grid: Grid):
    app = opened(SCRIPT)
    assert app.query_params["grid"] == grid.key  # what was trained here comes first
    links = [link.proto for link in app.get("page_link") if link.proto.page == "sweeps"]
    states = [SweepsState.from_link(parse_qs(link.query_string)) for link in links]
    assert [(state.grid, problems) for state, problems in states] == [(SMALL_GRID.key, [])] * 3
    assert len({state.measure for state, _ in states}) == 3


def test_gains_have_colours_on_either_side_of_1_and_other_measures_their_range(grid: Grid):
    def scale(**link: str) -> dict[str, Any]:
        (chart,) = opened(SCRIPT, **link).get("vega_lite_chart")
        cells = json.loads(chart.proto.spec)["layer"][0]
        return cells["encoding"]["color"]["scale"]

    gain = scale()
    low, middle, high = gain["domain"]
    assert (gain["type"], middle) == ("log", 1)
    assert low * high == pytest.approx(1)
    assert scale(measure="monosemantic")["domain"] == [0, 1]
    assert "type" not in scale(measure="loss")


def test_without_a_grid_it_is_said_how_one_comes_about(own_shipped: Path):
    shutil.rmtree(own_shipped / "grids")
    app = opened(SCRIPT)
    assert not [link for link in app.get("page_link") if link.proto.page == "sweeps"]
    assert "No grid was trained here yet" in app.info[0].value
    assert "--workers 2" in app.code[1].value
    # What the example says is a grid.
    assert len(grid_of("example", tomllib.loads(app.code[0].value)).configs) == 4 * 9 * 4


def test_the_first_view_is_the_gain_over_the_fields_that_differ(grid: Grid):
    app = opened(SCRIPT)
    assert not app.info and not app.warning
    link = {name: app.query_params[name] for name in ("grid", "x", "y", "measure")}
    assert link == {
        "grid": grid.key,
        "x": "feature_probability",
        "y": "n_neurons",
        "measure": "gain",
    }
    assert len(app.get("vega_lite_chart")) == 1
    models = app.dataframe[0].value
    assert len(models) == len(grid.configs)
    best = models.loc[models["gain"].idxmax()]
    assert app.table[0].value.iloc[0].to_dict() == {
        "superposition gain": f"{best['gain']:.3g}",
        "neurons m": f"{best['n_neurons']}",
        "density 1 − S": f"{best['feature_probability']:g}",
        "seed": f"{best['seed']}",
    }
    assert any("Models in a cell: 2 at least, 2 at most." in c.value for c in app.caption)


def test_models_that_are_missing_are_told(grid: Grid, store: Store):
    next(store.trained.glob("*.safetensors")).unlink()
    app = opened(SCRIPT)
    assert app.info[0].value.startswith("1 of 12 models are not there yet")
    assert len(app.dataframe[0].value) == 11


def test_models_that_come_while_one_looks_are_seen(store: Store):
    grid = made("growing", [3], seeds=1)
    remember(grid, store)
    first, *others = [model(config, RECIPE) for config in grid.configs]
    store.put(first)
    app = opened(SCRIPT)
    assert len(app.dataframe[0].value) == 1
    store.put_many(others)
    app.button[0].click().run()
    assert len(app.dataframe[0].value) == 3
    assert not app.info


def test_a_grid_of_which_nothing_is_there_is_no_error(store: Store):
    remember(made("none", [3]), store)
    app = opened(SCRIPT)
    assert app.info[0].value.startswith("6 of 6 models are not there yet")


@pytest.mark.parametrize("what", ["motifs", "loss", "polysemantic"])
def test_every_measure_and_axis_can_be_shown(grid: Grid, what: str):
    app = opened(SCRIPT, measure=what, x="seed", y="importance_decay")
    assert app.query_params["measure"] == what
    assert len(app.get("vega_lite_chart")) == 1


def test_one_field_both_ways_is_a_diagonal(grid: Grid):
    app = opened(SCRIPT, x="n_neurons", y="n_neurons")
    assert len(app.get("vega_lite_chart")) == 1


def test_the_models_of_a_cell_are_listed_by_their_loss(grid: Grid, store: Store):
    app = opened(SCRIPT, column="0", row="1")  # values in their order: 0.02, and 4 neurons
    assert app.subheader[0].value == "Models at density 1 − S = 0.02, neurons m = 4"
    listed = [text.value for text in app.markdown if text.value.startswith("Loss ")]
    configs = [c for c in grid.configs if c.n_neurons == 4 and c.feature_probability == 0.02]
    losses = sorted(measure(m)["loss"] for c in configs if (m := store.get(c, RECIPE)))
    assert [text.split(":")[0] for text in listed] == [f"Loss {loss:.4g}" for loss in losses]
    assert all("seed = " in text for text in listed)


def test_a_cell_that_there_is_not_is_not_listed(grid: Grid):
    assert not opened(SCRIPT, column="7", row="0").subheader


def test_the_latest_grid_is_shown_and_another_can_be_chosen(grid: Grid, store: Store):
    other = made("other", [6, 7])
    remember(other, store)
    os.utime(store.grids / f"{grid.key}.json", (1, 1))
    app = opened(SCRIPT)
    assert app.query_params["grid"] == other.key
    app.selectbox[0].set_value(grid.key).run()
    assert app.query_params["grid"] == grid.key
    assert not app.exception


def test_a_grid_that_is_not_here_is_said(grid: Grid):
    app = opened(SCRIPT, grid="0" * 16)
    assert "not in the store here" in app.warning[0].value


@pytest.mark.parametrize("text", ["", "{}", "[1]", "not json"])
def test_a_damaged_grid_is_left_out(grid: Grid, store: Store, text: str):
    (store.grids / ("f" * 16 + ".json")).write_text(text)
    assert opened(SCRIPT).query_params["grid"] == grid.key


@pytest.mark.parametrize(
    "link",
    [
        {"grid": "xyz"},
        {"x": "colour"},
        {"measure": "beauty"},
        {"column": "-1"},
        {"row": "a"},
        {"mono": "7"},
        {"n": "3"},
    ],
)
def test_a_wrong_link_says_so_and_opens_the_default(grid: Grid, link: dict[str, str]):
    app = opened(SCRIPT, **link)
    (name,) = link
    assert "This link was not read in full" in app.warning[0].value
    assert name in app.warning[0].value
    assert app.query_params["measure"] == "gain"


def test_every_state_comes_back_from_its_link():
    state = SweepsState().changed(x="seed").changed(grid="a" * 16)
    state = state.at_cell(0, 3).changed(measure="motifs")
    read = SweepsState.from_link({name: [value] for name, value in state.link.items()})
    assert read == (state, [])


def test_another_grid_has_axes_and_cells_of_its_own():
    state = SweepsState().changed(x="seed").at_cell(1, 1)
    found = state.changed(grid="a" * 16)
    assert (found.x, found.y, found.column, found.row) == ("", "", None, None)
    assert state.changed(y="task").column is None
    assert state.changed(measure="loss").column == 1
