"""What every prediction on the page on real networks has, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from pages.real.models import MISSING
from toymodel.analysis.predictions import CONFIRMED, IN_PART, REFUTED, Verdict

_COLOURS: dict[Verdict, str] = {CONFIRMED: "green", IN_PART: "orange", REFUTED: "red"}
ACROSS = "density 1 − S (sparser to the right)"
DASHES = ((1, 0), (5, 3), (2, 2))

_FORMATS = {
    "density": ("1 − S", "%g"),
    "loss": ("normalised loss", "%.5f"),
    "loss_error": ("± (Monte Carlo)", "%.5f"),
    "no_superposition_loss": ("loss without superposition", "%.5f"),
    "gain": ("gain", "%.2f"),
    "used": ("neurons used", "%d"),
    "share": ("share polysemantic", "percent"),
    "effective": ("effective features, mean", "%.2f"),
    "effective_most": ("effective features, most", "%.1f"),
    "clean": ("median rank, monosemantic", "%g"),
    "mixed": ("median rank, polysemantic", "%g"),
    "ordered": ("pairs in this order", "percent"),
    "value": ("share, median", "percent"),
}
"""How the columns of tables are called and written."""


class Link(NamedTuple):
    """Where one can look closer: the page's script, its parameters, and what to see there."""

    script: str
    label: str
    parameters: Mapping[str, str]
    expect: str


class Evidence(NamedTuple):
    """A measurement: the verdict, a sentence, charts, and a table, with an alternative text."""

    verdict: Verdict
    words: str
    charts: Callable[[], None]
    table: pd.DataFrame
    alt: str


class Prediction(NamedTuple):
    """One prediction of the paper.

    name: for keys. paper: what the paper says. rule: of the verdict. evidence: None where the
    networks are missing. against: what would count against it in a real network and in the toy
    model. open: what does not follow.
    """

    name: str
    title: str
    paper: str
    rule: str
    evidence: Evidence | None
    against: tuple[str, str]
    open: str
    links: tuple[Link, ...]


def badge(verdict: Verdict | None) -> str:
    """A verdict as a coloured word."""
    return f":{_COLOURS[verdict]}-badge[{verdict}]" if verdict else ":gray-badge[not measured]"


def draw_prediction(number: int, prediction: Prediction) -> None:
    """Its statement, measurement, what would count against it, and what does not follow."""
    evidence = prediction.evidence
    st.header(f"{number}. {prediction.title}")
    left, right = st.columns([5, 4], gap="large")
    with left:
        st.markdown(f"**The paper.** {prediction.paper}")
        if evidence:
            st.markdown(f"**Measured:** {badge(evidence.verdict)} {evidence.words}")
        else:
            st.info(MISSING)
        st.caption(f"Rule: {prediction.rule}")
        draw_links(prediction.links)
    if evidence:
        with right:
            evidence.charts()
            with st.expander("In numbers"):
                draw_table(evidence.table, f"real-table-{prediction.name}", evidence.alt)
    real, toy = prediction.against
    left, right = st.columns([5, 4], gap="large")
    left.markdown(
        f"**What would count against it.** In a real network: {real} In the toy model: {toy}"
    )
    right.markdown(f"**What does not follow.** {prediction.open}")


def draw_table(table: pd.DataFrame, key: str, alt: str) -> None:
    """A table with the names and formats of this page."""
    columns: dict[str, Any] = {
        name: st.column_config.NumberColumn(label, format=kind)
        for name, (label, kind) in _FORMATS.items()
        if name in table
    }
    st.dataframe(table, hide_index=True, alt=alt, key=key, column_config=columns)


def draw_links(links: tuple[Link, ...]) -> None:
    """Pages with instructive settings."""
    for link in links:
        st.page_link(link.script, label=link.label, query_params=dict(link.parameters))
        st.caption(link.expect)
