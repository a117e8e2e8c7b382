"""Why a training went badly, and a button that trains again with a better recipe."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.metrics import figure
from pages.shared.model_choice import Choice
from pages.shared.models import Shown
from pages.train.start import train
from toymodel.analysis.diagnosis import Finding, diagnose, diagnose_divergence
from toymodel.analysis.loss import no_superposition_loss
from toymodel.jobs.job import Progress
from toymodel.model import Model
from toymodel.text import percent


def draw_diagnosis(model: Model, shown: Shown) -> None:
    """Draw what is wrong with a finished model, or that nothing is."""
    findings = _findings(shown.name, model, shown.restart)
    sound = findings[0].kind == "sound"
    st.header("How it went" if sound else "Why did it go badly?")
    _draw(findings)


def draw_divergence(choice: Choice, message: str) -> None:
    """Draw why a training diverged that left no model."""
    st.subheader("Why did it go badly?")
    _draw([diagnose_divergence(choice.config, choice.recipe, message)])


def draw_so_far(shown: Shown, progress: Progress) -> None:
    """Draw how the training of a model goes, beside the loss that it is to reach."""
    st.subheader("How it goes")
    with st.container(border=True):
        st.markdown(_so_far(shown, progress))


def _so_far(shown: Shown, progress: Progress) -> str:
    if not shown.weights.finite:
        return "**Diverged.** The weights of this restart are not finite any more."
    baseline = no_superposition_loss(shown.config)
    done = (
        f"{percent(progress.step / progress.steps)} of the steps are done."
        if progress.steps
        else ""
    )
    if not shown.history.step.size or shown.config.activation == "none":
        return done
    if shown.loss < baseline:
        return (
            f"{done} The training loss, {figure(shown.loss)}, is below that without superposition, "
            f"{figure(baseline)}: the model computes more than it has neurons for."
        )
    return (
        f"{done} The training loss, {figure(shown.loss)}, is still above that without "
        f"superposition, {figure(baseline)}."
    )


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
