from __future__ import annotations

import toymodel as tm
from pages.shared.models import Shown
from tests.helpers.networks import model

CONFIG = tm.Config(n_features=3, n_neurons=4)
RECIPE = tm.Recipe(restarts=3)


def test_a_forged_model_has_another_name_than_the_one_it_claims_to_be():
    real, forged = (Shown.of(model(CONFIG, RECIPE, seed=seed), None) for seed in (0, 1))
    assert (real.config, real.recipe, real.restart) == (forged.config, forged.recipe, 2)
    assert real.name != forged.name
    assert real.name == Shown.of(model(CONFIG, RECIPE, seed=0), None).name


def test_the_best_restart_is_shown_where_there_is_no_such_restart():
    given = model(CONFIG, RECIPE)
    assert [Shown.of(given, r).restart for r in (None, 0, 1, 2, 3, 63)] == [2, 0, 1, 2, 2, 2]
    assert Shown.of(given, 0).loss == given.losses[0]
