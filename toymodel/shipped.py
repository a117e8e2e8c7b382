"""The models that come with the project: those of every page's first views."""

from __future__ import annotations

from typing import NamedTuple

from toymodel.config import RECIPES, Config, Recipe
from toymodel.ensemble import with_seeds
from toymodel.sweep import PAPER_CONFIG, PAPER_DENSITIES, sweep


class Family(NamedTuple):
    """Models that are trained together."""

    configs: tuple[Config, ...]
    recipe: Recipe


SMALLEST = Family((Config(n_features=3, n_neurons=6),), RECIPES["standard"].replace(restarts=8))
"""Three features with two neurons each: everything fits and nothing is shared."""

SMALL = Family(
    (Config(n_features=6, n_neurons=10, feature_probability=0.1),),
    RECIPES["standard"].replace(restarts=8),
)
"""Six sparse features in ten neurons: the setting of the paper's motif."""

MOTIF = Family(tuple(with_seeds(SMALL.configs[0], 64)), RECIPES["standard"])
"""The same from 64 seeds, among which the best ones hold asymmetric superposition."""

GRID_DENSITIES = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.01)
GRID_DECAYS = (1.0, 0.9, 0.8, 0.65, 0.5)
MOTIF_GRID = Family(
    tuple(
        SMALL.configs[0].replace(feature_probability=p, importance_decay=d)
        for d in GRID_DECAYS
        for p in GRID_DENSITIES
    ),
    RECIPES["standard"].replace(restarts=64),
)
"""How common the motif is: 64 restarts at every density and importance decay."""

SHIPPED = (
    SMALLEST,
    SMALL,
    MOTIF,
    MOTIF_GRID,
    *(Family(tuple(sweep(PAPER_CONFIG, PAPER_DENSITIES)), recipe) for recipe in RECIPES.values()),
)
"""Every preset has the paper's sweep, so that a visitor compares them without training."""
