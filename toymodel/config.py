"""What is trained (`Config`) and how (`Recipe`)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Float32
from pydantic import Field, field_validator

from toymodel.settings import Problem, SettingError, Settings
from toymodel.task import TASKS, Task

MAX_SEED = 2**31 - 1
HIDDEN_BIAS_ALLOWED = "true or false, and true only in the identity task"
WEIGHTS_ALLOWED = "empty, or 16 hexadecimal digits that name weights from elsewhere"


class Config(Settings):
    """One model of the paper's section "Computation in Superposition".

    Raises `SettingError`, which names field, value and allowed range.

    Attributes:
        task: "abs": the output should be |x| for every feature, from -1 to 1. "identity": x
            itself, from 0 to 1, with tied weights: W2 is W1 transposed.
        n_features: n, 1 to 2,000.
        n_neurons: m, 1 to 2,000.
        feature_probability: p = 1 - S, in (0, 1]: how often a feature is not zero.
        importance_decay: d, in (0, 1]: feature i has importance I_i = d^i.
        seed: 0 to 2^31 - 1; decides initial weights and training data, and nothing else does.
        hidden_bias: whether neurons have a bias; only in the identity task.
    """

    task: Literal["abs", "identity"] = "abs"
    n_features: Annotated[int, Field(ge=1, le=2_000)] = 100
    n_neurons: Annotated[int, Field(ge=1, le=2_000)] = 40
    feature_probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    importance_decay: Annotated[float, Field(gt=0, le=1)] = 0.8
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0
    hidden_bias: Annotated[bool, Field(description=HIDDEN_BIAS_ALLOWED)] = False

    @field_validator("hidden_bias")
    @classmethod
    def _in_the_identity_task_alone(cls, hidden_bias: bool, given: Any) -> bool:
        if hidden_bias and given.data.get("task") == "abs":
            raise ValueError
        return hidden_bias

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


class Recipe(Settings):
    """How a model is trained. The default is the "standard" preset.

    Raises `SettingError`, which names field, value and allowed range.

    Attributes:
        steps: optimiser steps.
        batch_size: examples a step.
        learning_rate: Adam's, at its highest.
        schedule: "cosine" goes down to zero after the warm-up; "constant" stays.
        warmup: share of the steps over which the learning rate rises linearly from zero.
        beta1, beta2: Adam's averages of the gradient and of its square.
        init: "xavier" (normal), or "kaiming": uniform, as the usual course recipe calls it on a
            batched tensor, with n m for the fan-in.
        init_scale: factor on the initial weights. Biases start at zero.
        sampler: "iid" draws from the true distribution. "tilted" draws features active with
            probability q = max(p, min_active / n), where a tilt goes to 1/2 at most, spread evenly
            over the batch, and weights each example by the likelihood ratio: the expected loss is
            the same and no batch is empty.
        min_active: active features an example that tilted sampling aims at, where p gives fewer.
        linear_until: the output unit's slope for negative values goes from 1 to 0, as the square
            of what is left, over this share of the steps, so that no unit dies before it has
            found its feature. 0 is a plain ReLU from the start.
        restarts: models trained a config, side by side; the one with the lowest loss is kept
            as the model, the others are kept to look at.
        cycles: how often the schedule is run. From the second time on, training goes on from the
            weights of the time before: a warm restart of Adam, with new data, a plain ReLU and,
            where the schedule is a cosine, a third of the learning rate.
        weights: of a model that was not trained here: what tells its weights from others. No such
            recipe can be trained; its other fields mean nothing.
    """

    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 7_000
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 128
    learning_rate: Annotated[float, Field(gt=0, le=10)] = 0.03
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup: Annotated[float, Field(ge=0, le=1)] = 0.05
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.98
    init: Literal["xavier", "kaiming"] = "xavier"
    init_scale: Annotated[float, Field(ge=0, le=10)] = 0.3
    sampler: Literal["tilted", "iid"] = "tilted"
    min_active: Annotated[float, Field(gt=0, le=100)] = 1.5
    linear_until: Annotated[float, Field(ge=0, le=1)] = 0.8
    restarts: Annotated[int, Field(ge=1, le=64)] = 1
    cycles: Annotated[int, Field(ge=1, le=100)] = 1
    weights: Annotated[
        str, Field(pattern="^([0-9a-f]{16})?$", max_length=16, description=WEIGHTS_ALLOWED)
    ] = ""

    @property
    def total_steps(self) -> int:
        """Optimiser steps of all cycles."""
        return self.steps * self.cycles


RECIPES: dict[str, Recipe] = {
    "quick": Recipe(steps=1_600, beta2=0.97, init_scale=1.0),
    "standard": Recipe(),
    "thorough": Recipe(steps=16_000, batch_size=256, beta2=0.99, restarts=8),
    "usual": Recipe(
        steps=10_000,
        batch_size=1_024,
        learning_rate=1e-3,
        schedule="constant",
        warmup=0.0,
        beta2=0.999,
        init="kaiming",
        init_scale=1.0,
        sampler="iid",
        linear_until=0.0,
    ),
}
"""The presets by name. Links name them, so a preset once published is never changed."""


def require_trained(recipe: Recipe) -> None:
    """Raise `SettingError` for weights from elsewhere, which are neither trained nor stored."""
    if recipe.weights:
        allowed = "empty: weights from elsewhere are neither trained nor stored"
        raise SettingError((Problem("weights", recipe.weights, allowed),))


def difference(preset: str, recipe: Recipe) -> dict[str, object]:
    """The fields in which a recipe differs from a preset, with the recipe's values."""
    before = RECIPES[preset].model_dump()
    return {name: value for name, value in recipe.model_dump().items() if value != before[name]}


def nearest_preset(recipe: Recipe) -> str:
    """The preset from which a recipe differs in the fewest fields."""
    return min(RECIPES, key=lambda preset: len(difference(preset, recipe)))


def recipe_name(recipe: Recipe) -> str:
    """The nearest preset and what differs from it: "standard with restarts = 8"."""
    if recipe.weights:
        return f"weights from elsewhere ({recipe.weights[:6]})"
    preset = nearest_preset(recipe)
    changes = difference(preset, recipe)
    changed = ", ".join(f"{field} = {value}" for field, value in changes.items())
    return f"{preset} with {changed}" if changed else preset
