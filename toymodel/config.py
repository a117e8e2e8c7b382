"""What is trained: `Config`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Float32
from pydantic import Field

from toymodel.settings import Problem, SettingError, Settings
from toymodel.task import TASKS, Task

MAX_SEED = 2**31 - 1


Activation = Literal["relu", "none"]
"""The activation function of the hidden layer; "none" is a linear hidden layer."""


def as_configs(configs: Iterable[Config]) -> list[Config]:
    """The configs that a caller gives as a list.

    Raises:
        SettingError: for one config that is not in a list, and for what is no config.
    """
    if isinstance(configs, Config):
        raise SettingError((Problem("configs", "one Config", "a list of them: [config]"),))
    listed = list(configs)
    for index, config in enumerate(listed):
        if not isinstance(config, Config):
            where = f"configs[{index}]"
            raise SettingError((Problem(where, type(config).__name__, "a Config"),))
    return listed


class Config(Settings):
    """What is trained: one model of the paper's section "Computation in Superposition".

    Attributes:
        task: "abs": every output should be |x| of its feature, which runs from -1 to 1.
            "identity": x itself, from 0 to 1, with tied weights: W2 is W1 transposed.
        n_features: n, 1 to 2,000.
        n_neurons: m, 1 to 2,000.
        feature_probability: p = 1 - S, above 0 and at most 1: how often a feature is not zero.
        importance_decay: d, above 0 and at most 1: feature i has importance I_i = d^i.
        seed: 0 to 2^31 - 1. It decides the initial weights and the training data.
        hidden_bias: whether neurons have a bias.
        activation: of the neurons: "relu", or "none" for a linear hidden layer, in which no basis
            is privileged. Outputs have a ReLU either way.

    Raises:
        SettingError: for a value that is not allowed. It names field, value and allowed range.
    """

    task: Annotated[
        Literal["abs", "identity"],
        Field(alias="task", title="Task", description="What every output should be."),
    ] = "abs"
    n_features: Annotated[
        int,
        Field(ge=1, le=2_000, alias="n", title="Features n", description="Inputs, and outputs."),
    ] = 100
    n_neurons: Annotated[
        int, Field(ge=1, le=2_000, alias="m", title="Neurons m", description="Hidden neurons.")
    ] = 40
    feature_probability: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            alias="p",
            title="Density 1 − S",
            description="How often a feature is not zero.",
        ),
    ] = 1.0
    importance_decay: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            alias="d",
            title="Importance decay d",
            description="Feature i has importance d^i; the first one has 1.",
        ),
    ] = 0.8
    seed: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_SEED,
            alias="seed",
            title="Seed",
            description="Decides the initial weights and the training data.",
        ),
    ] = 0
    hidden_bias: Annotated[
        bool,
        Field(
            alias="hidden",
            title="Hidden bias",
            description="Whether neurons have a bias: h = ReLU(W x + c).",
        ),
    ] = False
    activation: Annotated[
        Activation,
        Field(
            alias="activation",
            title="Hidden activation",
            description="relu: h = ReLU(W x). none: a linear hidden layer, h = W x. "
            "Outputs have a ReLU either way.",
        ),
    ] = "relu"

    @property
    def definition(self) -> Task:
        """The task's input range and target."""
        return TASKS[self.task]

    @property
    def importance(self) -> Float32[np.ndarray, " feature"]:
        """I, shape (feature,): d^i, the first is 1."""
        return (self.importance_decay ** np.arange(self.n_features, dtype=np.float64)).astype(
            np.float32
        )

    @property
    def loss_scale(self) -> float:
        """The loss of answering 0 to everything, p E[t^2] sum I: normalised losses divide by it."""
        importance = self.importance.astype(np.float64).sum()
        return self.feature_probability * self.definition.mean_square * float(importance)
