"""The models that come with the project: those of every page's first views."""

from __future__ import annotations

from typing import NamedTuple

from toymodel.config import RECIPES, Config, Recipe
from toymodel.sweep import PAPER_CONFIG, PAPER_DENSITIES, sweep


class Family(NamedTuple):
    """Models that are trained together."""

    configs: tuple[Config, ...]
    recipe: Recipe


SMALLEST = Family((Config(n_features=3, n_neurons=6),), RECIPES["standard"].replace(restarts=8))
"""Three features with two neurons each: everything fits and nothing is shared."""

MOTIF = Family(
    (Config(n_features=6, n_neurons=10, feature_probability=0.1),),
    RECIPES["standard"].replace(restarts=8),
)
"""Six sparse features in ten neurons, the paper's setting for asymmetric superposition."""

SHIPPED = (
    SMALLEST,
    MOTIF,
    *(Family(tuple(sweep(PAPER_CONFIG, PAPER_DENSITIES)), recipe) for recipe in RECIPES.values()),
)
"""Every preset has the paper's sweep, so that a visitor compares them without training."""
