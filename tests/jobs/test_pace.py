from __future__ import annotations

import pytest

import toymodel as tm
from toymodel.jobs.pace import Pace

CONFIG = tm.Config(n_features=100, n_neurons=40, feature_probability=0.01)
RECIPE = tm.RECIPES["standard"]


@pytest.fixture(autouse=True)
def two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOYMODEL_PROCESSES", "2")


def test_nothing_takes_no_time_and_more_takes_longer():
    pace = Pace()
    assert pace.seconds([], RECIPE) == 0
    one = pace.seconds([CONFIG], RECIPE)
    assert pace.seconds([CONFIG], RECIPE.replace(steps=7_000)) > 1.5 * one
    assert pace.seconds([CONFIG.replace(n_neurons=400)], RECIPE) > 2 * one
    assert pace.seconds([CONFIG], RECIPE.replace(restarts=2)) > 1.5 * one
    assert pace.seconds([CONFIG], RECIPE, cycles=3) == pytest.approx(3 * one)


def test_many_models_are_shared_by_the_processes(monkeypatch: pytest.MonkeyPatch):
    many = [CONFIG.replace(seed=seed) for seed in range(20)]
    two = Pace().seconds(many, RECIPE)
    monkeypatch.setenv("TOYMODEL_PROCESSES", "1")
    assert Pace().seconds(many, RECIPE) == pytest.approx(2 * two, rel=0.1)


def test_it_learns_from_what_trainings_took():
    pace = Pace()
    first = pace.seconds([CONFIG], RECIPE)
    for _ in range(10):
        pace.learn([CONFIG], RECIPE, 10 * first)
    assert pace.seconds([CONFIG], RECIPE) == pytest.approx(10 * first, rel=0.15)
    # Those of about the same size count most.
    small = tm.Config(n_features=3, n_neurons=2)
    own = pace.seconds([small], RECIPE)
    for _ in range(10):
        pace.learn([small], RECIPE, own / 20)
    assert pace.seconds([small], RECIPE) < own / 5
    assert pace.seconds([CONFIG], RECIPE) == pytest.approx(10 * first, rel=0.2)


def test_what_took_no_time_teaches_nothing():
    pace = Pace()
    first = pace.seconds([CONFIG], RECIPE)
    pace.learn([CONFIG], RECIPE, 0.0)
    pace.learn([], RECIPE, 3.0)
    assert pace.seconds([CONFIG], RECIPE) == first


def test_trainings_that_other_programs_slowed_down_hardly_count():
    pace = Pace()
    first = pace.seconds([CONFIG], RECIPE)
    pace.learn([CONFIG], RECIPE, 5 * first)
    assert pace.seconds([CONFIG], RECIPE) == pytest.approx(first)
    for seconds in (0.7, 6.0, 0.8, 4.0, 0.75):
        pace.learn([CONFIG], RECIPE, seconds * first)
    assert pace.seconds([CONFIG], RECIPE) < first
