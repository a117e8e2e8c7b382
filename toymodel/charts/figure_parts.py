"""What figures are made from: who they are about, and what each is before it stands alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from toymodel.analysis.activations import Activity, activity
from toymodel.analysis.decomposition import Roles, find_roles
from toymodel.analysis.features import Interference, interference
from toymodel.analysis.polysemanticity import Neurons, Thresholds, first_shown, neurons
from toymodel.charts.drawing import Drawing
from toymodel.charts.look import Theme
from toymodel.config import Config
from toymodel.model import Model, Weights

WIDTH = 720


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """A model and what of it is drawn; what several figures need is measured once, when needed.

    first: how many neurons the stack plots show. features: those whose response is drawn.
    neuron, feature: the one chosen, if any.
    """

    model: Model
    restart: int
    theme: Theme
    thresholds: Thresholds | None
    features: tuple[int, ...]
    first: int
    neuron: int | None
    feature: int | None

    @property
    def config(self) -> Config:
        """The model's."""
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

    @cached_property
    def interference(self) -> Interference:
        """What the features do to each other's outputs."""
        return interference(self.config, self.weights)


class Part(NamedTuple):
    """A figure that has yet to be put on a background of its own."""

    title: str
    drawing: Drawing
    notes: tuple[str, ...]
    width: int = WIDTH


class Figure(NamedTuple):
    """What a figure shows, in words, how it is drawn, and for which models.

    least: features that it takes. most: features and neurons that it has room for.
    """

    words: str
    draw: Callable[[Subject], Part]
    least: int = 1
    most: tuple[float, float] = (math.inf, math.inf)
