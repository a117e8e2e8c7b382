"""One model's measures, and the box for its restart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.shared.messages import note_linear
from pages.shared.model_choice import left_out
from pages.shared.models import Shown
from pages.shared.page_session import PageSession
from pages.shared.widgets import ODD, option_box
from pages.train.state import TRAIN_PAGE
from toymodel.analysis.loss import dead_outputs, no_superposition_loss, superposition_gain
from toymodel.analysis.polysemanticity import CLASSES, UNUSED, Thresholds, neurons
from toymodel.storage.best_losses import best_loss
from toymodel.text import estimate

_LIVE_WORK = 50_000  # weights up to which the outputs are tried while the model still trains
_LIVE_EXAMPLES = 512
_LOWEST = "lowest"
_NEGLIGIBLE = 1e-5  # a loss that is not worth comparing


def draw_metrics(shown: Shown, thresholds: Thresholds) -> None:
    """Draw loss, no-superposition baseline, gain, classes, dead outputs and training time."""
    config, model, history = shown.config, shown.model, shown.history
    loss, baseline = shown.loss, no_superposition_loss(config)
    gain = superposition_gain(config, loss)
    seconds = float(history.seconds[-1]) if history.step.size else 0.0
    beside = history.together - 1
    counts = neurons(shown.weights.W1, thresholds).counts
    first = min(config.n_features, config.n_neurons)
    dead = _dead(shown, first)
    with st.container(horizontal=True):
        metric(
            "Loss" if model else "Training loss",
            figure(loss),
            "Normalised: answering 0 to everything scores 1.",
        )
        metric(
            "Without superposition",
            figure(baseline),
            f"The exact loss with {config.definition.neurons_in_words} for each of the most "
            "important features and the best constant for the others."
            + (ODD if config.n_neurons % config.definition.neurons else ""),
        )
        metric(
            "Superposition gain",
            "none" if math.isnan(gain) else f"{gain:.2f}" if gain < 1e4 else f"{gain:.1e}",
            "The loss without superposition divided by this one: above 1 the model computes more "
            "than it has neurons for. Nothing is to be gained where every feature has its neurons.",
        )
        metric(
            "Mono / slightly / poly",
            " / ".join(str(counts[name]) for name in CLASSES),
            "How many neurons are monosemantic, slightly polysemantic and polysemantic, by their "
            "input weights." + (f" {counts[UNUSED]} are unused." if UNUSED in counts else ""),
        )
        metric(
            "Dead outputs",
            "–" if dead is None else f"{dead} of {first}",
            f"Of the {first} most important outputs, how many are 0 on every input that was tried: "
            "they have no gradient, so no training wakes them up."
            + (" Tried when the training is done." if dead is None else ""),
        )
    note_linear(config)
    measured = (
        f"Loss {estimate(loss, float(model.loss_errors[shown.restart]))} (Monte Carlo), restart "
        f"{shown.restart}. "
        if model
        else ""
    )
    measured += _beside_the_best(shown)
    if shown.recipe.weights:
        st.caption(f"{measured}Weights from elsewhere.".replace(", restart 0", ""))
        return
    restarts = "1 restart" if shown.recipe.restarts == 1 else f"{shown.recipe.restarts} restarts"
    st.caption(
        f"{measured}Trained for {seconds:.1f} s, {restarts}"
        + (f", beside {beside} other {'model' if beside == 1 else 'models'}." if beside else ".")
    )
    if words := left_out(config, shown.recipe):
        st.caption(words)


def metric(label: str, value: str, explanation: str) -> None:
    """Draw a metric; explanation: its tooltip."""
    st.metric(label, value, help=explanation, width="content")


def figure(value: float) -> str:
    """A loss as text with its significant digits."""
    if math.isnan(value):
        return "–"
    return f"{value:.3g}" if value == 0 or value >= 1e-4 else f"{value:.0e}"


def _dead(shown: Shown, first: int) -> int | None:
    if shown.model:
        return _dead_of_finished(shown.name, shown, first)
    weights = 2 * shown.config.n_features * shown.config.n_neurons
    if weights > _LIVE_WORK or not shown.weights.finite:
        return None
    found = dead_outputs(shown.config, shown.weights, examples=_LIVE_EXAMPLES)
    return int(found[:first].sum())


@st.cache_data(show_spinner=False, max_entries=1_000)
def _dead_of_finished(name: str, _shown: Shown, first: int) -> int:
    return int(dead_outputs(_shown.config, _shown.weights)[:first].sum())


def choose_restart(
    shown: Shown, available: Sequence[int], page: PageSession[Any] = TRAIN_PAGE
) -> None:
    """Draw the box for the restart.

    Args:
        shown: the restart that is shown.
        available: the restarts that can be shown.
        page: the page whose state has the restart.
    """
    if shown.recipe.restarts == 1:
        return
    model = shown.model
    lowest = model.best if model else shown.history.leader
    # The names do not depend on the losses: a box whose options change loses its choice.
    names: dict[int | str, str] = {_LOWEST: "the restart with the lowest loss"}
    names |= {r: f"restart {r}" for r in available}
    chosen = page.state.restart
    option_box(
        page,
        "restart",
        names=names,
        value=_LOWEST if chosen is None or chosen not in names else chosen,
        read=lambda value: value if isinstance(value, int) else None,
        help=f"Restart {lowest} has the lowest loss.",
        width=260,
    )


def _beside_the_best(shown: Shown) -> str:
    # How far a trained network is from the lowest loss that is known for its setting.
    best = best_loss(shown.config)
    if best is None or shown.model is None or not _NEGLIGIBLE < shown.loss < math.inf:
        return ""
    known = f"the lowest known for this setting, {figure(best.loss)} ({best.recipe})"
    excess = best.excess(shown.loss)
    error = float(shown.model.loss_errors[shown.restart])
    if abs(shown.loss - best.loss) <= 2 * math.hypot(error, best.error):
        return f"Within the error of {known}. "
    if excess > 2:
        return f"{1 + excess:,.3g} times {known}. "
    return f"{abs(excess):.0%} {'above' if excess > 0 else 'below'} {known}. "
