"""The models that come with the project: those that the pages show first."""

from __future__ import annotations

from typing import NamedTuple

from toymodel.analysis.ensemble import with_seeds
from toymodel.config import Config
from toymodel.recipe import RECIPES, Recipe
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep


class Family(NamedTuple):
    """Models that are trained together.

    Attributes:
        configs: what is trained.
        recipe: how.
    """

    configs: tuple[Config, ...]
    recipe: Recipe


SMALLEST = Family((Config(n_features=3, n_neurons=6),), RECIPES["standard"].replace(restarts=8))
"""Three features with two neurons each, so that no neuron is shared."""

SMALL = Family(
    (Config(n_features=6, n_neurons=10, feature_probability=0.1),),
    RECIPES["standard"].replace(restarts=8),
)
"""Six sparse features in ten neurons: the setting of the paper's motif."""

MOTIF = Family(tuple(with_seeds(SMALL.configs[0], 64)), RECIPES["standard"])
"""The same with 64 seeds; most of these models hold asymmetric superposition."""

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
"""64 restarts at every density and importance decay, to see how common the motif is."""

IDENTITY_DENSITIES = (0.75, 0.35, 0.15, 0.1, 0.06, 0.02, 0.01)
_IDENTITY = Config(task="identity", n_features=10, n_neurons=5, importance_decay=0.75)
_EIGHT_RESTARTS = RECIPES["standard"].replace(restarts=8)

IDENTITY = Family(tuple(sweep(_IDENTITY, IDENTITY_DENSITIES)), _EIGHT_RESTARTS)
"""The paper's sweep of the identity task."""

IDENTITY_BIAS = Family(
    tuple(sweep(_IDENTITY.replace(hidden_bias=True), IDENTITY_DENSITIES)), _EIGHT_RESTARTS
)
"""The same with hidden biases."""

IDENTITY_ABS = Family(
    tuple(sweep(_IDENTITY.replace(task="abs"), IDENTITY_DENSITIES)), _EIGHT_RESTARTS
)
"""The same sizes and densities in the absolute-value task."""

IDENTITY_ABS_BIAS = Family(
    tuple(sweep(_IDENTITY.replace(task="abs", hidden_bias=True), IDENTITY_DENSITIES)),
    _EIGHT_RESTARTS,
)
"""The same with hidden biases: what the absolute-value task does with the identity's freedom."""

IDENTITY_GROWTH = Family(
    tuple(
        Config(
            task="identity",
            n_features=n,
            n_neurons=n // 2,
            importance_decay=1.0,
            feature_probability=0.1,
        )
        for n in (10, 20, 50, 100, 200, 300)
    ),
    RECIPES["standard"].replace(restarts=2),
)
"""More and more features in the identity task, to see whether together they act as a bias."""

FINE_DENSITIES = tuple(float(f"{2_000 ** (-k / 24):.2g}") for k in range(25))
DENSITY_SWEEP = Family(
    tuple(PAPER_CONFIG.replace(feature_probability=p) for p in FINE_DENSITIES),
    RECIPES["standard"].replace(restarts=4),
)
"""The paper's network at 25 densities, to see whether its neurons change class all at once."""

LINEAR = Family(
    tuple(sweep(PAPER_CONFIG.replace(activation="none"), PAPER_DENSITIES)), RECIPES["standard"]
)
"""The paper's sweep with a linear hidden layer, in which no basis is privileged."""

LENGTHS = tuple(500 * 2**k for k in range(7))
SAMPLERS = ("tilted", "iid")
CONVERGENCE = {
    (sampler, steps): Family(
        tuple(sweep(PAPER_CONFIG, (0.003, 0.001))),
        RECIPES["standard"].replace(sampler=sampler, steps=steps, restarts=3),
    )
    for sampler in SAMPLERS
    for steps in LENGTHS
}
"""The sparsest of the paper's networks, by sampler and number of steps."""

SHIPPED = (
    SMALLEST,
    SMALL,
    MOTIF,
    MOTIF_GRID,
    IDENTITY,
    IDENTITY_BIAS,
    IDENTITY_ABS,
    IDENTITY_ABS_BIAS,
    IDENTITY_GROWTH,
    DENSITY_SWEEP,
    LINEAR,
    *CONVERGENCE.values(),
    *(Family(tuple(sweep(PAPER_CONFIG, PAPER_DENSITIES)), recipe) for recipe in RECIPES.values()),
)
"""All families. The last ones are the paper's sweep with each preset, to compare the presets."""
