"""How a model is trained: `Recipe`, the presets, and what they choose for a config."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from toymodel.config import Config
from toymodel.settings import Allowed, Problem, SettingError, Settings

MIN_IMPORTANCE = 0.003
"""The least importance of trained features that a recipe chooses, at the lowest densities."""


class Recipe(Settings):
    """How a model is trained. The default is the "standard" preset.

    Four fields may be None: `resolve` chooses them for a config, by its task, size and density.

    Attributes:
        steps: optimiser steps of one cycle, 1 to 1,000,000.
        batch_size: examples a step, 1 to 65,536.
        learning_rate: of Adam, at its highest; above 0 and at most 10. None: chosen.
        schedule: "cosine": the learning rate falls to zero after the warm-up. "constant": it stays.
        warmup: share of the steps, 0 to 1, over which the learning rate rises linearly from zero.
        beta1: decay of Adam's average of the gradient, from 0 and below 1.
        beta2: decay of Adam's average of the squared gradient, from 0 and below 1.
        init: "xavier": normal. "kaiming": uniform, as the usual course recipe calls it on a
            batched tensor, where the fan-in is n m.
        init_scale: factor on the initial weights, 0 to 10. Biases start at zero.
        sampler: "iid" draws from the true distribution. "tilted" is importance sampling: features
            are active with probability q = max(p, min_active / n), where a tilt goes to 1/2 at
            most, spread evenly over the batch; each example is weighted by the likelihood ratio.
            The expected loss is the same, and no batch is empty.
        min_active: active features an example that importance sampling aims at where p gives
            fewer; above 0 and at most 100.
        slope: the output unit's slope for negative pre-activations where the target is positive,
            0 to 1, so that no unit dies before it has found its feature. Where the target is 0
            the unit is a ReLU, so that it cuts negative interference off from the start.
        slope_until: share of the steps, 0 to 1, after which the slope is 0. It is constant over
            the first half of them and falls linearly over the second. None: chosen.
        curriculum: how much sparser the features are at the start, 0 to 100: the density is
            p / (1 + curriculum (1 - p) min(1, p n)) and rises to p over 70 % of the steps.
            None: chosen.
        min_importance: features of less importance are left out, as a share, 0 to 1, of the
            importance of the first feature that gets no neurons of its own where none are shared.
            They have no weights, and their outputs are the best constant. None: chosen.
        restarts: models trained side by side for one config, 1 to 64. The one with the lowest loss
            is the model; the others are kept to look at.
        cycles: how often the schedule runs, 1 to 100. From the second time on, training goes on
            from the weights of the time before: a warm restart of Adam, with new data, no
            curriculum and, where the schedule is a cosine, a third of the learning rate.
        weights: 16 hexadecimal digits that name weights that were not trained here; the other
            fields mean nothing then, and such a recipe cannot be trained. Empty otherwise.

    Raises:
        SettingError: for a value that is not allowed. It names field, value and allowed range.
    """

    steps: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            alias="steps",
            title="Steps",
            description="Optimiser steps of one run of the schedule.",
        ),
    ] = 3_500
    batch_size: Annotated[
        int,
        Field(
            ge=1, le=65_536, alias="batch", title="Batch size", description="Examples in each step."
        ),
    ] = 256
    learning_rate: Annotated[
        float | None,
        Field(
            gt=0,
            le=10,
            alias="lr",
            title="Learning rate",
            description="Adam's learning rate at its highest. Unless set, it is chosen by the "
            "number of trained features and of steps.",
        ),
    ] = None
    schedule: Annotated[
        Literal["cosine", "constant"],
        Field(
            alias="schedule",
            title="Schedule",
            description="cosine: the learning rate falls to zero after the warm-up. "
            "constant: it stays.",
        ),
    ] = "cosine"
    warmup: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            alias="warmup",
            title="Warm-up",
            description="Share of the steps over which the learning rate rises from zero.",
        ),
    ] = 0.05
    beta1: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            alias="beta1",
            title="Adam β₁",
            description="Decay of Adam's average of the gradient.",
        ),
    ] = 0.8
    beta2: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            alias="beta2",
            title="Adam β₂",
            description="Decay of Adam's average of the squared gradient.",
        ),
    ] = 0.95
    init: Annotated[
        Literal["xavier", "kaiming"],
        Field(
            alias="init",
            title="Initial weights",
            description="xavier: normal. kaiming: uniform, as courses call it on a batched tensor.",
        ),
    ] = "xavier"
    init_scale: Annotated[
        float,
        Field(
            ge=0,
            le=10,
            alias="scale",
            title="Initial scale",
            description="Factor on the initial weights. Biases start at zero.",
        ),
    ] = 1.0
    sampler: Annotated[
        Literal["tilted", "iid"],
        Field(
            alias="sampler",
            title="Sampler",
            description="iid: examples from the true distribution, most of them empty where "
            "features are sparse. tilted: importance sampling. Features are active more often, and "
            "examples are weighted so that the expected loss is the same.",
        ),
    ] = "tilted"
    min_active: Annotated[
        float,
        Field(
            gt=0,
            le=100,
            alias="active",
            title="Active features",
            description="Active features in an example of the tilted sampler, where the density "
            "gives fewer.",
        ),
    ] = 1.5
    slope: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            alias="slope",
            title="Output slope",
            description="Slope of an output below zero where its target is positive, so that none "
            "dies before it has found its feature. 0: a ReLU from the start.",
        ),
    ] = 0.3
    slope_until: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            alias="slope-until",
            title="Slope until",
            description="Share of the steps after which the slope is 0. Unless set, it is chosen "
            "by density and the numbers of trained features and of neurons.",
        ),
    ] = None
    curriculum: Annotated[
        float | None,
        Field(
            ge=0,
            le=100,
            alias="curriculum",
            title="Curriculum",
            description="How much sparser features are at the start of the training than later: "
            "their density is divided by at most 1 + this. 0: the same density throughout. Unless "
            "set, it is chosen by the task.",
        ),
    ] = None
    min_importance: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            alias="min-importance",
            title="Least importance",
            description="Features of less importance are left out of the training, as a share of "
            "the importance of the first feature that has no neurons of its own where none are "
            "shared. Unless set, it is chosen by density. 0: none is left out.",
        ),
    ] = None
    restarts: Annotated[
        int,
        Field(
            ge=1,
            le=64,
            alias="restarts",
            title="Restarts",
            description="Models trained side by side from different initial weights; the one with "
            "the lowest loss is shown first.",
        ),
    ] = 1
    cycles: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            alias="cycles",
            title="Cycles",
            description="How often the schedule runs: each later time goes on from where the model "
            "stands.",
        ),
    ] = 1
    weights: Annotated[
        str,
        Field(
            pattern="^([0-9a-f]{16})?$",
            max_length=16,
            alias="weights",
            title="Weights from elsewhere",
        ),
        Allowed("empty, or 16 hexadecimal digits that name weights from elsewhere"),
    ] = ""

    @property
    def total_steps(self) -> int:
        """Optimiser steps of all cycles."""
        return self.steps * self.cycles

    def resolve(self, config: Config) -> Recipe:
        """Choose what is None for a config. This is the one place that says by which rule.

        Few features allow a high learning rate, and so do few steps; where input and output
        weights are the same ones, many features need a lower one, and sparser features at first
        do not help. An output of a small network finds its feature early, and a slope that lasts
        hides better arrangements of neurons from it; where sparse features must share neurons, the
        last output finds its own later. Features without weights do not disturb others, and the
        denser the features, the fewer are worth it.

        Args:
            config: what is trained.

        Returns:
            The recipe with every field set.
        """
        return _resolve(self, config)  # pyright: ignore[reportArgumentType]  # frozen: hashable

    def trained_features(self, config: Config) -> int:
        """How many features are trained; the less important ones are left out.

        They are the first ones. Of weights from elsewhere none is left out.
        """
        if self.weights:
            return config.n_features
        return _trained_features(config, self.resolve(config).min_importance or 0.0)

    def importance_left_out(self, config: Config) -> float:
        """The share of the importance, 0 to 1, of the features that are left out."""
        importance = config.importance.astype(np.float64)
        return float(importance[self.trained_features(config) :].sum() / importance.sum())


@lru_cache(maxsize=4_096)  # a training asks again for every block of steps
def _resolve(recipe: Recipe, config: Config) -> Recipe:
    chosen: dict[str, float] = {}
    if recipe.min_importance is None:
        chosen["min_importance"] = min(max(config.feature_probability, MIN_IMPORTANCE), 0.1)
    least = chosen.get("min_importance", recipe.min_importance) or 0.0
    trained = _trained_features(config, least)
    if recipe.learning_rate is None:
        few = 50 / trained if config.definition.tied else math.sqrt(50 / trained)
        rate = 0.06 * math.sqrt(3_500 / recipe.steps) * min(1.3, few)
        chosen["learning_rate"] = float(f"{min(rate, 0.15):.2g}")
    if recipe.curriculum is None:
        chosen["curriculum"] = 0.0 if config.definition.tied else 2.0
    if recipe.slope_until is None:
        # Features that are hardly ever there together share neurons, where these are few.
        crowd = 1.0 if config.definition.tied else config.n_features / config.n_neurons
        sharing = min(trained * min(crowd, 2.0), 1 / config.feature_probability)
        chosen["slope_until"] = round(min(max(max(trained, sharing) / 50, 0.2), 0.8), 2)
    return recipe.replace(**chosen) if chosen else recipe


def drawn_features(config: Config, recipe: Recipe) -> int:
    """How many features training examples are drawn for; those that are trained come first.

    It is the same for all densities, so that they are trained on the same inputs, unless a recipe
    leaves out more features or fewer than it would by itself.
    """
    least = recipe.resolve(config).min_importance or 0.0
    return _trained_features(config, min(least, MIN_IMPORTANCE))


def _trained_features(config: Config, min_importance: float) -> int:
    n, d = config.n_features, config.importance_decay
    alone = config.n_neurons // config.definition.neurons
    if min_importance == 0 or d == 1:
        return n
    # The last bits of a logarithm must not decide about a feature.
    more = math.ceil(round(math.log(min_importance) / math.log(d), 9))
    return max(1, min(n, alone + more))


RECIPES: dict[str, Recipe] = {
    "quick": Recipe(steps=800),
    "standard": Recipe(),
    "thorough": Recipe(steps=10_000, batch_size=512, restarts=8),
    "usual": Recipe(
        steps=10_000,
        batch_size=1_024,
        learning_rate=1e-3,
        schedule="constant",
        warmup=0.0,
        beta1=0.9,
        beta2=0.999,
        init="kaiming",
        sampler="iid",
        slope=0.0,
        slope_until=0.0,
        curriculum=0.0,
        min_importance=0.0,
    ),
}
"""The presets by name. Links name them, so a preset once published is never changed."""


def as_recipe(recipe: Recipe | str | None) -> Recipe:
    """The recipe that a caller gives by itself, by the name of a preset, or not at all.

    Raises:
        SettingError: for anything else, and for weights from elsewhere.
    """
    if isinstance(recipe, str) and recipe in RECIPES:
        recipe = RECIPES[recipe]
    recipe = Recipe() if recipe is None else recipe
    if not isinstance(recipe, Recipe):
        given = recipe if isinstance(recipe, str) else type(recipe).__name__
        allowed = f"a Recipe, or the name of a preset: {', '.join(map(repr, RECIPES))}"
        raise SettingError((Problem("recipe", given, allowed),))
    require_trained(recipe)
    return recipe


def require_trained(recipe: Recipe) -> None:
    """Raise `SettingError` for weights from elsewhere, which are neither trained nor stored."""
    if recipe.weights:
        allowed = "empty: weights from elsewhere are neither trained nor stored"
        raise SettingError((Problem("weights", recipe.weights, allowed),))


def difference(preset: str, recipe: Recipe, config: Config | None = None) -> dict[str, object]:
    """The fields in which a recipe differs from a preset, with the recipe's values.

    Args:
        preset: a name of `RECIPES`.
        recipe: a recipe.
        config: what is trained. A field that is what the preset chooses for it, or would choose
            with the recipe's number of steps and of trained features, does not differ.
    """
    before = RECIPES[preset]
    if config:
        chosen = before.resolve(config)
        recipe = recipe.resolve(config)
        by_others = {
            name: None
            for name in ("learning_rate", "slope_until", "curriculum")
            if getattr(before, name) is None
        }
        again = recipe.replace(**by_others).resolve(config)
        before = chosen.replace(**{name: getattr(again, name) for name in by_others})
    fields = recipe.model_dump()
    return {name: value for name, value in fields.items() if value != getattr(before, name)}


def nearest_preset(recipe: Recipe, config: Config | None = None) -> str:
    """The preset from which a recipe for a config differs in the fewest fields."""
    return min(RECIPES, key=lambda preset: len(difference(preset, recipe, config)))


def recipe_name(recipe: Recipe, config: Config | None = None) -> str:
    """The nearest preset and what differs from it: "standard with restarts = 8"."""
    if recipe.weights:
        return f"weights from elsewhere ({recipe.weights[:6]})"
    preset = nearest_preset(recipe, config)
    changes = difference(preset, recipe, config)
    changed = ", ".join(f"{field} = {value}" for field, value in changes.items())
    return f"{preset} with {changed}" if changed else preset
