from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toymodel as tm
from toymodel.recipe import (
    MIN_IMPORTANCE,
    difference,
    drawn_features,
    nearest_preset,
    recipe_name,
    require_trained,
)

STANDARD = {
    "steps": 3_500,
    "batch_size": 256,
    "learning_rate": None,
    "schedule": "cosine",
    "warmup": 0.05,
    "beta1": 0.8,
    "beta2": 0.95,
    "init": "xavier",
    "init_scale": 1.0,
    "sampler": "tilted",
    "min_active": 1.5,
    "slope": 0.3,
    "slope_until": None,
    "curriculum": None,
    "min_importance": None,
    "restarts": 1,
    "cycles": 1,
    "weights": "",
}
USUAL = STANDARD | {
    "steps": 10_000,
    "batch_size": 1_024,
    "learning_rate": 0.001,
    "schedule": "constant",
    "warmup": 0.0,
    "beta1": 0.9,
    "beta2": 0.999,
    "init": "kaiming",
    "sampler": "iid",
    "slope": 0.0,
    "slope_until": 0.0,
    "curriculum": 0.0,
    "min_importance": 0.0,
}


def test_presets_never_change_because_links_name_them():
    assert {name: recipe.model_dump() for name, recipe in tm.RECIPES.items()} == {
        "quick": STANDARD | {"steps": 800},
        "standard": STANDARD,
        "thorough": STANDARD | {"steps": 10_000, "batch_size": 512, "restarts": 8},
        "usual": USUAL,
    }
    assert tm.Recipe() == tm.RECIPES["standard"]


PAPER = tm.Config()  # |x|, 100 features, 40 neurons, importances 0.8^i
IDENTITY = tm.Config(task="identity", n_features=10, n_neurons=5, importance_decay=0.75)


@pytest.mark.parametrize(
    ("config", "steps", "rate", "slope_until", "curriculum", "min_importance", "trained"),
    [
        # 20 features with two neurons each, and 11 whose share is above 0.8^11 = 0.086.
        (PAPER, 3_500, 0.076, 0.62, 2.0, 0.1, 31),
        (PAPER.replace(feature_probability=0.03), 3_500, 0.071, 0.72, 2.0, 0.03, 36),
        (PAPER.replace(feature_probability=1e-6), 3_500, 0.062, 0.8, 2.0, 0.003, 47),
        (PAPER.replace(n_features=8), 3_500, 0.078, 0.2, 2.0, 0.1, 8),
        (PAPER.replace(importance_decay=1.0), 3_500, 0.042, 0.8, 2.0, 0.1, 100),
        (PAPER.replace(importance_decay=1e-3), 3_500, 0.078, 0.42, 2.0, 0.1, 21),
        (PAPER.replace(n_neurons=1), 3_500, 0.078, 0.22, 2.0, 0.1, 11),
        (PAPER, 800, 0.15, 0.62, 2.0, 0.1, 31),
        (PAPER, 14_000, 0.038, 0.62, 2.0, 0.1, 31),
        # Sparse features that must share neurons keep the slope, until 1 / p = 33 or 10.
        (
            PAPER.replace(n_features=20, n_neurons=8, feature_probability=0.003),
            *(3_500, 0.078, 0.8, 2.0, 0.003, 20),
        ),
        (
            PAPER.replace(n_features=20, n_neurons=8, feature_probability=0.03),
            *(3_500, 0.078, 0.67, 2.0, 0.03, 20),
        ),
        (PAPER.replace(n_features=8, n_neurons=4), 3_500, 0.078, 0.2, 2.0, 0.1, 8),
        (PAPER.replace(n_features=20, n_neurons=40), 3_500, 0.078, 0.4, 2.0, 0.1, 20),
        # A neuron each, and where the weights are tied, the rate falls with the features.
        (IDENTITY, 3_500, 0.078, 0.2, 0.0, 0.1, 10),
        (IDENTITY.replace(n_features=100), 3_500, 0.078, 0.28, 0.0, 0.1, 14),
        (
            tm.Config(task="identity", n_features=300, n_neurons=150, importance_decay=1.0),
            *(3_500, 0.01, 0.8, 0.0, 0.1, 300),
        ),
    ],
)
def test_what_is_chosen_follows_task_size_and_density(
    config: tm.Config,
    steps: int,
    rate: float,
    slope_until: float,
    curriculum: float,
    min_importance: float,
    trained: int,
):
    recipe = tm.Recipe(steps=steps)
    chosen = {
        "learning_rate": rate,
        "slope_until": pytest.approx(slope_until),
        "curriculum": curriculum,
        "min_importance": min_importance,
    }
    assert recipe.resolve(config).model_dump() == recipe.model_dump() | chosen
    assert recipe.trained_features(config) == trained
    assert recipe.resolve(config).trained_features(config) == trained


ANY_CONFIG = st.builds(
    tm.Config,
    task=st.sampled_from(("abs", "identity")),
    n_features=st.integers(1, 2_000),
    n_neurons=st.integers(1, 2_000),
    feature_probability=st.floats(0, 1, exclude_min=True),
    importance_decay=st.floats(0, 1, exclude_min=True),
)
ANY_RECIPE = st.builds(
    tm.Recipe,
    steps=st.integers(1, 1_000_000),
    learning_rate=st.none() | st.floats(0, 10, exclude_min=True),
    slope_until=st.none() | st.floats(0, 1),
    curriculum=st.none() | st.floats(0, 100),
    min_importance=st.none() | st.floats(0, 1),
)


@given(config=ANY_CONFIG, recipe=ANY_RECIPE)
def test_a_recipe_can_be_resolved_for_every_config_and_only_once(
    config: tm.Config, recipe: tm.Recipe
):
    resolved = recipe.resolve(config)  # every field is checked again
    assert None not in resolved.model_dump().values()
    assert resolved.resolve(config) == resolved
    given = recipe.model_dump(exclude_none=True)
    assert given.items() <= resolved.model_dump().items()
    alone = config.n_neurons // config.definition.neurons
    trained = recipe.trained_features(config)
    assert min(max(1, alone), config.n_features) <= trained <= drawn_features(config, recipe)
    assert drawn_features(config, recipe) == drawn_features(config, resolved) <= config.n_features


@given(config=ANY_CONFIG, p=st.floats(0, 1, exclude_min=True), more=st.integers(1, 500))
def test_what_is_chosen_rises_and_falls_as_it_is_said(config: tm.Config, p: float, more: int):
    recipe = tm.Recipe()
    sparse, dense = sorted((config.feature_probability, p))
    sparse, dense = (config.replace(feature_probability=each) for each in (sparse, dense))
    # The denser the features, the fewer are trained, but all are trained on the same inputs.
    assert recipe.trained_features(dense) <= recipe.trained_features(sparse)
    assert drawn_features(dense, recipe) == drawn_features(sparse, recipe)
    # More features and more steps lower the learning rate, and more features keep the slope.
    larger = config.replace(n_features=min(config.n_features + more, 2_000))
    few, many = recipe.resolve(config), recipe.resolve(larger)
    assert many.learning_rate <= few.learning_rate
    assert many.slope_until >= few.slope_until
    longer = recipe.replace(steps=recipe.steps + more).resolve(config)
    assert longer.learning_rate <= few.learning_rate


def test_fewer_features_are_drawn_only_where_a_recipe_says_so():
    assert [
        drawn_features(PAPER, tm.Recipe(min_importance=least))
        for least in (None, 1.0, MIN_IMPORTANCE, 0.001, 0.0)
    ] == [47, 47, 47, 51, 100]
    assert tm.RECIPES["usual"].trained_features(PAPER) == 100


def test_the_importance_that_is_left_out_is_that_of_the_last_features():
    config = tm.Config(n_features=4, n_neurons=2, importance_decay=0.5)
    recipe = tm.Recipe(min_importance=0.5)  # 1 of 15/8 has neurons, 1/2 is half as important
    assert recipe.trained_features(config) == 2
    assert recipe.importance_left_out(config) == pytest.approx((1 / 4 + 1 / 8) / (15 / 8))
    assert tm.Recipe(min_importance=0.0).importance_left_out(config) == 0
    elsewhere = recipe.replace(weights="0123456789abcdef")  # its other fields mean nothing
    assert elsewhere.trained_features(config) == 4
    assert elsewhere.importance_left_out(config) == 0


def test_what_a_preset_chooses_for_a_config_is_no_difference_from_it():
    for name, recipe in tm.RECIPES.items():
        for config in (PAPER, IDENTITY):
            resolved = recipe.resolve(config)
            assert nearest_preset(resolved, config) == recipe_name(resolved, config) == name
            assert difference(name, resolved, config) == {}
    resolved = tm.Recipe().resolve(PAPER)
    assert difference("standard", resolved) == {
        "learning_rate": 0.076,
        "slope_until": 0.62,
        "curriculum": 2.0,
        "min_importance": 0.1,
    }
    changed = resolved.replace(curriculum=1.0, restarts=8)
    assert recipe_name(changed, PAPER) == "standard with curriculum = 1.0, restarts = 8"
    # What is chosen for one config is a difference for another.
    assert difference("standard", resolved, IDENTITY) == {
        "learning_rate": 0.076,
        "slope_until": 0.62,
        "curriculum": 2.0,
    }


def test_a_recipe_is_named_by_the_nearest_preset():
    assert [recipe_name(recipe) for recipe in tm.RECIPES.values()] == list(tm.RECIPES)
    changed = tm.RECIPES["usual"].replace(steps=300, restarts=2)
    assert recipe_name(changed) == "usual with steps = 300, restarts = 2"


def test_weights_from_elsewhere_are_named_by_what_tells_them_apart():
    recipe = tm.Recipe(weights="0123456789abcdef")
    assert recipe_name(recipe) == "weights from elsewhere (012345)"
    require_trained(tm.Recipe())
    with pytest.raises(tm.SettingError, match="neither trained nor stored"):
        require_trained(recipe)


def test_a_difference_is_what_makes_the_recipe_of_its_preset():
    changed = tm.RECIPES["quick"].replace(steps=300, sampler="iid")
    assert difference("quick", changed) == {"steps": 300, "sampler": "iid"}
    assert tm.RECIPES["usual"].replace(**difference("usual", changed)) == changed
    assert difference("quick", tm.RECIPES["quick"]) == {}
