"""How common the motif is over density and importance decay, and in the paper's sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from pages.motif.state import MOTIF_PAGE, PANELS, MotifState
from pages.shared.cached_analysis import BY_TEXT
from pages.shared.chart import draw
from pages.shared.model_choice import Choice
from pages.shared.navigation import MOTIFS, link_to
from pages.shared.resources import colours, store
from pages.shared.sections import bring_into_view
from toymodel.analysis.motifs import MotifThresholds, count_words, find_motifs
from toymodel.charts.motif.frequency import STANDARD_ERRORS, frequency_map, motif_frequency
from toymodel.charts.motif.neuron_counts import MAX_COUNTED
from toymodel.charts.sweep.setting_map import SELECTION
from toymodel.config import Config
from toymodel.recipe import RECIPES, Recipe
from toymodel.storage.model_file import model_key
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.sweeps.shipped import MOTIF_GRID
from toymodel.text import number


def draw_frequency(state: MotifState) -> None:
    """Draw the share of networks with the motif over settings, and each setting in a table."""
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
        f"(n = {config.n_features}, m = {config.n_neurons}), which differ in their initial weights "
        "alone. **Click a cell** to see the best of its networks."
    )
    left, right = st.columns([6, 4])
    with left:
        # A chart keeps its own selection; in a new one the same cell can be clicked again.
        key = f"motif-grid-{here}"
        chart = frequency_map(frequency, theme=colours(), selected=here)
        draw(chart, key, selection=SELECTION, on_select=_opens(key))
    with right:
        st.markdown("**Do better networks have more of it?**")
        st.dataframe(
            quarter_comparison(frequency),
            hide_index=True,
            width="content",
            alt="Settings in which the best quarter by loss has more or fewer asymmetric neurons",
        )
        st.caption(
            "Settings in which the quarter of the networks with the lowest losses has more "
            "asymmetric neurons a network than the quarter with the highest, or fewer. Clear: by "
            f"more than {STANDARD_ERRORS} standard errors."
        )
    st.dataframe(
        setting_table(frequency),
        hide_index=True,
        height=250,
        alt="Networks by their asymmetric neurons, and both quarters by loss, for every setting",
    )
    st.caption(
        "Shares of networks with no, one, two, and more asymmetric neurons; then these neurons and "
        "pairs of features a network. –: fewer than a tenth of the networks have such a neuron, so "
        "that quarters are not compared. What counts as an instance (sidebar) applies here too."
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


def _opens(key: str) -> Callable[[], None]:
    def open_it() -> None:
        chosen = st.session_state[key]["selection"].get(SELECTION, [])
        if not chosen or chosen[0].get("x") is None:
            return
        config = MOTIF_GRID.configs[0].replace(
            feature_probability=chosen[0]["x"], importance_decay=chosen[0]["y"]
        )
        choice = Choice.of(config, MOTIF_GRID.recipe)
        MOTIF_PAGE.show(MOTIF_PAGE.state.showing(choice, seeds=1).changed(tab="panels"))
        bring_into_view(PANELS)

    return open_it


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
    """Every setting: networks by their asymmetric neurons, and the quarters where it is common.

    Args:
        frequency: what `motif_frequency` gives.

    Returns:
        One row a setting. Columns: 1 − S, d, none to more neurons (shares of networks), neurons
        and pairs of features a network, best and worst quarter (neurons a network), difference, its
        standard error, clear.
    """
    return pd.DataFrame(
        [
            {
                "1 − S": number(row["density"]),
                "d": number(row["decay"]),
                **{name: f"{row[f'share_{k}']:.0%}" for k, name in enumerate(_COUNTS)},
                "neurons": f"{row['mean']:.2f}",
                "pairs": f"{row['pairs']:.2f}",
                **_quarters(row),
            }
            for row in frequency.to_dict("records")
        ]
    )


_COUNTS = ("none", "one", "two", f"{MAX_COUNTED} or more")
_QUARTERS = ("best quarter", "worst quarter", "difference", "standard error", "clear")


def _quarters(row: Mapping[Any, Any]) -> dict[str, str]:
    if not row["common"]:
        return dict.fromkeys(_QUARTERS, "–")
    values = (
        f"{row['best']:.2f}",
        f"{row['worst']:.2f}",
        f"{row['difference']:+.2f}".replace("-", "−"),
        f"{row['error']:.2f}",
        "yes" if row["clear"] else "no",
    )
    return dict(zip(_QUARTERS, values, strict=True))


def draw_sweep(state: MotifState) -> None:
    """Draw the asymmetric neurons of every network of the paper's sweep, for two recipes."""
    st.header("In the paper's sweep")
    config = PAPER_CONFIG
    st.markdown(
        f"n = {config.n_features}, m = {config.n_neurons}: asymmetric neurons, and the pairs of "
        "features in them, from dense to sparse."
    )
    for cell, preset in zip(st.columns(len(_PRESETS)), _PRESETS, strict=True):
        with cell:
            _draw_preset(state, preset)


_PRESETS = ("standard", "thorough")


def _draw_preset(state: MotifState, preset: str) -> None:
    recipe = RECIPES[preset]
    st.markdown(f"**Recipe {preset}**, restarts: {recipe.restarts}")
    for config in sweep(PAPER_CONFIG, PAPER_DENSITIES):
        label = f"1 − S = {number(config.feature_probability)}"
        try:
            words = _counted(model_key(config, recipe), config, recipe, state.thresholds)
        except LookupError:
            st.markdown(f"{label}: not trained here")
            continue
        opened = state.showing(Choice.of(config, recipe), seeds=1).changed(tab="panels")
        link_to(MOTIFS, f"{label}: {words}", opened.link)


@st.cache_data(show_spinner="Looking for instances.", max_entries=200, hash_funcs=BY_TEXT)
def _counted(key: str, _config: Config, _recipe: Recipe, thresholds: MotifThresholds) -> str:
    model = store().get(_config, _recipe)
    if model is None:
        raise LookupError
    return count_words(find_motifs(model.W1, model.W2, thresholds))
