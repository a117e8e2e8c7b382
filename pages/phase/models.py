"""The shipped networks of the page on the phase change, and their measures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.shared.cached_analysis import (
    BY_TEXT,
    measures_of_networks,
    stored_models,
    stored_settings,
)
from pages.shared.resources import store
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.charts.phase.density_map import effective_shares, rank_shares
from toymodel.charts.phase.neuron_paths import followed_neurons
from toymodel.charts.phase.neuron_sets import set_sizes
from toymodel.config import Config
from toymodel.phase.candidates import Theory, theory
from toymodel.phase.chain import Chain, chain_path, load_chain
from toymodel.phase.diagram import DENSITIES, RATIOS, Diagram, diagram_path, load_diagram
from toymodel.recipe import Recipe
from toymodel.storage.model_file import DamagedFile
from toymodel.sweeps.shipped import CONVERGENCE, DENSITY_SWEEP


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
    there = stored_settings([DENSITY_SWEEP])
    if not there:
        return None
    networks = measures_of_networks(there, thresholds)
    return AlongDensity(networks, *_neuron_tables(tuple(there), thresholds, list(there.values())))


@st.cache_data(show_spinner="Measuring the networks.", max_entries=20, hash_funcs=BY_TEXT)
def _neuron_tables(
    keys: tuple[str, ...], thresholds: Thresholds, _settings: list[tuple[Config, Recipe]]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    models = stored_models(_settings)
    return effective_shares(models), rank_shares(models, thresholds), set_sizes(models)


def along_training(density: float, thresholds: Thresholds) -> pd.DataFrame:
    """The `network_table` of one density: every sampler and length of training."""
    there = {
        key: settings
        for key, settings in stored_settings(CONVERGENCE.values()).items()
        if settings[0].feature_probability == density
    }
    return measures_of_networks(there, thresholds)


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


@st.cache_resource(show_spinner="Reading the followed networks.", max_entries=4)
def _read_chain(path: str, changed: float) -> tuple[Chain, pd.DataFrame]:
    chain = load_chain(Path(path))
    return chain, followed_neurons(chain)


def followed_networks() -> tuple[Chain, pd.DataFrame] | str:
    """The shipped chain and its `followed_neurons`; or a message that says why there is none."""
    path = chain_path(store().shipped)
    try:
        return _read_chain(str(path), path.stat().st_mtime)
    except OSError:
        return "The followed networks are not in the store: `python -m toymodel phase --ship`."
    except DamagedFile as error:
        return f"{error}. `python -m toymodel phase --ship` trains them anew."
