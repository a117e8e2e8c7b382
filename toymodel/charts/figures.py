"""The dashboard's charts of one model or of a sweep, by name, each ready to stand alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt

from toymodel.analysis.loss import no_superposition_loss, superposition_gain
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.analysis.sweep_table import sweep_table
from toymodel.charts.feature.figures import FEATURE
from toymodel.charts.figure_parts import Subject, counted
from toymodel.charts.look import LIGHT, Theme, standing_alone
from toymodel.charts.motif.figures import MOTIF
from toymodel.charts.network.figures import MODEL
from toymodel.charts.neuron.figures import NEURON
from toymodel.charts.sweep.class_shares import class_shares
from toymodel.charts.sweep.gain_curve import gain_curve
from toymodel.config import Config, recipe_name
from toymodel.model import Model
from toymodel.settings import Problem, SettingError, require_whole

_ALL = {**MODEL, **NEURON, **FEATURE, **MOTIF}

MODEL_FIGURES = {name: figure.words for name, figure in MODEL.items()}
"""What each figure of a model as a whole shows, by name: those of its training's page."""

NEURON_FIGURES = {name: figure.words for name, figure in NEURON.items()}
"""What each figure of one neuron shows, by name."""

FEATURE_FIGURES = {name: figure.words for name, figure in FEATURE.items()}
"""What each figure of one feature shows, by name, and that of all of them together."""

MOTIF_FIGURES = {name: figure.words for name, figure in MOTIF.items()}
"""What each figure of the motif shows, by name."""

FIGURES = {**MODEL_FIGURES, **NEURON_FIGURES, **FEATURE_FIGURES, **MOTIF_FIGURES}
"""What each figure of one model shows, by name."""

SWEEP_FIGURES = {
    "classes": "share of each class of neurons against density",
    "gain": "superposition gain against density",
}
"""What each figure of several models shows, by name."""


def figures(
    model: Model,
    *,
    names: Sequence[str] | None = None,
    restart: int | None = None,
    theme: Theme = LIGHT,
    thresholds: Thresholds | None = None,
    features: Sequence[int] | None = None,
    neurons: int | None = None,
    neuron: int | None = None,
    feature: int | None = None,
) -> dict[str, alt.LayerChart]:
    """The figures of one model, in the order of FIGURES.

    names: which ones; all that apply unless given. No other is made. restart: which one, the best
    unless given. features: those whose response is drawn, the first six unless given. neurons: how
    many the stack plots show, from the left; all unless given. neuron: the one that the figures of
    a neuron show, one with clear secondary features unless given. feature: the one that the figures
    of a feature show, the first unless given; in the map of all it is framed, if given.

    Raises `SettingError` for a name, restart, feature, neuron or a number of neurons that is not
    there, and `ValueError` for a figure that does not apply, with the reason.
    """
    config = model.config
    n, m = config.n_features, config.n_neurons
    restart = model.best if restart is None else restart
    require_whole("restart", restart, 0, len(model.restarts) - 1)
    neurons = m if neurons is None else neurons
    require_whole("neurons", neurons, 1, m)
    for name, chosen, most in (("neuron", neuron, m - 1), ("feature", feature, n - 1)):
        if chosen is not None:
            require_whole(name, chosen, 0, most)
    subject = Subject(
        model=model,
        restart=restart,
        theme=theme,
        thresholds=thresholds,
        features=tuple(range(min(n, 6)) if features is None else features),
        first=neurons,
        neuron=neuron,
        feature=feature,
    )
    about = _about(model, restart)
    made: dict[str, alt.LayerChart] = {}
    for name in _asked(names, config):
        part = _ALL[name].draw(subject)
        made[name] = standing_alone(
            part.drawing.chart,
            title=part.title,
            subtitle=[*about, *part.notes],
            theme=theme,
            width=part.width,
        )
    return made


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
        made["gain"] = ("Superposition gain against density", gain_curve(table, theme=theme))
    return {
        name: standing_alone(
            chart.to_altair(),
            title=title,
            subtitle=[about + recipe_name(recipe)],
            theme=theme,
            width=480,
        )
        for name, (title, chart) in made.items()
    }


def not_drawn(name: str, config: Config) -> str | None:
    """Why this figure does not apply to a model, or None where it does."""
    if name not in _ALL:
        return None
    figure = _ALL[name]
    n, m = figure.most
    if name in MOTIF_FIGURES and config.task != "abs":
        return f"{name} is of networks that compute |x|"
    if config.n_features < figure.least:
        least = counted(figure.least, "feature")
        return f"{name} takes {least} or more; this model has {_sizes(config)}"
    if config.n_features <= n and config.n_neurons <= m:
        return None
    return f"{name} is drawn for n up to {n} and m up to {m}; this model has {_sizes(config)}"


def _asked(names: Sequence[str] | None, config: Config) -> list[str]:
    if names is None:
        return [name for name in FIGURES if not not_drawn(name, config)]
    for name in names:
        if name not in FIGURES:
            raise SettingError((Problem("names", name, f"one of {', '.join(FIGURES)}"),))
        if reason := not_drawn(name, config):
            raise ValueError(reason)
    return [name for name in FIGURES if name in names]


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
