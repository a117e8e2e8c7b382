"""Why a training went badly, and a button that trains again with a better recipe."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.model_choice import Choice
from pages.shared.models import Shown
from pages.train.live import train
from toymodel.analysis.diagnosis import Finding, diagnose, diagnose_divergence
from toymodel.model import Model


def draw_diagnosis(model: Model, shown: Shown) -> None:
    """Draw what is wrong with a finished model, or that nothing is."""
    findings = _findings(shown.name, model, shown.restart)
    sound = findings[0].kind == "sound"
    st.subheader("How it went" if sound else "Why did it go badly?")
    _draw(findings)


def draw_divergence(choice: Choice, message: str) -> None:
    """Draw why a training diverged that left no model."""
    st.subheader("Why did it go badly?")
    _draw([diagnose_divergence(choice.config, choice.recipe, message)])


@st.cache_data(show_spinner=False, max_entries=1_000)
def _findings(name: str, _model: Model, restart: int) -> list[Finding]:
    return diagnose(_model, restart)


def _draw(findings: Sequence[Finding]) -> None:
    for number, finding in enumerate(findings):
        with st.container(border=True):
            if finding.kind == "sound":
                st.markdown(finding.message)
                continue
            st.markdown(f"**{finding.kind.capitalize()}.** {finding.message}")
            if finding.changes:
                st.button(
                    finding.action,
                    key=f"fix-{number}",
                    on_click=train,
                    kwargs={"recipe": finding.changes},
                    help="Changes the setting and trains the model.",
                )
