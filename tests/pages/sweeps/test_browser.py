"""The page on grids, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.browser import click_drawing, heading, link, wait_until_idle
from tests.helpers.networks import model
from toymodel.recipe import RECIPES
from toymodel.storage.store import Store
from toymodel.sweeps.grid import Grid, grid_of
from toymodel.sweeps.run_grid import remember

pytestmark = pytest.mark.browser


@pytest.fixture
def grid(server_cache: Path) -> Grid:
    fields = {"n_features": 5, "n_neurons": [3, 4], "feature_probability": [0.5, 0.1]}
    grid = grid_of("small", {"config": fields, "seeds": 2})
    store = Store(server_cache)
    remember(grid, store)
    recipe = RECIPES["standard"]
    store.put_many(model(config, recipe, seed=i) for i, config in enumerate(grid.configs))
    return grid


def test_a_click_on_a_cell_lists_its_models_and_one_opens(server: str, page: Page, grid: Grid):
    page.goto(f"{server}/sweeps?grid={grid.key}")
    expect(page.get_by_text("Largest gain")).to_be_visible()
    wait_until_idle(page)
    click_drawing(page, "sweeps-map-", 0.9, 0.3)  # sparse on the right, many neurons on top
    models = page.get_by_role("heading", name="Models at density 1 − S = 0.1, neurons m = 4")
    expect(models).to_be_in_viewport()
    wait_until_idle(page)
    assert (link(page)["column"], link(page)["row"]) == ("0", "1")
    page.reload()
    expect(models).to_be_visible()
    wait_until_idle(page)
    page.get_by_role("link", name="Neurons", exact=True).first.click()
    expect(heading(page, r"^Neuron \d+: ")).to_be_visible()
    assert (link(page)["m"], link(page)["p"]) == ("4", "0.1")
