"""Interference between features: ranked bars of one feature, and the map of all pairs."""

from __future__ import annotations

import streamlit as st

from pages.shared.chart import draw, shows
from pages.shared.explorer.state import EXPLORER_PAGES, ExplorerState
from pages.shared.models import Shown
from pages.shared.resources import colours
from pages.shared.widgets import segments
from toymodel.analysis.features import Interference
from toymodel.charts.feature.interference_bars import (
    MAX_EFFECTS,
    MIN_EFFECT,
    interference_bars,
    interference_table,
    push_counts,
    strongest_effects,
)
from toymodel.charts.feature.interference_map import SELECTION as CELL
from toymodel.charts.feature.interference_map import (
    interference_cells,
    interference_map,
    represented,
)
from toymodel.charts.ranked_bars import SELECTION as BAR
from toymodel.text import count


def draw_interference(state: ExplorerState, shown: Shown, found: Interference) -> None:
    """Draw what other features add to this feature's output, and what it adds to theirs."""
    feature = state.feature
    assert feature is not None
    titles = {
        True: f"What the others add to output {feature}",
        False: f"What f{feature} adds to the other outputs",
    }
    for cell, (received, title) in zip(st.columns(2), titles.items(), strict=True):
        table = interference_table(shown.config, found, feature, received=received)
        with cell:
            st.markdown(f"**{title}**")
            effects = strongest_effects(table)
            if effects.empty:
                st.caption(f"Nothing that reaches {MIN_EFFECT:g}.")
                continue
            key = f"interference-{received}-{feature}"
            draw(
                interference_bars(effects, theme=colours(), height=230),
                key,
                selection=BAR,
                on_select=shows(key, BAR, "feature", "feature"),
                alt=title,
            )
            up, down = push_counts(table)
            mean = f"{table['mean'].mean():+.3f}".replace("-", "−")
            st.caption(
                f"Pushed up by {count(up, 'feature')} by {MIN_EFFECT:g} or more, and down by "
                f"{down:,}; {mean} a feature on average over its values."
                if received
                else f"It pushes {count(up, 'output')} up by {MIN_EFFECT:g} or more, and "
                f"{down:,} down; {mean} an output on average over its values."
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
        f"and ReLU; (+) and (−) are the signs of its value. Up to {MAX_EFFECTS} that push up most, "
        f"and {MAX_EFFECTS} that push down most: the first are errors, the others are cut off by "
        "the ReLU unless the output's own feature is there too. **Click a bar** for its feature."
    )


_LABELS = {
    "worst": "at worst",
    "mean": "on average",
    "high": "at +1",
    "low": "at −1",
}


def draw_map(state: ExplorerState, shown: Shown, found: Interference) -> None:
    """Draw what every feature adds to every output."""
    feature = state.feature
    assert feature is not None
    n = shown.config.n_features
    segments(EXPLORER_PAGES, "weighted")
    weighted = state.weighted == "by importance"
    features = represented(found)
    cells = interference_cells(shown.config, found, weighted=weighted, features=features)
    if cells.empty:
        st.info("No feature reaches another one's output.")
        return
    key = f"map-{feature}-{weighted}"
    draw(
        interference_map(
            cells,
            features=features,
            theme=colours(),
            selected=feature,
            title="effect at worst, × √importance" if weighted else "effect at worst",
            height=640,
        ),
        key,
        selection=CELL,
        on_select=shows(key, CELL, "receiving", "feature"),
        alt="What features add to each other's outputs at worst",
    )
    part = (
        f" Drawn: {len(features)} of {n:,} features, those that are represented at least in part."
    )
    st.caption(
        "A row is an output, a column the feature that reaches it; red adds, blue takes away. The "
        "scale of the colours is logarithmic on both sides of 0; the largest target is 1. What a "
        "feature does for itself is left out, and so is what is below 1 % of the largest effect, "
        f"or of 1.{part if len(features) < n else ''} **Click a cell** for the feature of its row."
    )
