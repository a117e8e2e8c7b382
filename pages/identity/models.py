"""The shipped networks of the identity task, and their measures."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.shared.resources import store
from toymodel.charts.network.linearity_table import linearity_table
from toymodel.config import Config
from toymodel.model import Model
from toymodel.storage.model_file import model_key
from toymodel.sweeps.shipped import Family


def models_of(family: Family) -> dict[Config, Model]:
    """The models of a family that are in the store."""
    found = {config: store().get(config, family.recipe) for config in family.configs}
    return {config: model for config, model in found.items() if model}


def table_of(family: Family) -> pd.DataFrame:
    """How much of their ReLU a family's networks use, one row a network."""
    models = models_of(family)
    keys = tuple(model_key(config, family.recipe) for config in models)
    return _table(keys, list(models.values()))


@st.cache_data(show_spinner="Measuring the networks.", max_entries=20)
def _table(keys: tuple[str, ...], _models: list[Model]) -> pd.DataFrame:
    return linearity_table(_models)
