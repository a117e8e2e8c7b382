"""The grids in the store, and the measures of their models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared.resources import store
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import Config
from toymodel.settings import SettingError
from toymodel.storage.model_file import model_key
from toymodel.sweeps.grid import Grid
from toymodel.sweeps.measures import MEASURES, measure

_MAX_KEPT = 60_000
_SLOW = 200  # models whose measuring is worth a bar


def grids() -> dict[str, Grid]:
    """The grids by key: those that were trained here, the latest first, then the shipped ones."""
    every = (*_grids_in(store().grids), *_grids_in(store().shipped_grids))
    return {grid.key: grid for grid in every}


def _grids_in(folder: Path) -> list[Grid]:
    found: list[tuple[float, Grid]] = []
    for path in folder.glob("*.json"):
        try:
            grid = Grid.from_json(path.read_text(encoding="utf-8"))
            if grid.key == path.stem and grid.configs:
                found.append((path.stat().st_mtime, grid))
        except (OSError, ValueError, SettingError):
            continue
    return [grid for _, grid in sorted(found, key=lambda one: -one[0])]


def measured(grid: Grid, thresholds: Thresholds) -> pd.DataFrame:
    """The measures of the models of a grid that are in the store.

    Each model is measured once for all visitors.

    Args:
        grid: the grid.
        thresholds: where the classes of neurons end.

    Returns:
        One row a model, as `toymodel.sweeps.measures.measure` gives it.
    """
    there = store().keys()
    keys = {model_key(config, grid.recipe): config for config in grid.configs}
    wanted = {key: config for key, config in keys.items() if key in there}
    known = _known()
    which = thresholds.canonical()
    missing = [key for key in wanted if (key, which) not in known]
    bar = st.progress(0.0, "Measuring.") if len(missing) > _SLOW else None
    for count, key in enumerate(missing, 1):
        model = store().get(wanted[key], grid.recipe)
        if model:
            known[key, which] = measure(model, thresholds)
        if bar and count % 50 == 0:
            bar.progress(
                count / len(missing), f"Measuring the models: {count:,} of {len(missing):,}"
            )
    if bar:
        bar.empty()
    rows = [known[key, which] for key in wanted if (key, which) in known]
    while len(known) > _MAX_KEPT:
        known.pop(next(iter(known)), None)
    return pd.DataFrame(rows, columns=[*Config.model_fields, *MEASURES])


@st.cache_resource(show_spinner=False)
def _known() -> dict[tuple[str, str], dict[str, Any]]:
    return {}
