"""What the motif page shows of an ensemble: one of its networks, and the sections."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.motif.ensemble import Ensemble, draw_all
from pages.motif.frequency import draw_frequency, draw_sweep
from pages.motif.inhibition import draw_inhibition
from pages.motif.inhibitors import draw_inhibitors
from pages.motif.instances import draw_instances
from pages.motif.metrics import draw_metrics
from pages.motif.panels import draw_panels
from pages.motif.remaining_weights import draw_rest
from pages.motif.state import MAX_TAKEN_APART, MOTIF_PAGE, MotifState
from pages.shared.cached_analysis import cached_decomposition
from pages.shared.explorer.controls import draw_model_line
from pages.shared.models import Shown, say_where_from
from pages.shared.sections import Draw, tabs
from toymodel.analysis.decomposition import Decomposition

_OWN = frozenset({"instance", "left", "of", "neuron-scale", "bars"})


def decomposed(state: MotifState, shown: Shown) -> Decomposition | None:
    """The network taken apart; None where it cannot have the motif or is too large."""
    config = shown.config
    if config.task != "abs" or config.activation != "relu":
        return None
    if max(config.n_features, config.n_neurons) > MAX_TAKEN_APART:
        return None
    return cached_decomposition(shown.name, shown, state.thresholds)


def tell_instance(
    state: MotifState, found: Decomposition, problems: Sequence[str]
) -> tuple[MotifState, Sequence[str]]:
    """Correct an instance beyond the last one, which the network alone can tell.

    Args:
        state: what the link asks for.
        found: the network.
        problems: what else was wrong with the link.

    Returns:
        The state to show, and all that was wrong with the link.
    """
    count = len(found.motifs)
    if state.instance < max(1, count):
        return state, problems
    allowed = f"must be a whole number from 0 to {count - 1}" if count else "there is none"
    first = state.changed(instance=0)
    return first, MOTIF_PAGE.correct(first, f"instance = {state.instance}: {allowed}")


def draw_networks(ensemble: Ensemble, shown: Shown | None, found: Decomposition | None) -> None:
    """Draw the network that is looked at, if it can be taken apart, and the sections.

    Args:
        ensemble: all networks.
        shown: the one that is looked at; None if there is none.
        found: that one taken apart; None where it cannot be.
    """
    if shown and found:
        say_where_from(shown.config, shown.recipe)
        draw_model_line(shown)
        draw_metrics(shown, found)
    _draw_sections(ensemble, shown, found)


def draw_before() -> None:
    """Draw the ensemble of the page's state, if some of it is still stored."""
    state = MOTIF_PAGE.state
    ensemble = Ensemble.of(state)
    if shown := ensemble.shown(state):
        draw_networks(ensemble, shown, decomposed(state, shown))


def _draw_sections(ensemble: Ensemble, shown: Shown | None, found: Decomposition | None) -> None:
    """Draw the tabs; those of the network only where there is one that was taken apart."""
    sections: dict[str, tuple[str, Draw]] = {}
    if shown and found:

        def panels() -> None:
            draw_panels(MOTIF_PAGE.state, ensemble, shown, found)

        def instances() -> None:
            draw_instances(MOTIF_PAGE.state, shown, found)
            draw_inhibitors(MOTIF_PAGE.state, ensemble, shown)
            draw_rest(MOTIF_PAGE.state, shown)

        def inhibition() -> None:
            draw_inhibition(MOTIF_PAGE.state, shown, found)

        sections = {
            "panels": ("Panels", panels),
            "instances": ("Instances", instances),
            "inhibition": ("Turn it down", inhibition),
        }
    elif shown:
        st.info(_why_not(shown))

    def common() -> None:
        draw_frequency(MOTIF_PAGE.state)
        if shown and found:
            draw_all(MOTIF_PAGE.state, ensemble, shown)
        draw_sweep(MOTIF_PAGE.state)

    tabs(MOTIF_PAGE, "tab", {**sections, "common": ("How common", common)}, own=_OWN)


def _why_not(shown: Shown) -> str:
    if shown.config.task != "abs":
        return "The motif occurs in networks that compute |x|; this one computes x."
    if shown.config.activation != "relu":
        return "The motif is one of neurons with a ReLU; this network's hidden layer is linear."
    return (
        f"This page takes apart networks of up to {MAX_TAKEN_APART} features and "
        f"{MAX_TAKEN_APART} neurons."
    )
