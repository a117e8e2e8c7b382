"""The shipped networks of the page on the phase change, and what was measured of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.shared.cached_analysis import BY_TEXT
from pages.shared.resources import store
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.charts.phase.tables import effective_shares, network_table, rank_shares, set_shares
from toymodel.config import Config, Recipe
from toymodel.model import Model
from toymodel.phase.candidates import Theory, theory
from toymodel.phase.diagram import DENSITIES, RATIOS, Diagram, diagram_path, load_diagram
from toymodel.storage.model_file import DamagedFile, model_key
from toymodel.sweeps.shipped import CONVERGENCE, DENSITY_SWEEP, Family


@dataclass(frozen=True, eq=False)
class AlongDensity:
    """The tables of the networks from dense to sparse, made by `toymodel.charts.phase.tables`."""

    networks: pd.DataFrame
    effective: pd.DataFrame
    ranks: pd.DataFrame
    sets: pd.DataFrame


def along_density(thresholds: Thresholds) -> AlongDensity | None:
    """What was measured along density; None where no network is there."""
    there = _there((DENSITY_SWEEP,))
    return _along(tuple(there), thresholds, list(there.values())) if there else None


def along_training(density: float, thresholds: Thresholds) -> pd.DataFrame:
    """The networks of one density by how they were trained and for how long."""
    there = {
        key: settings
        for key, settings in _there(CONVERGENCE.values()).items()
        if settings[0].feature_probability == density
    }
    return _training(tuple(there), thresholds, list(there.values()))


def _there(families: Iterable[Family]) -> dict[str, tuple[Config, Recipe]]:
    # Names of files alone: reading the models takes longer, and what was measured is kept.
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
        sets=set_shares(models),
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
        raise DamagedFile(f"{Path(path).name} is of other cells than this page shows")
    return diagram, theory(diagram.densities, diagram.ratios)


def phase_diagram() -> tuple[Diagram, Theory] | str:
    """The shipped diagram and the theory's; or why there is none, in words."""
    path = diagram_path(store().shipped)
    try:
        return _read(str(path), path.stat().st_mtime)
    except OSError:
        return "The phase diagram is not in the store: `python -m toymodel phase --ship`."
    except DamagedFile as error:
        return f"{error}. `python -m toymodel phase --ship` trains it anew."
