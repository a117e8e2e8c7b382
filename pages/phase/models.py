"""The shipped networks of the page on the phase change, and their measures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.shared.cached_analysis import BY_TEXT
from pages.shared.resources import store
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.charts.phase.density_map import effective_shares, rank_shares
from toymodel.charts.phase.network_curves import network_table
from toymodel.charts.phase.neuron_sets import set_sizes
from toymodel.config import Config, Recipe
from toymodel.model import Model
from toymodel.phase.candidates import Theory, theory
from toymodel.phase.diagram import DENSITIES, RATIOS, Diagram, diagram_path, load_diagram
from toymodel.storage.model_file import DamagedFile, model_key
from toymodel.sweeps.shipped import CONVERGENCE, DENSITY_SWEEP, Family


@dataclass(frozen=True, eq=False)
class AlongDensity:
    """The tables of the networks from dense to sparse.

    Attributes:
        networks: what `network_table` gives.
        effective: what `effective_shares` gives.
        ranks: what `rank_shares` gives.
        sets: what `set_sizes` gives.
    """

    networks: pd.DataFrame
    effective: pd.DataFrame
    ranks: pd.DataFrame
    sets: pd.DataFrame


def along_density(thresholds: Thresholds) -> AlongDensity | None:
    """The measures along density; None if no network is in the store."""
    there = _there((DENSITY_SWEEP,))
    return _along(tuple(there), thresholds, list(there.values())) if there else None


def along_training(density: float, thresholds: Thresholds) -> pd.DataFrame:
    """The `network_table` of one density: every sampler and length of training."""
    there = {
        key: settings
        for key, settings in _there(CONVERGENCE.values()).items()
        if settings[0].feature_probability == density
    }
    return _training(tuple(there), thresholds, list(there.values()))


def _there(families: Iterable[Family]) -> dict[str, tuple[Config, Recipe]]:
    # By file names alone: reading the models takes longer, and their measures are cached.
    names = store().keys()
    settings = ((config, family.recipe) for family in families for config in family.configs)
    keys = {model_key(*each): each for each in settings}
    return {key: each for key, each in keys.items() if key in names}


def _models(settings: list[tuple[Config, Recipe]]) -> list[Model]:
    return [model for each in settings if (model := store().get(*each))]


@st.cache_data(show_spinner="Measuring the networks.", max_entries=20, hash_funcs=BY_TEXT)
def _along(
    keys: tuple[str, ...], thresholds: Thresholds, _settings: list[tuple[Config, Recipe]]
) -> AlongDensity:
    models = _models(_settings)
    return AlongDensity(
        networks=network_table(models, thresholds),
        effective=effective_shares(models),
        ranks=rank_shares(models, thresholds),
        sets=set_sizes(models),
    )


@st.cache_data(show_spinner="Measuring the networks.", max_entries=20, hash_funcs=BY_TEXT)
def _training(
    keys: tuple[str, ...], thresholds: Thresholds, _settings: list[tuple[Config, Recipe]]
) -> pd.DataFrame:
    return network_table(_models(_settings), thresholds)


@st.cache_resource(show_spinner="Reading the phase diagram.", max_entries=4)
def _read(path: str, changed: float) -> tuple[Diagram, Theory]:
    diagram = load_diagram(Path(path))
    if (diagram.densities, diagram.ratios) != (DENSITIES, RATIOS):
        raise DamagedFile(f"{Path(path).name} has other cells than this page shows")
    return diagram, theory(diagram.densities, diagram.ratios)


def phase_diagram() -> tuple[Diagram, Theory] | str:
    """The shipped diagram and the exact one; or a message that says why there is none."""
    path = diagram_path(store().shipped)
    try:
        return _read(str(path), path.stat().st_mtime)
    except OSError:
        return "The phase diagram is not in the store: `python -m toymodel phase --ship`."
    except DamagedFile as error:
        return f"{error}. `python -m toymodel phase --ship` trains it anew."
