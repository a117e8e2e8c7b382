"""Two models side by side, and the settings in which they differ."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.shared.explorer.controls import model_name
from pages.shared.metrics import draw_metrics
from pages.shared.model_choice import Choice
from pages.shared.models import Shown, find_model
from pages.shared.training.panel import train_missing
from pages.train.charts import draw_losses, draw_weights
from pages.train.history import note_tried
from pages.train.model import draw_tabs
from pages.train.state import TRAIN_PAGE, TrainState
from toymodel.text import rounded


def draw_comparison(state: TrainState, other: Choice) -> None:
    """Draw both models, or the panel that trains one that is missing."""
    with st.container(horizontal=True):
        st.button("Back to the left one", on_click=_alone, args=(state.choice,))
        st.button("Back to the right one", on_click=_alone, args=(other,))
    st.dataframe(
        differences(state.choice, other),
        hide_index=True,
        alt="What differs between the two models' settings",
        key="differences",
        width="content",
    )
    shown: list[Shown] = []
    for cell, choice, which in zip(
        st.columns(2), (state.choice, other), ("left", "right"), strict=True
    ):
        with cell, st.container(key=f"compared-{which}"):
            st.subheader(model_name((choice.config, choice.resolved)))
            model = find_model(choice.config, choice.recipe)
            if model is None:
                train_missing(choice.config, choice.recipe, key=which)
                continue
            restart = state.restart if choice is state.choice else None
            shown.append(Shown.of(model, restart))
            draw_metrics(shown[-1], state.thresholds)
    note_tried(*(c for c in (state.choice, other) if find_model(c.config, c.recipe)))
    if len(shown) == 2:
        draw_losses(state, shown)
        draw_weights(state, shown)
        draw_tabs(shown)


def differences(one: Choice, other: Choice) -> pd.DataFrame:
    """The settings in which two models differ. Columns: setting, left, right (as text)."""
    rows = [
        {
            "setting": type(mine).model_fields[name].title,
            "left": _written(left),
            "right": _written(right),
        }
        for mine, theirs in ((one.config, other.config), (one.resolved, other.resolved))
        for name, left in mine.model_dump().items()
        if left != (right := getattr(theirs, name))
    ]
    return pd.DataFrame(rows, columns=["setting", "left", "right"])


def _written(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{value}"
    return f"{value:,}" if isinstance(value, int) else rounded(value)


def _alone(choice: Choice) -> None:
    state = TRAIN_PAGE.state
    TRAIN_PAGE.show(state.replace(other=None).showing(choice))
