"""A model on the feature page: its feature on the first screen, and the rest in tabs."""

from __future__ import annotations

from pages.features.controls import with_feature
from pages.features.interference import draw_interference, draw_map
from pages.features.view import draw_carriers, draw_metrics, draw_numbers
from pages.shared.explorer.controls import draw_model_line
from pages.shared.explorer.state import EXPLORER_PAGES, ExplorerState
from pages.shared.models import Shown, find_model, say_where_from
from pages.shared.sections import tabs
from toymodel.analysis.features import Interference, interference


def draw_model(state: ExplorerState, shown: Shown, found: Interference) -> None:
    """Draw a model.

    Args:
        state: of the page, with a feature.
        shown: the model.
        found: what its features do to each other.
    """
    say_where_from(shown.config, shown.recipe)
    draw_model_line(shown)
    draw_metrics(state, shown, found)
    draw_carriers(state, shown)
    draws = {
        "interference": (
            "Interference",
            lambda: draw_interference(EXPLORER_PAGES.state, shown, found),
        ),
        "map": (
            "Every feature on every output",
            lambda: draw_map(EXPLORER_PAGES.state, shown, found),
        ),
        "numbers": (
            "Its neurons in numbers",
            lambda: draw_numbers(EXPLORER_PAGES.state, shown),
        ),
    }
    tabs(EXPLORER_PAGES, "section", draws, own=frozenset({"weighted"}))


def draw_before() -> None:
    """Draw the model of the page's state, if it is still stored."""
    state = EXPLORER_PAGES.state
    model = find_model(state.choice.config, state.choice.recipe)
    if model is None:
        return
    shown = Shown.of(model, state.restart)
    # On the page of neurons it may have stood without a feature.
    state = with_feature(state, shown)
    with EXPLORER_PAGES.showing(state):
        draw_model(state, shown, interference(shown.config, shown.weights))
