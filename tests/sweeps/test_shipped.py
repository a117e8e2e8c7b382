from __future__ import annotations

import toymodel as tm
from toymodel.storage.model_file import model_key
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.sweeps.shipped import SHIPPED, SMALLEST


def test_every_preset_has_the_sweep_of_the_paper():
    configs = tuple(sweep(PAPER_CONFIG, PAPER_DENSITIES))
    assert {family.recipe for family in SHIPPED if family.configs == configs} == {
        *tm.RECIPES.values()
    }


def test_the_smallest_model_is_among_them_and_no_model_is_there_twice():
    assert SMALLEST in SHIPPED
    keys = [model_key(config, recipe) for configs, recipe in SHIPPED for config in configs]
    assert len(keys) == len(set(keys))
