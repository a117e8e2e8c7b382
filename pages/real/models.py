"""The sweeps that this page measures, and what was found in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from pages.shared.cached_analysis import measures_by_density, paper_sweep, shares_of
from pages.shared.explorer.state import DEFAULT
from pages.shared.model_choice import Choice
from pages.shared.models import Shown
from toymodel.analysis.polysemanticity import Neurons, Thresholds, neurons
from toymodel.analysis.predictions import (
    Existence,
    MixedLayers,
    SparsestSetting,
    SparsityTrend,
    TopVersusBottom,
    existence,
    holding_several,
    mixed_layers,
    sparsest_setting,
    sparsity_trend,
    top_versus_bottom,
)
from toymodel.model import Model
from toymodel.recipe import RECIPES

MAIN, LONGER, WEAK = "standard", "thorough", "usual"
"""The recipes: the one that is measured, a longer one, and one that trains poorly."""

PLAIN_TITLE = "The toy model's predictions about real networks can be measured in it"
"""The page's title where a sweep is missing."""

MISSING = "These networks are not in the store: `python -m toymodel cache --ship`."


@dataclass(frozen=True)
class Sweeps:
    """The sweeps in the store, and what was found in them; None where a sweep is incomplete.

    Attributes:
        models: the networks of each complete sweep, by its recipe.
        thresholds: where the classes of neurons end.
    """

    models: dict[str, list[Model]]
    thresholds: Thresholds

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """One row a network, densest first, by recipe."""
        return {
            name: measures_by_density(models, self.thresholds)
            for name, models in self.models.items()
        }

    @cached_property
    def compared(self) -> dict[str, pd.DataFrame]:
        """The tables of the two recipes that train well; nothing where one is missing."""
        there = {name: self.tables[name] for name in (MAIN, LONGER) if name in self.tables}
        return there if len(there) == 2 else {}

    @cached_property
    def existence(self) -> Existence | None:
        """Whether polysemantic neurons exist."""
        return existence(self.tables[MAIN]) if MAIN in self.tables else None

    @cached_property
    def mixed(self) -> MixedLayers | None:
        """Whether layers hold monosemantic and polysemantic neurons."""
        return mixed_layers(self.models[MAIN], self.thresholds) if MAIN in self.models else None

    @cached_property
    def trend(self) -> SparsityTrend | None:
        """Whether sparser networks have more polysemantic neurons."""
        return sparsity_trend(self.compared) if self.compared else None

    @cached_property
    def sparsest(self) -> SparsestSetting | None:
        """Whether all neurons are polysemantic at the sparsest setting."""
        return sparsest_setting(self.compared) if self.compared else None

    @cached_property
    def activations(self) -> Activations | None:
        """What makes the neurons of the explorers' first network fire."""
        model = self.at(DEFAULT.config.feature_probability)
        return _activations(model, self.thresholds) if model else None

    @cached_property
    def other_activations(self) -> dict[float, TopVersusBottom]:
        """The same at the other densities where some neuron holds several features."""
        return {
            model.config.feature_probability: _activations(model, self.thresholds).found
            for model in self.models.get(MAIN, [])
            if model.config.feature_probability != DEFAULT.config.feature_probability
            and holding_several(neurons(model.W1, self.thresholds)).any()
        }

    def at(self, density: float) -> Model | None:
        """The standard recipe's network at one density."""
        models = self.models.get(MAIN, [])
        return next((m for m in models if m.config.feature_probability == density), None)


@dataclass(frozen=True)
class Activations:
    """What makes the neurons of a network fire.

    Attributes:
        model: the network.
        neurons: what its neurons hold.
        shares: (neuron, interval) of activations in which the primary feature leads.
        found: the top of the neurons' ranges compared with the bottom.
    """

    model: Model
    neurons: Neurons
    shares: np.ndarray
    found: TopVersusBottom


def sweeps(thresholds: Thresholds) -> Sweeps:
    """The complete sweeps in the store."""
    models = {name: paper_sweep(name) for name in (MAIN, LONGER, WEAK)}
    return Sweeps({name: found for name, found in models.items() if found}, thresholds)


def choice_of(model: Model) -> Choice:
    """The settings of a network of the standard recipe, as other pages take them."""
    return Choice.of(model.config, RECIPES[MAIN])


def _activations(model: Model, thresholds: Thresholds) -> Activations:
    shown = Shown.of(model, None)
    found, shares = neurons(model.W1, thresholds), shares_of(shown.name, shown)
    return Activations(model, found, shares, top_versus_bottom(found, shares))
