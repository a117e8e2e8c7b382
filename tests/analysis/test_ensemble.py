from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.networks import model, same
from toymodel.analysis.ensemble import MAX_SEEDS, members, with_seeds
from toymodel.config import MAX_SEED, Config
from toymodel.recipe import Recipe
from toymodel.settings import SettingError

CONFIG = Config(n_features=2, n_neurons=3, seed=5)
RECIPE = Recipe(restarts=3)


def test_seeds_go_on_from_the_configs_own():
    configs = with_seeds(CONFIG, 3)
    assert [config.seed for config in configs] == [5, 6, 7]
    assert {config.replace(seed=5) for config in configs} == {CONFIG}


@pytest.mark.parametrize("count", [0, MAX_SEEDS + 1])
def test_too_few_or_too_many_seeds_and_those_beyond_the_last_are_refused(count: int):
    with pytest.raises(SettingError, match=f"seeds = {count}: must be .* from 1 to 64"):
        with_seeds(CONFIG, count)
    last = CONFIG.replace(seed=MAX_SEED)
    assert with_seeds(last, 1) == [last]
    with pytest.raises(SettingError, match="seeds = 2: must be 1"):
        with_seeds(last, 2)


def test_members_are_numbered_by_seed_then_restart():
    first, third = (model(config, RECIPE) for config in with_seeds(CONFIG, 3)[::2])
    found = members([first, None, third], RECIPE.restarts)
    assert [one.number for one in found] == [0, 1, 2, 6, 7, 8]
    assert [(one.config.seed, one.restart) for one in found[2:4]] == [(5, 2), (7, 0)]
    assert all(same(one.weights, m) for one, m in zip(found[3:], third.restarts, strict=True))
    assert [one.loss for one in found[:3]] == pytest.approx(first.losses.tolist())


def test_a_model_that_lost_restarts_leaves_the_numbers_of_the_others_alone():
    whole = model(CONFIG, RECIPE)
    one = np.float32([0.5])
    history = replace(whole.history, loss=whole.history.loss[:1])
    fewer = replace(
        whole, restarts=whole.restarts[:1], losses=one, loss_errors=one, history=history
    )
    found = members([fewer, whole], RECIPE.restarts)
    assert [one.number for one in found] == [0, 3, 4, 5]
