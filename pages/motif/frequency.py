"""How common the motif is over density and importance decay."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages.motif.state import MOTIF_PAGE, MotifState
from pages.shared.cached_analysis import BY_TEXT
from pages.shared.chart import draw
from pages.shared.model_choice import Choice
from pages.shared.resources import colours, store
from toymodel.analysis.motifs import MotifThresholds
from toymodel.charts.chart import Chart
from toymodel.charts.motif.frequency import (
    COUNT_NAMES,
    STANDARD_ERRORS,
    count_map,
    difference_map,
    motif_frequency,
)
from toymodel.charts.sweep.setting_map import SELECTION
from toymodel.config import Config
from toymodel.storage.model_file import model_key
from toymodel.sweeps.shipped import MOTIF_GRID
from toymodel.text import number


def draw_frequency(state: MotifState) -> None:
    """Draw how many networks have so many instances, and whether better ones have more."""
    st.header("How common it is")
    there = store().keys()
    keys = {config: model_key(config, MOTIF_GRID.recipe) for config in MOTIF_GRID.configs}
    found = tuple(config for config, key in keys.items() if key in there)
    if not found:
        st.info("The grid's models are not in the store: `python -m toymodel cache --ship`.")
        return
    frequency = _frequency(tuple(keys[config] for config in found), found, state.thresholds)
    config, here = MOTIF_GRID.configs[0], _setting(state)
    st.markdown(
        f"Of {MOTIF_GRID.recipe.restarts} networks at each density and importance decay "
        f"(n = {config.n_features}, m = {config.n_neurons}), the share with no, one, two, and more "
        "instances. "
        "**Click a cell** to look at its networks above."
    )
    cells = [cell for _ in range(0, len(COUNT_NAMES), 2) for cell in st.columns(2)]
    for count, cell in enumerate(cells):
        with cell:
            chart = count_map(frequency, count, theme=colours(), selected=here)
            _draw_map(chart, f"share_{count}", here)
    _draw_comparison(frequency)
    chart = difference_map(frequency, theme=colours(), selected=here)
    _draw_map(chart, "difference", here)
    st.caption(
        "–: fewer than a tenth of the networks hold an instance. The networks of a cell differ in "
        "their initial weights alone. What counts as an instance (sidebar) applies here too. "
        "`python -m toymodel cache --ship` trains these networks again and says how far the "
        "weights are apart."
    )


@st.cache_data(show_spinner="Looking for instances.", max_entries=20, hash_funcs=BY_TEXT)
def _frequency(
    keys: tuple[str, ...], _configs: tuple[Config, ...], thresholds: MotifThresholds
) -> pd.DataFrame:
    models = [model for config in _configs if (model := store().get(config, MOTIF_GRID.recipe))]
    return motif_frequency(models, thresholds)


def _setting(state: MotifState) -> tuple[float, float] | None:
    config = state.choice.config
    base = MOTIF_GRID.configs[0]
    setting = config.feature_probability, config.importance_decay
    same = base.replace(feature_probability=setting[0], importance_decay=setting[1])
    return setting if config == same and same in MOTIF_GRID.configs else None


def _draw_map(chart: Chart, name: str, here: tuple[float, float] | None) -> None:
    # A chart keeps its own selection; in a new one the same cell can be clicked again.
    key = f"motif-grid-{name}-{here}"
    draw(chart, key, selection=SELECTION, on_select=_opens(key))


def _opens(key: str) -> Callable[[], None]:
    def open_it() -> None:
        chosen = st.session_state[key]["selection"].get(SELECTION, [])
        if not chosen or chosen[0].get("x") is None:
            return
        config = MOTIF_GRID.configs[0].replace(
            feature_probability=chosen[0]["x"], importance_decay=chosen[0]["y"]
        )
        choice = Choice.of(config, MOTIF_GRID.recipe)
        MOTIF_PAGE.show(MOTIF_PAGE.state.showing(choice, seeds=1))

    return open_it


def _draw_comparison(frequency: pd.DataFrame) -> None:
    st.markdown("**Do better networks have more of it?**")
    st.dataframe(
        quarter_comparison(frequency),
        hide_index=True,
        alt="Settings in which the best quarter by loss has more or fewer instances",
    )
    st.caption(
        "Settings where a tenth of the networks or more hold an instance: "
        f"{frequency['common'].to_numpy().sum()}. In these, the quarter with the lowest losses is "
        "compared with the quarter with the highest. A difference above "
        f"{STANDARD_ERRORS} standard errors is clear. The last four columns are the setting with "
        "the largest clear difference, and the instances a network in its two quarters."
    )


def quarter_comparison(frequency: pd.DataFrame) -> pd.DataFrame:
    """In how many settings the best networks by loss have more instances than the worst, or fewer.

    Args:
        frequency: what `motif_frequency` gives.

    Returns:
        Columns: best quarter has, settings, and of the setting with the largest clear difference:
        1 − S, d, best, worst (instances a network).
    """
    clear = frequency.loc[frequency["clear"]]
    rows = []
    for sign, name in ((1, "more"), (-1, "fewer")):
        own = clear.loc[sign * clear["difference"] > 0]
        row = {"best quarter has": name, "settings": len(own), **_NO_SETTING}
        if len(own):
            top = own.loc[own["difference"].abs().idxmax()]
            row |= {
                "at 1 − S": number(top["density"]),
                "at d": number(top["decay"]),
                "best": f"{top['best']:.2f}",
                "worst": f"{top['worst']:.2f}",
            }
        rows.append(row)
    unclear = int(frequency["common"].to_numpy().sum()) - len(clear)
    rows.append({"best quarter has": "no clear difference", "settings": unclear, **_NO_SETTING})
    return pd.DataFrame(rows)


_NO_SETTING = dict.fromkeys(("at 1 − S", "at d", "best", "worst"), "–")
