from __future__ import annotations

import toymodel as tm
from tests.helpers.networks import ROOT
from toymodel.storage.model_file import model_key
from toymodel.storage.store import Store
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.sweeps.run_grid import missing
from toymodel.sweeps.shipped import SHIPPED, SMALLEST
from toymodel.sweeps.shipped_grids import SHIPPED_GRIDS


def test_every_preset_has_the_sweep_of_the_paper():
    configs = tuple(sweep(PAPER_CONFIG, PAPER_DENSITIES))
    assert {family.recipe for family in SHIPPED if family.configs == configs} == {
        *tm.RECIPES.values()
    }


def test_the_smallest_model_is_among_them_and_no_model_is_there_twice():
    assert SMALLEST in SHIPPED
    keys = [model_key(config, recipe) for configs, recipe in SHIPPED for config in configs]
    assert len(keys) == len(set(keys))


def test_the_files_of_shipped_grids_are_there_with_all_their_models():
    store = Store(ROOT / "cache")
    files = {path.stem: path.read_text() for path in store.shipped_grids.glob("*.json")}
    assert files == {grid.key: grid.to_json() for grid in SHIPPED_GRIDS}
    assert [missing(grid, store) for grid in SHIPPED_GRIDS] == [()] * len(SHIPPED_GRIDS)
