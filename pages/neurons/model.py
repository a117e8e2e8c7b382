"""A model on the neuron page: its neuron on the first screen, and the rest in tabs."""

from __future__ import annotations

from pages.neurons.activity import draw_activity, draw_examples
from pages.neurons.all_neurons import draw_all
from pages.neurons.beside import draw_beside
from pages.neurons.entered_input import draw_given
from pages.neurons.response import draw_responses
from pages.neurons.view import draw_metrics, draw_name, draw_stack, draw_weights
from pages.shared.explorer.controls import draw_model_line, with_neuron
from pages.shared.explorer.state import EXPLORER_PAGES, ExplorerState
from pages.shared.models import Shown, find_model, say_where_from
from pages.shared.sections import tabs


def draw_model() -> None:
    """Draw the model of the page's state, which is there."""
    state = EXPLORER_PAGES.state
    model = find_model(state.choice.config, state.choice.recipe)
    if model is None:  # it was greyed, and is no longer stored
        return
    # On the page of features it may have stood without a neuron.
    state = with_neuron(state, model)
    with EXPLORER_PAGES.showing(state):
        _draw(state, Shown.of(model, state.restart))


def _draw(state: ExplorerState, shown: Shown) -> None:
    say_where_from(shown.config, shown.recipe)
    draw_model_line(shown)
    draw_stack(state, shown)
    if shown.config.activation != "relu":
        return
    draw_name(state, shown)
    draw_metrics(state, shown)

    def fires() -> None:
        draw_activity(EXPLORER_PAGES.state, shown)
        draw_examples(EXPLORER_PAGES.state, shown)

    draws = {
        "fires": ("Fires on", fires),
        "answers": ("Answers", lambda: draw_responses(EXPLORER_PAGES.state, shown)),
        "weights": ("Weights", lambda: draw_weights(EXPLORER_PAGES.state, shown)),
        "input": ("Enter an input", lambda: draw_given(EXPLORER_PAGES.state, shown)),
        "all": ("All neurons", lambda: draw_all(EXPLORER_PAGES.state, shown)),
        "beside": ("Beside another", lambda: draw_beside(EXPLORER_PAGES.state, shown)),
    }
    own = frozenset({"above", "counts", "second", "output", "given", "beside"})
    tabs(EXPLORER_PAGES, "tab", draws, own=own)
