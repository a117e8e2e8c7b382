"""Choices of a model, and what pages say of the features that its training leaves out."""

from __future__ import annotations

from hypothesis import given

from pages.shared.model_choice import Choice, left_out
from tests.helpers.links import CHOICES
from toymodel.config import Config
from toymodel.recipe import RECIPES, Recipe, difference, recipe_name

PAPER = Config(feature_probability=0.01)


@given(choice=CHOICES)
def test_the_preset_and_what_differs_from_it_give_the_same_model(choice: Choice):
    config, recipe = choice.config, choice.recipe
    for preset, base in RECIPES.items():
        changes = difference(preset, recipe, config)
        assert base.replace(**changes).resolve(config) == recipe.resolve(config)


def test_what_is_chosen_by_the_steps_and_by_the_features_that_are_trained_is_no_change():
    longer = Recipe(steps=7_000, restarts=2)
    resolved = longer.resolve(PAPER)
    assert resolved.learning_rate != Recipe().resolve(PAPER).learning_rate
    assert difference("standard", resolved, PAPER) == {"steps": 7_000, "restarts": 2}
    every = Recipe(min_importance=0.0)
    assert every.resolve(PAPER).learning_rate != Recipe().resolve(PAPER).learning_rate
    assert recipe_name(every.resolve(PAPER), PAPER) == "standard with min_importance = 0.0"


def test_what_is_chosen_is_chosen_anew_when_another_setting_changes():
    choice = Choice.of(PAPER, Recipe(min_importance=0.0).resolve(PAPER))
    assert choice.recipe == Recipe(min_importance=0.0)
    larger: Choice = choice.changed(n=200)
    assert larger.recipe == choice.recipe
    assert larger.resolved.learning_rate != choice.resolved.learning_rate
    assert "lr" not in larger.link
    kept: Choice = choice.changed(lr=0.01, n=200)
    assert (kept.link["lr"], kept.resolved.learning_rate) == ("0.01", 0.01)


def test_it_is_said_how_many_features_are_left_out_and_why():
    config = Config(n_features=6, n_neurons=4, feature_probability=0.1, importance_decay=0.5)
    recipe = Recipe(min_importance=0.5)  # of 1/4, which the third feature has: two have neurons
    assert recipe.trained_features(config) == 3
    assert left_out(config, recipe) == (
        "Left out of the training: 3 of 6 features, from f3 on, with 11 % of the importance. "
        "Training them disturbs the others; an output that is not trained is the best constant, "
        "p/2 = 0.05. *Least importance* = 0 trains all."
    )
    assert left_out(config, recipe.resolve(config)) == left_out(config, recipe)


def test_nothing_is_said_where_every_feature_is_trained():
    assert left_out(PAPER, Recipe())
    assert left_out(PAPER, Recipe(min_importance=0.0)) == ""
    assert left_out(PAPER, RECIPES["usual"]) == ""
    assert left_out(PAPER.replace(importance_decay=1.0), Recipe()) == ""
    assert left_out(PAPER, Recipe(weights="0123456789abcdef")) == ""
