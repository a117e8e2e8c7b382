"""The sections below the strips: what to notice, curves against density, and the numbers."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pages.shared.chart import draw
from pages.shared.head import Example
from pages.shared.resources import colours
from pages.shared.sections import tabs
from pages.sweep.basis import draw_basis
from pages.sweep.state import SWEEP_PAGE, SweepState
from toymodel.analysis.sweep_table import sweep_table
from toymodel.charts.sweep.class_shares import class_shares
from toymodel.charts.sweep.gain_curve import gain_curve
from toymodel.config import Config
from toymodel.model import Model
from toymodel.text import percent

Models = Mapping[Config, Model | None]


def _example(name: str, changes: dict[str, str], expect: str) -> Example:
    link = SweepState().link
    if "recipe" in changes:
        del link["restarts"]  # a recipe brings its own number
    return Example(name, link | changes, expect)


EXAMPLES = (
    _example("The paper's sweep", {}, "Seven densities, one seed."),
    _example(
        "The usual recipe, failing",
        {"recipe": "usual"},
        "The same models, trained as in courses.",
    ),
    _example(
        "Trained for longer",
        {"recipe": "thorough"},
        "The same networks by the longest recipe, beside the paper's counts.",
    ),
    _example(
        "A small one to train yourself",
        {"n": "20", "m": "8", "d": "0.8", "recipe": "quick"},
        "20 features, 8 neurons: a second or two.",
    ),
)


def draw_sections(models: Models) -> None:
    """Draw the tabs, if any model is trained."""
    if not any(models.values()):
        return
    sections = {
        "notes": ("What to notice", lambda: _draw_notes(SWEEP_PAGE.state)),
        "density": ("Against density", lambda: _draw_curves(SWEEP_PAGE.state, models)),
        "basis": ("A privileged basis", lambda: draw_basis(SWEEP_PAGE.state, models)),
        "numbers": ("In numbers", lambda: _draw_numbers(SWEEP_PAGE.state, models)),
    }
    if SWEEP_PAGE.state.config.activation != "relu":
        del sections["basis"]
    tabs(SWEEP_PAGE, "tab", sections)


def _draw_notes(state: SweepState) -> None:
    st.markdown(
        "At the paper's setting, trained by the standard recipe or a longer one:\n\n"
        "- **Dense features get neurons of their own**: two each, one for either side of |x|, and "
        "the least important features get none. At 1 − S = 1 the gain is 1 at best, and less "
        "where a pair of neurons serves a feature that matters less.\n"
        "- **Sparse features share.** The neurons on the left, which hold the most important "
        "features, stay monosemantic for longest; single models hold both kinds at once.\n"
        "- **The gain rises above 1 where neurons turn polysemantic**: the model then computes "
        "|x| for more features than it has pairs of neurons for.\n"
        "- **Not always as in the paper**: where features are sparse, the classes depend on how "
        "the network was trained. The paper's counts stand below each strip: compare them with "
        "those of *quick* and *thorough*, and the losses of the two.\n"
        "- **The usual recipe** leaves outputs dead and features unlearnt where they are sparse: "
        "its neurons are polysemantic too, and its gain is far below 1."
    )
    shares = [state.recipe.importance_left_out(config) for config in state.configs]
    if any(shares):
        st.caption(
            "Features of little importance are left out of the training, the more the denser the "
            f"features: in a strip they have up to {percent(max(shares))} of the importance. "
            "Training them disturbs the others; an output that is not trained is the best "
            "constant, p/2. On the page of a single model, *Least importance* = 0 trains all."
        )


def _draw_curves(state: SweepState, models: Models) -> None:
    table, theme = _table(state, models), colours()
    left, right = st.columns(2)
    with left:
        draw(class_shares(table, theme=theme), "shares")
    with right:
        draw(gain_curve(table, theme=theme), "gain")


def _draw_numbers(state: SweepState, models: Models) -> None:
    st.dataframe(
        _table(state, models),
        hide_index=True,
        alt="Density, loss, gain and classes of every strip",
        key="sweep-table",
        column_config={
            "density": st.column_config.NumberColumn("1 − S", format="%g", width="small"),
            "loss": st.column_config.NumberColumn("normalised loss", format="%.3g"),
            "loss_error": st.column_config.NumberColumn("± (Monte Carlo)", format="%.1g"),
            "no_superposition_loss": st.column_config.NumberColumn(
                "loss without superposition", format="%.3g"
            ),
            "gain": st.column_config.NumberColumn("gain", format="%.2f"),
        },
    )


def _table(state: SweepState, models: Models) -> pd.DataFrame:
    return sweep_table([model for model in models.values() if model], state.thresholds)
