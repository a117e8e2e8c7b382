"""The dashboard's charts of one model or of a sweep, by name, each ready to stand alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from toymodel.analysis.loss import no_superposition_loss, superposition_gain
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.analysis.sweep_table import sweep_table
from toymodel.charts.chart import Chart
from toymodel.charts.feature.figures import FEATURE_FIGURES
from toymodel.charts.figure import Subject
from toymodel.charts.look import LIGHT, Theme, standing_alone
from toymodel.charts.motif.figures import MOTIF_FIGURES
from toymodel.charts.network.figures import MODEL_FIGURES
from toymodel.charts.neuron.figures import NEURON_FIGURES
from toymodel.charts.sweep.class_shares import class_shares
from toymodel.charts.sweep.gain_curve import gain_curve
from toymodel.charts.sweep.privileged_basis import basis_table, neurons_of_a_feature, read_off
from toymodel.config import Config
from toymodel.model import Model
from toymodel.recipe import recipe_name
from toymodel.settings import Problem, SettingError, require_whole
from toymodel.text import count, estimate

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

FIGURES = {**MODEL_FIGURES, **NEURON_FIGURES, **FEATURE_FIGURES, **MOTIF_FIGURES}
"""Figures of one model, by name."""


class SweepFigure(NamedTuple):
    """A figure of several models.

    Attributes:
        description: what it shows.
        title: above it.
        table: measures the models, given where the classes of neurons end.
        draw: makes it from that table.
    """

    description: str
    title: str
    table: Callable[[Sequence[Model], Thresholds | None], pd.DataFrame]
    draw: Callable[..., Chart]


def _basis_table(models: Sequence[Model], _: Thresholds | None) -> pd.DataFrame:
    return basis_table(models)


SWEEP_FIGURES = {
    "classes": SweepFigure(
        "share of each class of neurons against density",
        "Classes of neurons against density",
        sweep_table,
        class_shares,
    ),
    "gain": SweepFigure(
        "superposition gain against density",
        "Superposition gain against density",
        sweep_table,
        gain_curve,
    ),
    "basis": SweepFigure(
        "effective neurons of a feature against density, beside rotations",
        "How many neurons a feature is spread over",
        _basis_table,
        neurons_of_a_feature,
    ),
    "read-off": SweepFigure(
        "how well features are read off their neurons, beside rotations",
        "How well the value of a feature is read off its own neurons",
        _basis_table,
        read_off,
    ),
}
"""Figures of several models, by name."""

_OF_NEURONS_WITH_RELU = (*MOTIF_FIGURES, "basis", "read-off")

_SWEEP_WIDTH = 480


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
    scaled: bool = True,
) -> dict[str, alt.LayerChart]:
    """The figures of one model, in the order of FIGURES.

    Args:
        model: the model.
        names: which ones, and no other is made; all that apply unless given.
        restart: which one, from 0; the best unless given.
        theme: the colours.
        thresholds: where the classes of neurons end.
        features: those whose response is drawn; the first six unless given.
        neurons: how many the stack plots show, from the left; all unless given.
        neuron: the one that the figures of a neuron show; one with clear secondary features unless
            given.
        feature: the one that the figures of a feature show, the first unless given; in the map of
            all it is framed, if given.
        scaled: whether figures of the motif scale neurons as `scale_neurons` does, or draw the
            weights as trained.

    Returns:
        By name, charts with title, notes and colours of their own.

    Raises:
        SettingError: for a name, restart, feature, neuron or number of neurons that is not there.
        ValueError: for a figure that does not apply, with the reason.
    """
    config = model.config
    n, m = config.n_features, config.n_neurons
    restart = model.best if restart is None else restart
    require_whole("restart", restart, 0, len(model.restarts) - 1)
    neurons = m if neurons is None else neurons
    require_whole("neurons", neurons, 1, m)
    for name, chosen, last in (("neuron", neuron, m - 1), ("feature", feature, n - 1)):
        if chosen is not None:
            require_whole(name, chosen, 0, last)
    subject = Subject(
        model=model,
        restart=restart,
        theme=theme,
        thresholds=thresholds,
        features=tuple(range(min(n, 6)) if features is None else features),
        first=neurons,
        neuron=neuron,
        feature=feature,
        scaled=scaled,
    )
    about = _about(model, restart)
    made: dict[str, alt.LayerChart] = {}
    for name in _chosen(names, config):
        titled = FIGURES[name].draw(subject)
        alone = standing_alone(
            titled.chart,
            title=titled.title,
            subtitle=[*about, *titled.notes],
            theme=theme,
            width=titled.width,
        )
        made[name] = alone.to_altair()
    return made


def sweep_figures(
    models: Sequence[Model],
    *,
    names: Sequence[str] | None = None,
    theme: Theme = LIGHT,
    thresholds: Thresholds | None = None,
) -> dict[str, alt.LayerChart]:
    """The figures of several models that differ in density alone, in the order of SWEEP_FIGURES.

    Args:
        models: two or more.
        names: which ones, and no other is made; all that apply unless given.
        theme: the colours.
        thresholds: where the classes of neurons end.

    Returns:
        By name, charts with title, notes and colours of their own. "gain" is left out where no
        model can gain anything, and so are figures that `not_drawn` excludes.

    Raises:
        ValueError: for fewer than two models.
    """
    if len(models) < 2:
        raise ValueError(f"{len(models)} model: a sweep's figures compare two or more")
    config, recipe = models[0].config, models[0].recipe
    about = f"{_sizes(config)}, d = {config.importance_decay:g}, seed {config.seed}, "
    made: dict[str, alt.LayerChart] = {}
    for name, figure in SWEEP_FIGURES.items():
        if (names is not None and name not in names) or not_drawn(name, config):
            continue
        table = figure.table(models, thresholds)
        if name == "gain" and not table["gain"].notna().to_numpy().any():
            continue
        alone = standing_alone(
            figure.draw(table, theme=theme),
            title=figure.title,
            subtitle=[about + recipe_name(recipe)],
            theme=theme,
            width=_SWEEP_WIDTH,
        )
        made[name] = alone.to_altair()
    return made


def not_drawn(name: str, config: Config) -> str | None:
    """Why this figure does not apply to a model or to a sweep, or None where it does."""
    if name in _OF_NEURONS_WITH_RELU and config.activation != "relu":
        return f"{name} is of networks whose neurons have a ReLU"
    if name not in FIGURES:
        return None
    figure = FIGURES[name]
    if name in MOTIF_FIGURES and config.task != "abs":
        return f"{name} is of networks that compute |x|"
    if config.n_features < figure.min_features:
        features = count(figure.min_features, "feature")
        return f"{name} takes {features} or more; this model has {_sizes(config)}"
    if config.n_features <= figure.max_features and config.n_neurons <= figure.max_neurons:
        return None
    return (
        f"{name} is drawn for n up to {figure.max_features} and m up to {figure.max_neurons}; "
        f"this model has {_sizes(config)}"
    )


def _chosen(names: Sequence[str] | None, config: Config) -> list[str]:
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
        f"loss {estimate(loss, error)}, without superposition "
        f"{no_superposition_loss(config):.3g}: "
        + ("nothing to gain" if math.isnan(gained) else f"gain {gained:.2f}"),
    ]


def _sizes(config: Config) -> str:
    return f"n = {config.n_features:,}, m = {config.n_neurons:,}"
