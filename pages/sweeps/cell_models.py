"""The models of one cell of the map, with links to their weights and neurons."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.shared.chart import explore_state
from pages.shared.model_choice import Choice
from pages.shared.navigation import NEURONS, TRAIN
from pages.train.state import TrainState
from toymodel.config import Config
from toymodel.sweeps.grid import Grid
from toymodel.sweeps.measures import FIELDS
from toymodel.text import number

_MAX_LISTED = 20


def draw_cell_models(
    grid: Grid, table: pd.DataFrame, x: str, y: str, chosen: tuple[object, object]
) -> None:
    """List the models of a cell, the lowest loss first.

    Args:
        grid: the grid that is shown.
        table: its models as `measured` gives them.
        x: the field of the map's horizontal axis.
        y: the field of its vertical axis.
        chosen: the cell's values of the two.
    """
    st.subheader(f"Models at {_named(x, chosen[0])}, {_named(y, chosen[1])}")
    models = table.loc[(table[x] == chosen[0]) & (table[y] == chosen[1])].sort_values("loss")
    others = [name for name in grid.swept if name not in (x, y)]
    for row in models.head(_MAX_LISTED).to_dict("records"):
        config = Config.from_mapping({name: row[name] for name in Config.model_fields})
        settings = ", ".join(_named(name, getattr(config, name)) for name in others)
        choice = Choice.of(config, grid.recipe)
        alone = TrainState(choice=choice)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"Loss {row['loss']:.4g}" + (f": {settings}" if settings else ""))
            st.page_link(TRAIN.script, label="Weights", query_params=alone.link)
            st.page_link(NEURONS.script, label="Neurons", query_params=explore_state(choice).link)
    if len(models) > _MAX_LISTED:
        st.caption(f"The {_MAX_LISTED} models with the lowest losses, of {len(models):,}.")


def _named(field: str, value: object) -> str:
    return f"{FIELDS[field]} = {as_text(value)}"


def as_text(value: object) -> str:
    """A field's value as a link would write it."""
    return number(value) if isinstance(value, float) else str(value)
