"""How common the motif is: over density and importance decay, and in the paper's sweep."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from pages.motif.state import MOTIF_PAGE, MotifState
from pages.shared.cached_analysis import BY_TEXT
from pages.shared.chart import draw
from pages.shared.model_choice import Choice
from pages.shared.navigation import MOTIFS, link_to
from pages.shared.resources import colours, store
from toymodel.analysis.motifs import MotifThresholds, find_motifs
from toymodel.charts.motif.tables import MOST_COUNTED, settings_table
from toymodel.charts.sweep.setting_map import SELECTION, setting_map
from toymodel.config import RECIPES, Config, Recipe
from toymodel.storage.model_file import model_key
from toymodel.sweeps.paper import PAPER_CONFIG, PAPER_DENSITIES, sweep
from toymodel.sweeps.shipped import MOTIF_GRID
from toymodel.text import count, number

_LEAST_COMMON = (
    0.1  # of a setting's networks that hold one: where comparing better and worse says something
)
_SURE = 2  # standard errors
_PRESETS = ("standard", "thorough")


def draw_common(state: MotifState) -> None:
    """The share of networks with so many instances, and whether better ones have more."""
    st.header("How common it is")
    there = store().keys()
    keys = {config: model_key(config, MOTIF_GRID.recipe) for config in MOTIF_GRID.configs}
    found = tuple(config for config, key in keys.items() if key in there)
    if not found:
        st.info("The grid's models are not in the store: `python -m toymodel cache --ship`.")
        return
    table = _settings(tuple(keys[config] for config in found), found, state.thresholds)
    restarts, config = MOTIF_GRID.recipe.restarts, MOTIF_GRID.configs[0]
    st.markdown(
        f"Share of {restarts} networks with no, one, two, {MOST_COUNTED} or more instances "
        f"(n = {config.n_features}, m = {config.n_neurons}), over density and importance decay. "
        "**Click a cell** to look at its networks above."
    )
    here = _setting(state)
    maps = [(f"share_{k}", _COUNTS[k]) for k in range(MOST_COUNTED + 1)]
    for pair in (maps[:2], maps[2:]):
        for cell, (name, words) in zip(st.columns(2), pair, strict=True):
            with cell:
                _map(table, name, words, here, ".0%", (0, 1))
    st.markdown(_do_better_ones_have_more(table))
    _map(
        table.assign(difference=table["difference"].where(_is_common(table))),
        "difference",
        "Instances a network: those of the best quarter by loss less those of the worst",
        here,
        "+.1f",
        (-2, 2),
        diverging=True,
    )
    st.caption(
        "–: fewer than a tenth of the networks hold an instance. Networks of a cell differ in "
        "their initial weights alone. "
        "`python -m toymodel cache --ship` trains them anew and says how far they are apart. "
        "What counts as an instance (sidebar) applies here too."
    )


_COUNTS = ("No instance", "One instance", "Two instances", f"{MOST_COUNTED} or more instances")


@st.cache_data(show_spinner="Looking for instances.", max_entries=20, hash_funcs=BY_TEXT)
def _settings(
    keys: tuple[str, ...], _configs: tuple[Config, ...], thresholds: MotifThresholds
) -> pd.DataFrame:
    models = [model for config in _configs if (model := store().get(config, MOTIF_GRID.recipe))]
    return settings_table(models, thresholds)


def _setting(state: MotifState) -> tuple[float, float] | None:
    config = state.choice.config
    base = MOTIF_GRID.configs[0]
    setting = config.feature_probability, config.importance_decay
    same = base.replace(feature_probability=setting[0], importance_decay=setting[1])
    return setting if config == same and same in MOTIF_GRID.configs else None


def _map(
    table: pd.DataFrame,
    name: str,
    title: str,
    here: tuple[float, float] | None,
    form: str,
    limits: tuple[float, float],
    *,
    diverging: bool = False,
) -> None:
    key = f"motif-grid-{name}-{here}"
    draw(
        setting_map(
            pd.DataFrame({"x": table["density"], "y": table["decay"], "value": table[name]}),
            title=title,
            form=form,
            limits=limits,
            theme=colours(),
            selected=here,
            diverging=diverging,
        ),
        key,
        alt=f"{title}, over density and importance decay",
        selection=SELECTION,
        on_select=_opens(key),
    )


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


def _is_common(table: pd.DataFrame) -> np.ndarray:
    return table["share_0"].to_numpy() <= 1 - _LEAST_COMMON


def _do_better_ones_have_more(table: pd.DataFrame) -> str:
    common = table.loc[_is_common(table)]
    if common.empty:
        return "No setting has a tenth of its networks with an instance."
    sure = common.loc[common["difference"].abs() > _SURE * common["error"]]
    more = int((sure["difference"] > 0).sum())
    said = (
        f"**Do better networks have more of it?** In {count(len(common), 'setting')} a tenth of "
        "the networks or more hold an instance. The best quarter of them by loss has more than "
        f"the worst in {more}, fewer in {len(sure) - more} (by more than {_SURE} standard errors); "
        f"there is no clear difference in the other {len(common) - len(sure)}."
    )
    for sign, word in ((1, "more"), (-1, "fewer")):
        these = sure.loc[sign * sure["difference"] > 0]
        if len(these):
            top = these.loc[these["difference"].abs().idxmax()]
            said += (
                f" Most clearly {word} at 1 − S = {number(top['density'])}, "
                f"d = {number(top['decay'])}: {top['best']:.2f} instances a network against "
                f"{top['worst']:.2f}."
            )
    return said


def draw_sweep(state: MotifState) -> None:
    """Where in the paper's sweep instances start, and which neurons hold them."""
    st.header("In the paper's sweep")
    config = PAPER_CONFIG
    st.markdown(
        f"n = {config.n_features}, m = {config.n_neurons}: the neurons that hold an instance, from "
        "dense to sparse."
    )
    for cell, preset in zip(st.columns(len(_PRESETS)), _PRESETS, strict=True):
        with cell:
            _draw_preset(state, preset)


def _draw_preset(state: MotifState, preset: str) -> None:
    recipe = RECIPES[preset]
    st.markdown(f"**Recipe {preset}**" + (f", best of {recipe.restarts}" * (recipe.restarts > 1)))
    started = ""
    for config in sweep(PAPER_CONFIG, PAPER_DENSITIES):
        label = f"1 − S = {number(config.feature_probability)}"
        try:
            instances, neurons = _holders(
                model_key(config, recipe), config, recipe, state.thresholds
            )
        except LookupError:
            st.markdown(f"{label}: not trained here")
            continue
        opened = state.showing(Choice.of(config, recipe), seeds=1)
        if not instances:
            words = "none"
        else:
            started = started or label
            which = f"neuron{'s' if len(neurons) > 1 else ''} {', '.join(map(str, neurons))}"
            words = f"{count(instances, 'instance')} in {which}"
        link_to(MOTIFS, f"{label}: {words}", opened.link)
    if started:
        st.caption(f"They start at {started}.")


@st.cache_data(show_spinner="Looking for instances.", max_entries=200, hash_funcs=BY_TEXT)
def _holders(
    key: str, _config: Config, _recipe: Recipe, thresholds: MotifThresholds
) -> tuple[int, list[int]]:
    model = store().get(_config, _recipe)
    if model is None:
        raise LookupError
    found = find_motifs(model.W1, model.W2, thresholds)
    return len(found), sorted({motif.neuron for motif in found})
