"""The smallest absolute-value model of the overview: everything fits, nothing is shared."""

from toymodel.config import RECIPES, Config

CONFIG = Config(n_features=3, n_neurons=6)
RECIPE = RECIPES["quick"].replace(restarts=8)
