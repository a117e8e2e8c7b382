"""What features do to each other's outputs: ranked lists of one feature, and the map of all."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.shared.clicks import clicked
from pages.shared.draw import draw
from pages.shared.explore_state import EXPLORE_STATE, ExploreState
from pages.shared.resources import colours
from pages.shared.shown import Shown
from toymodel.charts.interference_map import SELECTION as CELL
from toymodel.charts.interference_map import interference_map
from toymodel.charts.ranked_bars import SELECTION as BAR
from toymodel.charts.ranked_bars import ranked_bars
from toymodel.feature_frames import MOST_CELLS, interference_cells, interference_of
from toymodel.features import Interference

_BARS = 16
_LEAST = 0.01


def draw_interference(state: ExploreState, shown: Shown, found: Interference) -> None:
    """What the others do to this feature's output, and it to theirs."""
    feature = state.view.feature
    assert feature is not None
    st.header("Interference")
    titles = {
        True: f"What the others add to output {feature}",
        False: f"What f{feature} adds to the other outputs",
    }
    for cell, (received, title) in zip(st.columns(2), titles.items(), strict=True):
        table = interference_of(shown.config, found, feature, received=received)
        with cell:
            st.markdown(f"**{title}**, at worst")
            worth = table.loc[table["worst"].abs() >= _LEAST]
            if worth.empty:
                st.caption(f"Nothing that reaches {_LEAST:g}.")
                continue
            key = f"interference-{received}-{feature}"
            draw(
                ranked_bars(
                    worth.head(_BARS),
                    of="feature",
                    value="worst",
                    title="added before the ReLU",
                    theme=colours(),
                    height=220,
                ),
                key,
                selection=BAR,
                on_select=_looks_at(key, BAR, "feature"),
                alt=title,
            )
            up, down = (table["worst"] > _LEAST).sum(), (table["worst"] < -_LEAST).sum()
            st.caption(
                f"{up:,} features push up by more than {_LEAST:g} and {down:,} down; the mean over "
                f"their values is {table['mean'].mean():+.3f} a feature."
                if received
                else f"It pushes {up:,} outputs up by more than {_LEAST:g} and {down:,} down; the "
                f"mean over its values is {table['mean'].mean():+.3f} an output."
            )
            with st.expander("In numbers"):
                st.dataframe(
                    table,
                    hide_index=True,
                    height=280,
                    alt=title,
                    key=f"interference-table-{received}",
                    column_config={
                        "importance": st.column_config.NumberColumn(format="%.3g"),
                        **{
                            name: st.column_config.NumberColumn(label, format="%+.3f")
                            for name, label in _LABELS.items()
                        },
                    },
                )
    st.caption(
        "Exact: what a feature adds when it alone is there at full value, before the output's bias "
        "and ReLU. What pushes an output up is an error; what pushes it down is cut off by the "
        "ReLU unless the output's own feature is there too. **Click a bar** for its feature."
    )


_LABELS = {
    "worst": "at worst",
    "mean": "on average",
    "high": "at +1",
    "low": "at −1",
}


def draw_map(state: ExploreState, shown: Shown, found: Interference) -> None:
    """What every feature does to every output."""
    feature = state.view.feature
    assert feature is not None
    n = shown.config.n_features
    st.subheader("Every feature on every output")
    st.segmented_control(
        "Effects",
        ["plain", "by importance"],
        required=True,
        help="By importance: times the square root of the receiving feature's importance, so that "
        "its square counts as the loss does.",
        **EXPLORE_STATE.bound("view", "weighted", state.view.weighted),
    )
    weighted = state.view.weighted == "by importance"
    cells = interference_cells(shown.config, found, weighted=weighted)
    if cells.empty:
        st.info("No feature reaches another one's output.")
        return
    size = min(n, MOST_CELLS)
    key = f"map-{feature}-{weighted}"
    draw(
        interference_map(
            cells,
            size=size,
            theme=colours(),
            selected=feature if feature < size else None,
            reach=float(np.abs(cells["value"]).max()),
            title="effect at worst",
            height=640,
        ),
        key,
        selection=CELL,
        on_select=_looks_at(key, CELL, "receiving"),
        alt="What every feature adds to every output at worst",
    )
    part = f" The {MOST_CELLS} most important of {n:,} features." if n > size else ""
    st.caption(
        "A row is an output, a column the feature that reaches it; red adds, blue takes away. What "
        "a feature does for itself is left out, and so is what is below 1 % of the largest."
        f"{part} **Click a cell** for the feature of its row."
    )


def _looks_at(key: str, selection: str, field: str):
    def look() -> None:
        chosen = clicked(key, selection, field)
        if chosen is not None:
            EXPLORE_STATE.remember(EXPLORE_STATE.left().at(feature=chosen))

    return look
