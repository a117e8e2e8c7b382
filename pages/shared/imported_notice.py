"""Weights that were not trained here: what is said of them where models are trained or missing."""

from __future__ import annotations

import streamlit as st

from pages.own.state import OwnState
from pages.shared.navigation import OWN
from toymodel.config import Config


def say_not_here(config: Config) -> None:
    """Say that weights are only where somebody uploaded them."""
    st.info(
        "These weights were uploaded by a visitor, who alone could see them; they are not here, "
        "and no training gives them. Whoever has the file can upload it again."
    )
    _link(config)


def say_not_trained(config: Config) -> None:
    """Say that weights are looked at elsewhere."""
    st.info("These are your own weights. This page trains models; theirs is another one.")
    _link(config)


def _link(config: Config) -> None:
    st.page_link(OWN.script, label=OWN.title, query_params=OwnState.of(config).link)
