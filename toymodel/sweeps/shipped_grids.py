"""The grids that come with the project, of models that come with it too."""

from __future__ import annotations

from toymodel.sweeps.grid import Grid
from toymodel.sweeps.shipped import GRID_DECAYS, GRID_DENSITIES, MOTIF_GRID

SMALL_GRID = Grid(
    name="small network",
    axes=(
        ("n_features", (MOTIF_GRID.configs[0].n_features,)),
        ("n_neurons", (MOTIF_GRID.configs[0].n_neurons,)),
        ("importance_decay", GRID_DECAYS),
        ("feature_probability", GRID_DENSITIES),
    ),
    seeds=(MOTIF_GRID.configs[0].seed,),
    recipe=MOTIF_GRID.recipe,
)
"""Six features in ten neurons, at every density and importance decay of the motif's page."""

SHIPPED_GRIDS = (SMALL_GRID,)
"""All of them."""
