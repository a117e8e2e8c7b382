"""The controls that choose a neuron."""

from __future__ import annotations

from pages.shared.explorer.controls import draw_finders, draw_jump, draw_steps
from pages.shared.explorer.state import ExplorerState
from pages.shared.models import Shown
from toymodel.analysis.polysemanticity import instructive, neurons, paper_order
from toymodel.model import Model


def choose_neuron(state: ExplorerState, model: Model) -> None:
    """Draw the controls: by name, by place in the stack plot, by number, or an instructive one."""
    W1 = Shown.of(model, state.restart).weights.W1
    found = instructive(W1, neurons(W1, state.thresholds))
    neuron = state.neuron
    assert neuron is not None
    draw_jump(state, "n")
    draw_steps(
        "neuron",
        neuron,
        {
            "in the plot": (paper_order(W1).tolist(), "As they stand in the stack plot."),
            "by number": (range(len(W1)), "From n0 on."),
        },
    )
    finders = [(label, words, found[kind]) for kind, (label, words) in _FINDERS.items()]
    draw_finders("neuron", finders)


_FINDERS = {
    "secondary": (
        "One with clear secondary features",
        "Its second largest weight is 20 to 60 % of the largest.",
    ),
    "polysemantic": ("The most polysemantic", "The most effective features."),
    "monosemantic": ("A monosemantic one", "Its other weights are small beside the largest."),
}
