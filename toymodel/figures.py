"""The dashboard's charts of one model or of a sweep, by name, each ready to stand alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import altair as alt

from toymodel import frames
from toymodel.charts.drawing import Drawing
from toymodel.charts.look import LIGHT, Theme, standing_alone
from toymodel.charts.loss_curve import loss_curve
from toymodel.charts.network import network
from toymodel.charts.raw_weights import raw_weights
from toymodel.charts.response import response
from toymodel.charts.stack_panel import stack_panel
from toymodel.charts.sweep_summary import class_shares, gain
from toymodel.config import Config, recipe_name
from toymodel.loss import no_superposition_loss, superposition_gain
from toymodel.model import Model, Weights
from toymodel.polysemanticity import Thresholds, neurons
from toymodel.settings import Problem, SettingError
from toymodel.sweep_table import sweep_table

FIGURES = {
    "stacks-in": "neuron weight stack plot of the input weights, as in the paper",
    "stacks-out": "the same of the output weights",
    "weights-in": "signed input weights, a bar a neuron; n up to 20, m up to 40",
    "weights-out": "signed output weights, a bar a neuron; n up to 20, m up to 40",
    "network": "the model as a graph; n up to 12, m up to 24",
    "loss-steps": "how the loss of every restart fell, against steps",
    "loss-seconds": "the same against seconds",
    "response": "output of features that are present alone, against their value",
}
"""What each figure of one model shows, by name."""

SWEEP_FIGURES = {
    "classes": "share of each class of neurons against density",
    "gain": "superposition gain against density",
}
"""What each figure of several models shows, by name."""

_MOST = {"weights-in": (20, 40), "weights-out": (20, 40), "network": (12, 24)}
_WIDTH = 720
_LOWEST_TOP = 9.0
"""The paper's panels leave room for a stack of about this height; fewer features need less."""


def figures(
    model: Model,
    *,
    restart: int | None = None,
    theme: Theme = LIGHT,
    thresholds: Thresholds | None = None,
    features: Sequence[int] | None = None,
    neurons: int | None = None,
) -> dict[str, alt.LayerChart]:
    """The figures of one model that apply to it, in the order of FIGURES.

    restart: which one, the best unless given. features: those whose response is drawn, the first
    six unless given. neurons: how many the stack plots show, from the left; all unless given.

    Raises `SettingError` for a restart, a feature or a number of neurons that is not there.
    """
    config = model.config
    restart = model.best if restart is None else restart
    _require("restart", restart, len(model.restarts) - 1, low=0)
    neurons = config.n_neurons if neurons is None else neurons
    _require("neurons", neurons, config.n_neurons, low=1)
    chosen = list(range(min(config.n_features, 6)) if features is None else features)
    weights = model.restarts[restart]
    parts = (
        *_stacks(config, weights, thresholds, neurons, theme),
        *_small(config, weights, theme),
        *_losses(model, restart, theme),
        _response(config, weights, chosen, theme),
    )
    about = _about(model, restart)
    return {
        part.name: standing_alone(
            part.drawing.chart,
            title=part.title,
            subtitle=[*about, *part.notes],
            theme=theme,
            width=_WIDTH,
        )
        for part in parts
    }


def sweep_figures(
    models: Sequence[Model], *, theme: Theme = LIGHT, thresholds: Thresholds | None = None
) -> dict[str, alt.LayerChart]:
    """The figures of several models that differ in density alone, in the order of SWEEP_FIGURES.

    "gain" is left out where no model can gain anything. Raises `ValueError` for fewer than two
    models.
    """
    if len(models) < 2:
        raise ValueError(f"{len(models)} model: a sweep's figures compare two or more")
    table = sweep_table(models, thresholds)
    config, recipe = models[0].config, models[0].recipe
    about = f"{_sizes(config)}, d = {config.importance_decay:g}, seed {config.seed}, "
    made = {"classes": ("Classes of neurons against density", class_shares(table, theme=theme))}
    if table["gain"].notna().to_numpy().any():
        made["gain"] = ("Superposition gain against density", gain(table, theme=theme))
    return {
        name: standing_alone(
            chart, title=title, subtitle=[about + recipe_name(recipe)], theme=theme, width=480
        )
        for name, (title, chart) in made.items()
    }


def not_drawn(name: str, config: Config) -> str | None:
    """Why this figure does not apply to a model, or None where it does."""
    n, m = _MOST.get(name, (math.inf, math.inf))
    if config.n_features <= n and config.n_neurons <= m:
        return None
    return f"{name} is drawn for n up to {n} and m up to {m}; this model has {_sizes(config)}"


_SIDES: dict[str, Literal["input", "output"]] = {"in": "input", "out": "output"}
_WEIGHTS = {"input": "W1", "output": "W2"}
_AGAINST: dict[str, Literal["step", "seconds"]] = {"steps": "step", "seconds": "seconds"}


class _Part(NamedTuple):
    name: str
    title: str
    drawing: Drawing
    notes: tuple[str, ...]


def _stacks(
    config: Config, weights: Weights, thresholds: Thresholds | None, first: int, theme: Theme
) -> Iterator[_Part]:
    n, m = config.n_features, config.n_neurons
    columns = frames.columns(weights, thresholds).head(first)
    counts = neurons(weights.W1, thresholds).counts
    part = f"; the first {first:,} of {m:,}" if first < m else ""
    notes = (
        f"A column a neuron, by the feature that it holds most{part}; "
        "a block a weight, grey for those too small to draw.",
        ", ".join(f"{count:,} {name}" for name, count in counts.items()),
    )
    for side, of in _SIDES.items():
        blocks = frames.blocks(config, weights, side=of, first=first)
        highest = float(blocks["high"].to_numpy().max(initial=0))
        drawing = stack_panel(
            blocks,
            columns,
            frames.spans(columns),
            n_features=n,
            top=max(min(_LOWEST_TOP, 1 + n / 3), math.ceil(1.2 * highest)),
            theme=theme,
            heights=f"|{_WEIGHTS[of]}| / the neuron's largest",
            height=240,
            legend=True,
        )
        title = f"Neuron weight stack plot: {of} weights |{_WEIGHTS[of]}|"
        yield _Part(f"stacks-{side}", title, drawing, notes)


def _small(config: Config, weights: Weights, theme: Theme) -> Iterator[_Part]:
    n, m = config.n_features, config.n_neurons
    for side, of in _SIDES.items():
        if not_drawn(f"weights-{side}", config) is None:
            title = f"{_WEIGHTS[of]}: {of} weights with their sign"
            bars = frames.signed_bars(weights, side=of)
            drawing = raw_weights(
                bars, n_features=n, title=title, theme=theme, height=240, legend=True
            )
            notes = ("A column a neuron; a block a weight.",)
            yield _Part(f"weights-{side}", title, drawing, notes)
    if not_drawn("network", config) is None:
        drawing = network(frames.edges(weights), n_features=n, n_neurons=m, theme=theme, height=320)
        notes = (
            "Inputs above, neurons in the middle, outputs below; feature 0 is leftmost.",
            "Solid red edges are positive, dashed blue ones negative; thicker is larger.",
        )
        yield _Part("network", "The model as a network", drawing, notes)


def _losses(model: Model, restart: int, theme: Theme) -> Iterator[_Part]:
    curves, together = frames.loss_curves(model.history), model.history.together
    which = "; this restart in blue" if len(model.restarts) > 1 else ""
    kind = f"The training loss, which is noisier{which}."
    beside = f"{together} models were trained side by side in this time."
    notes = {"steps": (kind,), "seconds": (kind, beside) if together > 1 else (kind,)}
    for against, column in _AGAINST.items():
        drawing = loss_curve(
            curves,
            against=column,
            yardstick=no_superposition_loss(model.config),
            shown=restart,
            theme=theme,
            height=320,
        )
        title = f"How the loss fell, against {against}"
        yield _Part(f"loss-{against}", title, drawing, notes[against])


def _response(config: Config, weights: Weights, chosen: Sequence[int], theme: Theme) -> _Part:
    frame = frames.responses(config, weights, chosen)
    drawing = response(frame, n_features=config.n_features, theme=theme, height=320)
    title = "Output of a feature that is present alone, against its value"
    return _Part("response", title, drawing, ("Dashed: the target |x|.",))


def _about(model: Model, restart: int) -> list[str]:
    config, count = model.config, len(model.restarts)
    loss, error = float(model.losses[restart]), float(model.loss_errors[restart])
    gained = superposition_gain(config, loss)
    which = f", restart {restart} of 0 to {count - 1}" if count > 1 else ""
    return [
        f"{_sizes(config)}, 1 − S = {config.feature_probability:g}, "
        f"d = {config.importance_decay:g}, seed {config.seed}{which}, {recipe_name(model.recipe)}",
        f"loss {loss:.3g} ± {error:.1g}, without superposition "
        f"{no_superposition_loss(config):.3g}: "
        + ("nothing to gain" if math.isnan(gained) else f"gain {gained:.2f}"),
    ]


def _sizes(config: Config) -> str:
    return f"n = {config.n_features:,}, m = {config.n_neurons:,}"


def _require(name: str, value: int, high: int, *, low: int) -> None:
    if not low <= value <= high:
        raise SettingError((Problem(name, value, f"a whole number from {low:,} to {high:,}"),))
