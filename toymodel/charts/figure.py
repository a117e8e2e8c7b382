"""What a figure is made from, and what it is before it stands alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from toymodel.analysis.activations import Activity, activity
from toymodel.analysis.decomposition import Roles, find_roles
from toymodel.analysis.features import Interference, interference
from toymodel.analysis.motifs import scale_neurons
from toymodel.analysis.polysemanticity import Neurons, Thresholds, first_shown, neurons
from toymodel.charts.chart import Chart
from toymodel.charts.look import Theme
from toymodel.config import Config
from toymodel.model import Model, Weights

WIDTH = 720


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """A model and what of it is drawn; what several figures need is measured once, when needed.

    Attributes:
        model: the model.
        restart: which of its restarts.
        theme: the colours.
        thresholds: where the classes of neurons end.
        features: those whose response is drawn.
        first: how many neurons the stack plots show, from the left.
        neuron: the one that figures of a neuron show, if any was chosen.
        feature: the one that figures of a feature show, if any was chosen.
        scaled: whether figures of the motif scale neurons as the paper does.
    """

    model: Model
    restart: int
    theme: Theme
    thresholds: Thresholds | None
    features: tuple[int, ...]
    first: int
    neuron: int | None
    feature: int | None
    scaled: bool

    @property
    def config(self) -> Config:
        """The model's settings."""
        return self.model.config

    @property
    def weights(self) -> Weights:
        """Those of the restart."""
        return self.model.restarts[self.restart]

    @cached_property
    def neurons(self) -> Neurons:
        """What each neuron holds."""
        return neurons(self.weights.W1, self.thresholds)

    @cached_property
    def this_neuron(self) -> int:
        """The neuron chosen, or else one with clear secondary features, where there is any."""
        if self.neuron is not None:
            return self.neuron
        return first_shown(self.weights.W1, self.neurons)

    @property
    def this_feature(self) -> int:
        """The feature chosen, or else the most important one."""
        return self.feature or 0

    @cached_property
    def activity(self) -> Activity:
        """What makes the neuron fire."""
        return activity(self.config, self.weights, self.this_neuron)

    @cached_property
    def roles(self) -> Roles:
        """What each weight is for."""
        return find_roles(self.weights)

    @property
    def motif_weights(self) -> Weights:
        """Those that figures of the motif draw."""
        return scale_neurons(self.weights, self.roles.motifs) if self.scaled else self.weights

    @cached_property
    def interference(self) -> Interference:
        """What the features do to each other's outputs."""
        return interference(self.config, self.weights)


class TitledChart(NamedTuple):
    """A chart with what is written above it where it stands alone.

    Attributes:
        title: what it shows.
        chart: the chart.
        notes: how to read it, a line each.
        width: in pixels.
    """

    title: str
    chart: Chart
    notes: tuple[str, ...]
    width: int = WIDTH


class Figure(NamedTuple):
    """A figure of one model.

    Attributes:
        description: what it shows.
        draw: makes it.
        min_features: features that it takes.
        max_features: features that it has room for.
        max_neurons: neurons that it has room for.
    """

    description: str
    draw: Callable[[Subject], TitledChart]
    min_features: int = 1
    max_features: float = math.inf
    max_neurons: float = math.inf
