"""The sweeps that the page on real networks measures, and what it found in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.cached_analysis import shares_of
from pages.shared.explorer_state import DEFAULT
from pages.shared.resources import store
from pages.shared.shown import Shown
from toymodel.analysis.polysemanticity import Neurons, Thresholds, neurons
from toymodel.analysis.predictions import (
    Existence,
    Extreme,
    Reading,
    Rise,
    Together,
    TopAndLow,
    density_table,
    existence,
    extreme,
    holding_several,
    rise,
    together,
    top_and_low,
)
from toymodel.config import RECIPES
from toymodel.model import Model
from toymodel.storage.model_file import model_key
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep

MAIN, LONGER, WEAK = "standard", "thorough", "usual"
"""The recipes: the one that is measured, the longer one beside it, and the one that fails."""

MISSING = "These networks are not in the store: `python -m toymodel cache --ship`."
_CONFIGS = tuple(sweep(PAPER_CONFIG, PAPER_DENSITIES))


@dataclass(frozen=True)
class Sweeps:
    """The networks that are there, by recipe, and where classes end.

    A sweep counts where all of it is there. What is missing is None.
    """

    models: dict[str, list[Model]]
    thresholds: Thresholds

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """A row a network, densest first, by recipe."""
        return {
            name: _table(_keys(models), self.thresholds, models)
            for name, models in self.models.items()
        }

    @cached_property
    def good(self) -> dict[str, pd.DataFrame]:
        """Those of the two recipes that train well; nothing where one of them is missing."""
        there = {name: self.tables[name] for name in (MAIN, LONGER) if name in self.tables}
        return there if len(there) == 2 else {}

    @cached_property
    def existence(self) -> Existence | None:
        """Polysemantic neurons exist."""
        return existence(self.tables[MAIN]) if MAIN in self.tables else None

    @cached_property
    def together(self) -> Together | None:
        """Clean and polysemantic ones in one layer."""
        return together(self.models[MAIN], self.thresholds) if MAIN in self.models else None

    @cached_property
    def rise(self) -> Rise | None:
        """More of them the sparser."""
        return rise(self.good) if self.good else None

    @cached_property
    def extreme(self) -> Extreme | None:
        """All of them at the sparsest."""
        return extreme(self.good) if self.good else None

    @cached_property
    def read(self) -> Read | None:
        """What makes the neurons of one network fire."""
        model = self.at(DEFAULT.config.feature_probability)
        return _read(model, self.thresholds) if model else None

    @cached_property
    def read_elsewhere(self) -> dict[float, Reading]:
        """The same of the neurons that hold several features, at the other densities with some."""
        return {
            model.config.feature_probability: _read(model, self.thresholds).found.several
            for model in self.models.get(MAIN, [])
            if model.config.feature_probability != DEFAULT.config.feature_probability
            and holding_several(neurons(model.W1, self.thresholds)).any()
        }

    def at(self, density: float) -> Model | None:
        """The standard recipe's network at one density."""
        models = self.models.get(MAIN, [])
        return next((m for m in models if m.config.feature_probability == density), None)


@dataclass(frozen=True)
class Read:
    """A network, its neurons, how often their primary features lead, and what that says."""

    model: Model
    neurons: Neurons
    shares: np.ndarray
    found: TopAndLow


def sweeps(thresholds: Thresholds) -> Sweeps:
    """What is in the store."""
    models: dict[str, list[Model]] = {}
    for name in (MAIN, LONGER, WEAK):
        found = [store().get(config, RECIPES[name]) for config in _CONFIGS]
        there = [model for model in found if model]
        if len(there) == len(found):
            models[name] = there
    return Sweeps(models, thresholds)


def _read(model: Model, thresholds: Thresholds) -> Read:
    shown = Shown.of(model, None)
    found, shares = neurons(model.W1, thresholds), shares_of(shown.name, shown)
    return Read(model, found, shares, top_and_low(found, shares))


def _keys(models: list[Model]) -> tuple[str, ...]:
    return tuple(model_key(model.config, model.recipe) for model in models)


@st.cache_data(
    show_spinner="Measuring the networks.",
    max_entries=60,
    hash_funcs={Thresholds: Thresholds.canonical},
)
def _table(keys: tuple[str, ...], thresholds: Thresholds, _models: list[Model]) -> pd.DataFrame:
    return density_table(_models, thresholds)
