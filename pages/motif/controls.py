"""The motif page's controls: which models, which network, and what counts as an instance."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd
import streamlit as st

from pages.motif.state import DEFAULT, MOTIF_STATE, MotifState
from pages.shared.explorer_controls import model_name
from pages.shared.model_choice import Choice
from pages.shared.models import brought
from pages.shared.recipes import PRESETS
from pages.shared.resources import store
from pages.shared.widget_values import reported, show_value
from pages.shared.widgets import model_inputs
from toymodel.analysis.ensemble import MOST_SEEDS
from toymodel.analysis.motifs import MotifThresholds
from toymodel.config import Config, Recipe, nearest_preset

_MODELS = "motif.models"
_BEST = "lowest"
_MIN_SEEDS = 8  # from this many on, models that differ in their seed alone are listed as one

Ensemble = tuple[Config, Recipe, int]
"""The first seed's config, the recipe, and how many seeds."""


def choose_models(state: MotifState) -> None:
    """Choose the shipped seeds, any stored model, or an ensemble with other settings."""
    MOTIF_STATE.show_refused()
    shown = (state.choice.config, state.choice.recipe, state.view.seeds)
    default = (DEFAULT.config, DEFAULT.recipe, MotifState().view.seeds)
    options = list(dict.fromkeys([default, *_ensembles()]))
    if shown not in options:
        options.insert(0, shown)
    show_value(_MODELS, shown)
    st.selectbox(
        "Models",
        options,
        index=options.index(shown),
        format_func=_name,
        key=_MODELS,
        on_change=_models_chosen,
        help="Many seeds of the paper's setting, and every model that is stored here.",
    )


def _ensembles() -> list[Ensemble]:
    seeds: dict[tuple[Config, Recipe], set[int]] = defaultdict(set)
    for config, recipe in [*brought(), *store().contents()]:
        seeds[config.replace(seed=0), recipe].add(config.seed)
    found: list[Ensemble] = []
    for (config, recipe), there in seeds.items():
        run = next(k for k in range(len(there) + 1) if k not in there)
        together = min(run, MOST_SEEDS) if run >= _MIN_SEEDS else 0
        if together:
            found.append((config, recipe, together))
        alone = sorted(seed for seed in there if seed >= together)
        found += [(config.replace(seed=seed), recipe, 1) for seed in alone]
    return sorted(found, key=lambda each: nearest_preset(each[1]) == "usual")


def _name(ensemble: Ensemble) -> str:
    config, recipe, seeds = ensemble
    return model_name((config, recipe), seeds)


def _models_chosen() -> None:
    if not (chosen := reported(_MODELS)):
        return
    config, recipe, seeds = chosen
    choice = Choice(config, nearest_preset(recipe), recipe)
    MOTIF_STATE.remember(MOTIF_STATE.left().showing(choice, seeds=seeds))


def choose_member(state: MotifState, table: pd.DataFrame) -> None:
    """Choose a network of the ensemble, by loss; `table` is what `ensemble_table` gives."""
    if len(table) < 2:
        return
    # Names that stay the same while losses and thresholds change, or a choice would be lost.
    names: dict[int | str, str] = {_BEST: "the one with the lowest loss"}
    names |= dict(zip(table["member"].tolist(), table["name"], strict=True))
    chosen = state.view.member
    st.selectbox(
        "Show",
        format_func=lambda member: names.get(member, ""),
        help="In the order of their losses. A click on a point in the chart of all networks has "
        "the same effect.",
        **MOTIF_STATE.bound_option(
            "view",
            "member",
            _BEST if chosen is None or chosen not in names else chosen,
            list(names),
            lambda value: value if isinstance(value, int) else None,
        ),
    )


def other_settings(state: MotifState) -> None:
    """Choose other settings of the ensemble."""
    choice = state.choice
    with st.expander("Other settings", expanded=choice.config != DEFAULT.config):
        left, right = model_inputs(MOTIF_STATE, choice.config)
        right.number_input(
            "How many seeds",
            1,
            MOST_SEEDS,
            help="Models with this seed and the ones after it, trained side by side.",
            **MOTIF_STATE.bound("view", "seeds", state.view.seeds),
        )
        left.number_input(
            "Restarts",
            1,
            Recipe.bounds("restarts")[1],
            help="Networks a seed, from different initial weights on the same data.",
            **MOTIF_STATE.bound("recipe", "restarts", choice.recipe.restarts),
        )
        right.selectbox(
            "Recipe",
            format_func=PRESETS.__getitem__,
            **MOTIF_STATE.bound_option("preset", "preset", choice.preset, list(PRESETS)),
        )
        st.caption(f"Networks: {state.count:,}. With n = 6, m = 10 they train in seconds.")


def choose_thresholds(state: MotifState) -> None:
    """Choose what counts as an instance."""
    with st.expander("What counts as an instance"):
        for field, (label, explanation) in _THRESHOLDS.items():
            low, high = MotifThresholds.bounds(field)
            value = getattr(state.thresholds, field)
            if field in _ABOVE:
                low = min(low + _STEP, value)
            st.number_input(
                label,
                float(low),
                float(high),
                step=_STEP,
                format="%.3g",
                help=explanation,
                **MOTIF_STATE.bound("thresholds", field, value),
            )


_STEP = 0.05
_ABOVE = {"least_gain", "ratio", "inhibition", "part"}  # must be above their lowest number
_THRESHOLDS = {
    "least_gain": (
        "Path gains from",
        "Both features' |weight in| × weight out, and their sums over all neurons of the side.",
    ),
    "most_gain": ("Path gains to", "1 computes |x| exactly; more is too much."),
    "ratio": (
        "Ratio of the weights, at least",
        "Of the two input weights, and of the two output weights the other way round.",
    ),
    "inhibition": (
        "Inhibition, at least",
        "What other neurons take away, relative to the interference.",
    ),
    "part": (
        "An inhibitor takes, at least",
        "A neuron that takes away this share of the interference or more is an inhibitor.",
    ),
}
