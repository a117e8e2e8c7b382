"""What the page has of every prediction, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from pages.real.models import MISSING
from toymodel.analysis.predictions import CONFIRMED, IN_PART, REFUTED, Verdict

_COLOURS: dict[Verdict, str] = {CONFIRMED: "green", IN_PART: "orange", REFUTED: "red"}

_FORMATS = {
    "density": ("1 − S", "%g"),
    "loss": ("normalised loss", "%.3g"),
    "loss_error": ("± (Monte Carlo)", "%.1g"),
    "no_superposition_loss": ("no-superposition baseline", "%.3g"),
    "gain": ("gain", "%.2f"),
    "used": ("neurons used", "%d"),
    "share": ("share polysemantic", "percent"),
    "effective": ("effective features, mean", "%.2f"),
    "effective_max": ("effective features, largest", "%.1f"),
    "clean": ("median rank, monosemantic", "%g"),
    "mixed": ("median rank, polysemantic", "%g"),
    "ordered": ("pairs in this order", "percent"),
    "value": ("share, median", "percent"),
}
"""How the columns of tables are called and formatted."""


class Link(NamedTuple):
    """A link to another page.

    Attributes:
        script: of the page.
        label: of the link.
        parameters: of the link.
        expect: what there is to see.
    """

    script: str
    label: str
    parameters: Mapping[str, str]
    expect: str


class Numbers(NamedTuple):
    """A small table that is always open.

    Attributes:
        table: what was measured.
        reading: one line on how to read it.
        alt: for those who cannot see it.
    """

    table: pd.DataFrame
    reading: str
    alt: str


class Evidence(NamedTuple):
    """What a verdict follows from.

    Attributes:
        numbers: the tables that the verdict follows from.
        charts: draws its charts.
        details: a longer table, if any.
    """

    numbers: tuple[Numbers, ...]
    charts: Callable[[], None]
    details: Numbers | None = None


class Prediction(NamedTuple):
    """One prediction of the paper.

    Attributes:
        name: for keys.
        title: what is predicted.
        paper: what the paper says.
        rule: of the verdict.
        verdict: by the rule; None where the networks are missing.
        evidence: measures what the verdict follows from; None where the networks are missing.
        against_real: what would count against it in a real network.
        against_toy: what would count against it in the toy model.
        open: what does not follow.
        links: gives where to look closer.
    """

    name: str
    title: str
    paper: str
    rule: str
    verdict: Verdict | None
    evidence: Callable[[], Evidence] | None
    against_real: str
    against_toy: str
    open: str
    links: Callable[[], tuple[Link, ...]]


def badge(verdict: Verdict | None) -> str:
    """A verdict as a coloured word."""
    return f":{_COLOURS[verdict]}-badge[{verdict}]" if verdict else ":gray-badge[not measured]"


def draw_verdicts(predictions: Sequence[Prediction]) -> None:
    """Draw every prediction with its verdict."""
    st.table(
        pd.DataFrame(
            [{"prediction": each.title, "measured": badge(each.verdict)} for each in predictions],
            index=pd.RangeIndex(1, len(predictions) + 1),
        ),
        alt="Every prediction and its verdict",
    )


def draw_prediction(prediction: Prediction) -> None:
    """Draw what the paper predicts, what was measured, and what does not follow."""
    name = prediction.name
    evidence = prediction.evidence() if prediction.evidence else None
    left, right = st.columns([5, 4], gap="large")
    with left:
        st.markdown(f"**The paper.** {prediction.paper}")
        if evidence:
            st.markdown(f"**Measured:** {badge(prediction.verdict)}")
        else:
            st.info(MISSING)
        st.caption(f"Rule. {prediction.rule}")
        draw_links(prediction.links())
    if evidence:
        with right:
            evidence.charts()
            if evidence.details:
                with st.expander("In numbers"):
                    draw_numbers(evidence.details, f"real-table-{name}")
        for place, numbers in enumerate(evidence.numbers):
            draw_numbers(numbers, f"real-numbers-{name}-{place}")
    left, right = st.columns([5, 4], gap="large")
    left.markdown(
        f"**What would count against it.** In a real network: {prediction.against_real} In the toy "
        f"model: {prediction.against_toy}"
    )
    right.markdown(f"**What does not follow.** {prediction.open}")


def draw_numbers(numbers: Numbers, key: str) -> None:
    """Draw a table and how to read it."""
    columns: dict[str, Any] = {
        name: st.column_config.NumberColumn(label, format=kind)
        for name, (label, kind) in _FORMATS.items()
        if name in numbers.table
    }
    st.dataframe(numbers.table, hide_index=True, alt=numbers.alt, key=key, column_config=columns)
    st.caption(numbers.reading)


def draw_links(links: tuple[Link, ...]) -> None:
    """Draw links to other pages with instructive settings."""
    for link in links:
        st.page_link(link.script, label=link.label, query_params=dict(link.parameters))
        st.caption(link.expect)
