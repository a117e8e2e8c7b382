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
    """Draw how many networks have so many asymmetric neurons, and compare the quarters by loss."""
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
        "asymmetric neurons. "
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
        "–: fewer than a tenth of the networks have an asymmetric neuron. The networks of a cell "
        "differ in their initial weights alone. What counts as an instance (sidebar) applies here "
        "too. "
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
    st.markdown("**Better and worse networks**")
    st.dataframe(
        quarter_comparison(frequency),
        hide_index=True,
        width="content",
        alt="Settings in which the best quarter by loss has more or fewer asymmetric neurons",
    )
    st.dataframe(
        setting_table(frequency),
        hide_index=True,
        height=320,
        alt="Asymmetric neurons a network in the best and in the worst quarter by loss",
    )
    st.caption(
        "A row of the second table is a setting where a tenth of the networks or more have an "
        "asymmetric neuron. Best and worst quarter: asymmetric neurons a network in the quarter "
        "with the lowest and with the highest losses. Their difference is clear if it is above "
        f"{STANDARD_ERRORS} standard errors; above 0, better networks have more of these neurons. "
        "The first table counts the settings."
    )


def quarter_comparison(frequency: pd.DataFrame) -> pd.DataFrame:
    """In how many settings the best networks by loss have more of the motif than the worst.

    Args:
        frequency: what `motif_frequency` gives.

    Returns:
        Columns: best quarter has ("more", "fewer", "no clear difference"), settings (how many).
    """
    difference = frequency.loc[frequency["clear"], "difference"].to_numpy()
    common = int(frequency["common"].to_numpy().sum())
    more, fewer = int((difference > 0).sum()), int((difference < 0).sum())
    counted = {"more": more, "fewer": fewer, "no clear difference": common - more - fewer}
    return pd.DataFrame({"best quarter has": counted.keys(), "settings": counted.values()})


def setting_table(frequency: pd.DataFrame) -> pd.DataFrame:
    """The quarters of every setting where the motif is common.

    Args:
        frequency: what `motif_frequency` gives.

    Returns:
        One row a setting. Columns: 1 − S, d, networks with the motif (share), neurons and pairs of
        features a network, best and worst quarter (neurons a network), difference, its standard
        error, clear.
    """
    common = frequency.loc[frequency["common"]]
    return pd.DataFrame(
        [
            {
                "1 − S": number(row["density"]),
                "d": number(row["decay"]),
                "with the motif": f"{1 - row['share_0']:.0%}",
                "neurons": f"{row['mean']:.2f}",
                "pairs of features": f"{row['pairs']:.2f}",
                "best quarter": f"{row['best']:.2f}",
                "worst quarter": f"{row['worst']:.2f}",
                "difference": f"{row['difference']:+.2f}".replace("-", "−"),
                "standard error": f"{row['error']:.2f}",
                "clear": "yes" if row["clear"] else "no",
            }
            for row in common.to_dict("records")
        ],
        columns=_SETTING_COLUMNS,
    )


_SETTING_COLUMNS = ["1 − S", "d", "with the motif", "neurons", "pairs of features"]
_SETTING_COLUMNS += ["best quarter", "worst quarter", "difference", "standard error", "clear"]
