"""The motif page's controls: which models, which network, and what counts as an instance."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd
import streamlit as st

from pages.motif.state import DEFAULT, MOTIF_PAGE, MotifState
from pages.shared.explorer.controls import model_name
from pages.shared.model_choice import Choice
from pages.shared.models import brought
from pages.shared.page_session import watched
from pages.shared.resources import store
from pages.shared.training.live import live_toggle
from pages.shared.widgets import STEPS, model_inputs, number_box, option_box, preset_box
from toymodel.analysis.ensemble import MAX_SEEDS
from toymodel.config import Config
from toymodel.recipe import Recipe, nearest_preset
from toymodel.settings import bounds

_BEST = "lowest"
_MIN_SEEDS = 8  # from this many on, models that differ in their seed alone are listed as one

_THRESHOLDS = ("gain-from", "gain-to", "side-from", "side-to", "ratio", "inhibited", "part")

Ensemble = tuple[Config, Recipe, int]
"""The first seed's config, the recipe, and how many seeds."""


def choose_models(state: MotifState) -> None:
    """Choose the shipped seeds, any stored model, or an ensemble with other settings."""
    MOTIF_PAGE.show_refused()
    live_toggle()
    # A stored model has what its recipe chose, and so have the settings that are looked for there.
    shown = (state.choice.config, state.choice.resolved, state.seeds)
    default = (DEFAULT.config, DEFAULT.resolved, MotifState().seeds)
    options = list(dict.fromkeys([default, *_ensembles()]))
    if shown not in options:
        options.insert(0, shown)
    st.selectbox(
        "Models",
        options,
        index=options.index(shown),
        format_func=_name,
        help="Many seeds of the paper's setting, and every model that is stored here.",
        **watched("motif.models", shown, _show_models),
    )


def _ensembles() -> list[Ensemble]:
    seeds: dict[tuple[Config, Recipe], set[int]] = defaultdict(set)
    for config, recipe in [*brought(), *store().contents()]:
        seeds[config.replace(seed=0), recipe.resolve(config)].add(config.seed)
    found: list[Ensemble] = []
    for (config, recipe), there in seeds.items():
        run = next(k for k in range(len(there) + 1) if k not in there)
        together = min(run, MAX_SEEDS) if run >= _MIN_SEEDS else 0
        if together:
            found.append((config, recipe, together))
        alone = sorted(seed for seed in there if seed >= together)
        found += [(config.replace(seed=seed), recipe, 1) for seed in alone]
    return sorted(found, key=lambda each: nearest_preset(each[1]) == "usual")


def _name(ensemble: Ensemble) -> str:
    config, recipe, seeds = ensemble
    return model_name((config, recipe), seeds)


def _show_models(chosen: Ensemble) -> None:
    config, recipe, seeds = chosen
    MOTIF_PAGE.show(MOTIF_PAGE.state.showing(Choice.of(config, recipe), seeds=seeds))


def choose_member(state: MotifState, table: pd.DataFrame) -> None:
    """Choose a network of the ensemble, by loss; `table` is what `ensemble_table` gives."""
    if len(table) < 2:
        return
    # Names that stay the same while losses and thresholds change, or a choice would be lost.
    names: dict[int | str, str] = {_BEST: "the one with the lowest loss"}
    names |= dict(zip(table["member"].tolist(), table["name"], strict=True))
    chosen = state.member
    option_box(
        MOTIF_PAGE,
        "member",
        names=names,
        value=_BEST if chosen is None or chosen not in names else chosen,
        read=lambda value: value if isinstance(value, int) else None,
    )


def other_settings(state: MotifState) -> None:
    """Choose other settings of the ensemble."""
    choice = state.choice
    with st.expander("Other settings", expanded=choice.config != DEFAULT.config):
        left, right = model_inputs(MOTIF_PAGE)
        number_box(MOTIF_PAGE, "seeds", right)
        number_box(
            MOTIF_PAGE,
            "restarts",
            left,
            help="Networks a seed, from different initial weights on the same data.",
        )
        preset_box(MOTIF_PAGE, right)
        st.caption(f"Networks: {state.count:,}. With n = 6, m = 10 they train in seconds.")


def choose_thresholds() -> None:
    """Choose what counts as an instance."""
    with st.expander("What counts as an instance"):
        for name in _THRESHOLDS:
            low, high = bounds(MOTIF_PAGE.parameter(name))
            if not name.endswith("-to"):  # the others are above their lowest number, not at it
                low = min(low + STEPS[name], MOTIF_PAGE.state.value(name))
            number_box(MOTIF_PAGE, name, limits=(low, high))
