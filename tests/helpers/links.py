"""Links as Streamlit hands them over, and models of any kind for them."""

from __future__ import annotations

from hypothesis import strategies as st

from pages.shared.model_choice import Choice
from toymodel.config import MAX_SEED, Config
from toymodel.recipe import RECIPES, Recipe


def as_link(parameters: dict[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in parameters.items()}


SHARES = st.floats(0, 1)


CONFIGS = st.builds(
    Config,
    n_features=st.integers(1, 2_000),
    n_neurons=st.integers(1, 2_000),
    feature_probability=st.floats(0, 1, exclude_min=True),
    importance_decay=st.floats(0, 1, exclude_min=True),
    seed=st.integers(0, MAX_SEED),
)


RECIPES_OF_ANY_KIND = st.builds(
    Recipe,
    steps=st.integers(1, 1_000_000),
    batch_size=st.integers(1, 65_536),
    learning_rate=st.none() | st.floats(0, 10, exclude_min=True),
    schedule=st.sampled_from(["cosine", "constant"]),
    warmup=SHARES,
    beta1=st.floats(0, 1, exclude_max=True),
    beta2=st.floats(0, 1, exclude_max=True),
    init=st.sampled_from(["xavier", "kaiming"]),
    init_scale=st.floats(0, 10),
    sampler=st.sampled_from(["tilted", "iid"]),
    min_active=st.floats(0, 100, exclude_min=True),
    slope=SHARES,
    slope_until=st.none() | SHARES,
    curriculum=st.none() | st.floats(0, 100),
    min_importance=st.none() | SHARES,
    restarts=st.integers(1, 64),
    cycles=st.integers(1, 100),
)


CHOICES = st.builds(
    Choice,
    config=CONFIGS,
    preset=st.sampled_from(list(RECIPES)),
    recipe=st.one_of(RECIPES_OF_ANY_KIND, st.sampled_from(list(RECIPES.values()))),
)
