"""A grid as a map: which grid, which axes, which measure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.chart import draw
from pages.shared.resources import colours
from pages.shared.sections import bring_into_view, place
from pages.shared.widgets import option_box
from pages.sweeps.cell_models import as_text, draw_cell_models
from pages.sweeps.models import measured
from pages.sweeps.state import SWEEPS_PAGE, SweepsState
from toymodel.analysis.polysemanticity import CLASSES
from toymodel.charts.sweep.setting_map import SELECTION, setting_map
from toymodel.sweeps.grid import Grid
from toymodel.sweeps.measures import FIELDS, MEASURES, mean_over

_MODELS = "sweeps-models"  # the place of the clicked cell's models
_MAX_WRITTEN = 400  # cells with a number in them
_SHARES = (0.0, 1.0)
_MIN_REACH = 0.05  # of the logarithm of a gain: for a map of gains that are all 1


def draw_grid(state: SweepsState, found: Mapping[str, Grid]) -> None:
    """Draw the chosen grid as a map, and list the models of the clicked cell."""
    key = state.grid or next(iter(found))
    if key not in found:
        st.warning("The grid of this link is not in the store here: the latest one is shown.")
        key = next(iter(found))
    grid = found[key]
    names = {each: f"{one.name}: {one.words}" for each, one in found.items()}
    option_box(SWEEPS_PAGE, "grid", names=names, value=key)
    x, y = _axes(state, grid)
    if (state.grid, state.x, state.y) != (key, x, y):  # so that the link has them
        state = state.replace(grid=key, x=x, y=y)
        SWEEPS_PAGE.show(state)
    table = measured(grid, state.thresholds)
    left = len(grid.configs) - len(table)
    if left:
        st.info(
            f"{left:,} of {len(grid.configs):,} models are not there yet. Run the same command "
            "again to train the missing ones."
        )
        st.button("Look again")
    if table.empty:
        return
    with st.container(horizontal=True):
        option_box(SWEEPS_PAGE, "x", names=FIELDS, value=x)
        option_box(SWEEPS_PAGE, "y", names=FIELDS, value=y)
        option_box(SWEEPS_PAGE, "measure", names=MEASURES)
    cells = mean_over(table, x, y, state.measure)
    chosen = _chosen(state, cells)
    _map(state, cells, x, y, chosen)
    if chosen:
        place(_MODELS)
        draw_cell_models(grid, table, x, y, chosen)
    _draw_largest_gain(grid, table)
    with st.expander("All models in numbers"):
        st.dataframe(table, hide_index=True, height=320, alt="Every model's settings and measures")


def _draw_largest_gain(grid: Grid, table: pd.DataFrame) -> None:
    gains = table["gain"].to_numpy(dtype=np.float64)
    if not np.isfinite(gains).any():
        return
    best = table.iloc[int(np.nanargmax(gains))]
    st.markdown("**Largest gain** of the grid, and the settings of its model:")
    settings = {FIELDS[name]: as_text(best[name]) for name in grid.swept}
    st.table(
        pd.DataFrame([{"superposition gain": f"{best['gain']:.3g}", **settings}]),
        hide_index=True,
        alt="The largest superposition gain of the grid and the settings of its model",
    )


def _axes(state: SweepsState, grid: Grid) -> tuple[str, str]:
    several = [name for name in grid.swept if name != "seed"] + ["seed"]
    x = state.x or ("feature_probability" if "feature_probability" in several else several[0])
    others = [name for name in [*several, "seed", "importance_decay"] if name != x]
    return x, state.y or others[0]


def _chosen(state: SweepsState, cells: pd.DataFrame) -> tuple[object, object] | None:
    column, row = state.column, state.row
    xs, ys = sorted(set(cells["x"])), sorted(set(cells["y"]))
    if column is None or row is None or column >= len(xs) or row >= len(ys):
        return None
    return xs[column], ys[row]


def _map(
    state: SweepsState,
    cells: pd.DataFrame,
    x: str,
    y: str,
    chosen: tuple[object, object] | None,
) -> None:
    measure = state.measure
    colour = _colours(cells["value"].to_numpy(dtype=np.float64), measure)
    key = f"sweeps-map-{x}-{y}-{measure}-{chosen}"
    rows = cells["y"].nunique()
    draw(
        setting_map(
            cells.drop(columns="models"),
            title=f"{MEASURES[measure].capitalize()}, mean of a cell's models",
            form=".0%" if measure in CLASSES else ".3g",
            limits=colour.limits,
            middle=colour.middle,
            log=colour.log,
            theme=colours(),
            across=FIELDS[x],
            up=FIELDS[y],
            falling=x == "feature_probability",
            selected=chosen,
            numbers=len(cells) <= _MAX_WRITTEN,
            height=int(np.clip(130 + 34 * rows, 200, 790)),
        ),
        key,
        alt=f"{MEASURES[measure]} over {FIELDS[x]} and {FIELDS[y]}",
        selection=SELECTION,
        on_select=_opens(key, cells),
    )
    counts = cells["models"]
    st.caption(
        "**Click a cell** to list its models. –: none of its models has this measure. Models in a "
        f"cell: {counts.min()} at least, {counts.max()} at most."
    )


class _Colours(NamedTuple):
    limits: tuple[float, float]
    middle: float | None = None
    log: bool = False


def _colours(values: np.ndarray, measure: str) -> _Colours:
    if measure in CLASSES:
        return _Colours(_SHARES)
    finite = values[np.isfinite(values)]
    if measure == "gain":
        # Twice the baseline's loss is as far from 1 as half of it.
        far = float(np.abs(np.log(finite[finite > 0])).max(initial=_MIN_REACH))
        return _Colours((math.exp(-far), math.exp(far)), middle=1.0, log=True)
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else _SHARES
    return _Colours((low, high if high > low else low + 1))


def _opens(key: str, cells: pd.DataFrame) -> Callable[[], None]:
    xs, ys = sorted(set(cells["x"])), sorted(set(cells["y"]))

    def open_it() -> None:
        chosen = st.session_state[key]["selection"].get(SELECTION, [])
        if chosen and chosen[0].get("x") in xs and chosen[0].get("y") in ys:
            at = xs.index(chosen[0]["x"]), ys.index(chosen[0]["y"])
            SWEEPS_PAGE.show(SWEEPS_PAGE.state.at_cell(*at))
            bring_into_view(_MODELS)

    return open_it
