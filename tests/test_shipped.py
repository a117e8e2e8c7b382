from __future__ import annotations

import toymodel as tm
from toymodel.model_file import model_key
from toymodel.shipped import SHIPPED, SMALLEST
from toymodel.sweep import PAPER_CONFIG, PAPER_DENSITIES


def test_every_preset_has_the_sweep_of_the_paper():
    sweeps = {
        recipe: [config.feature_probability for config in configs]
        for configs, recipe in SHIPPED
        if configs[0].replace(feature_probability=1.0) == PAPER_CONFIG
    }
    assert sweeps == {recipe: list(PAPER_DENSITIES) for recipe in tm.RECIPES.values()}


def test_the_smallest_model_is_among_them():
    assert SMALLEST in SHIPPED


def test_no_model_is_shipped_twice():
    keys = [model_key(config, recipe) for configs, recipe in SHIPPED for config in configs]
    assert len(keys) == len(set(keys))
