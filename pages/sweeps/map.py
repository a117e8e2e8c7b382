"""A grid as a map: which one, which axes, which measure; and the models of a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.chart import draw
from pages.shared.clicks import explore_state
from pages.shared.model_choice import Choice
from pages.shared.navigation import NEURONS, TRAIN
from pages.shared.resources import colours
from pages.shared.widgets import option_box
from pages.sweeps.models import measured
from pages.sweeps.state import SWEEPS_PAGE, SweepsState
from pages.train.state import TrainState
from toymodel.charts.sweep.setting_map import SELECTION, setting_map
from toymodel.config import Config
from toymodel.sweeps.grid import Grid
from toymodel.sweeps.measures import FIELDS, MEASURES, over, those_at
from toymodel.text import number

_MOST_LISTED = 20
_MOST_WRITTEN = 400  # cells with a number in them
_SHARES = (0.0, 1.0)


def draw_grid(state: SweepsState, found: Mapping[str, Grid]) -> None:
    """The grid that was chosen, as a map."""
    key = state.grid or next(iter(found))
    if key not in found:
        st.warning("The grid of this link is not in the store here: another one is shown.")
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
            f"{left:,} of {len(grid.configs):,} models are not there yet. The same command goes on "
            "where it was."
        )
        st.button("Look again")
    if table.empty:
        return
    with st.container(horizontal=True):
        option_box(SWEEPS_PAGE, "x", names=FIELDS, value=x)
        option_box(SWEEPS_PAGE, "y", names=FIELDS, value=y)
        option_box(SWEEPS_PAGE, "measure", names=MEASURES)
    cells = over(table, x, y, state.measure)
    chosen = _chosen(state, cells)
    _map(state, cells, x, y, chosen)
    gains = table["gain"].to_numpy(dtype=np.float64)
    if np.isfinite(gains).any():
        best = table.iloc[int(np.nanargmax(gains))]
        st.markdown(
            f"Largest gain: **{best['gain']:.3g}** at "
            + ", ".join(f"{FIELDS[name]} = {_text(best[name])}" for name in grid.swept)
            + "."
        )
    if chosen:
        _list(grid, table, x, y, chosen)
    with st.expander("All models in numbers"):
        st.dataframe(table, hide_index=True, height=320, alt="Every model's settings and measures")


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
    values = cells["value"].to_numpy()
    finite = values[np.isfinite(values)]
    measure = state.measure
    limits = (
        _SHARES
        if measure.endswith("polysemantic") or measure == "monosemantic"
        else ((float(finite.min()), float(finite.max())) if len(finite) else _SHARES)
    )
    if limits[0] == limits[1]:
        limits = limits[0], limits[0] + 1
    key = f"sweeps-map-{x}-{y}-{measure}-{chosen}"
    rows = cells["y"].nunique()
    draw(
        setting_map(
            cells.drop(columns="models"),
            title=f"{MEASURES[measure].capitalize()}, mean over {_models(cells)} a cell",
            form=".0%" if limits == _SHARES else ".3g",
            limits=limits,
            theme=colours(),
            across=FIELDS[x],
            up=FIELDS[y],
            falling=x == "feature_probability",
            selected=chosen,
            numbers=len(cells) <= _MOST_WRITTEN,
            height=int(np.clip(60 + 34 * rows, 200, 720)),
        ),
        key,
        alt=f"{MEASURES[measure]} over {FIELDS[x]} and {FIELDS[y]}",
        selection=SELECTION,
        on_select=_opens(key, cells),
    )
    st.caption("**Click a cell** to list its models. –: none of its models has such a number.")


def _models(cells: pd.DataFrame) -> str:
    low, high = min(cells["models"].tolist()), max(cells["models"].tolist())
    each = str(high) if low == high else f"{low} to {high}"
    return f"{each} model" + "s" * (high != 1)


def _opens(key: str, cells: pd.DataFrame) -> Callable[[], None]:
    xs, ys = sorted(set(cells["x"])), sorted(set(cells["y"]))

    def open_it() -> None:
        chosen = st.session_state[key]["selection"].get(SELECTION, [])
        if chosen and chosen[0].get("x") in xs and chosen[0].get("y") in ys:
            at = xs.index(chosen[0]["x"]), ys.index(chosen[0]["y"])
            SWEEPS_PAGE.show(SWEEPS_PAGE.state.at_cell(*at))

    return open_it


def _list(grid: Grid, table: pd.DataFrame, x: str, y: str, chosen: tuple[object, object]) -> None:
    at = f"{FIELDS[x]} = {_text(chosen[0])}, {FIELDS[y]} = {_text(chosen[1])}"
    st.subheader(f"Models at {at}")
    losses = {
        Config.from_mapping({name: row[name] for name in Config.model_fields}): float(row["loss"])
        for row in table.to_dict("records")
        if row[x] == chosen[0] and row[y] == chosen[1]
    }
    configs = [c for c in those_at(grid.configs, {x: chosen[0], y: chosen[1]}) if c in losses]
    configs.sort(key=losses.__getitem__)
    differ = [name for name in grid.swept if name not in (x, y)]
    for config in configs[:_MOST_LISTED]:
        what = ", ".join(f"{FIELDS[name]} = {_text(getattr(config, name))}" for name in differ)
        choice = Choice.of(config, grid.recipe)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Loss {losses[config]:.4g}" + (f": {what}" if what else ""))
            st.page_link(TRAIN.script, label="Weights", query_params=TrainState(choice=choice).link)
            st.page_link(NEURONS.script, label="Neurons", query_params=explore_state(choice).link)
    if len(configs) > _MOST_LISTED:
        st.caption(f"The {_MOST_LISTED} with the lowest losses, of {len(configs):,}.")


def _text(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)
