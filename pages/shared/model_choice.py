"""The choice of a model, its part of a link, and its task in words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pages.shared.link_state import LinkState
from toymodel.config import Config
from toymodel.recipe import RECIPES, Recipe, difference, nearest_preset
from toymodel.text import percent

Preset = Annotated[
    Literal["quick", "standard", "thorough", "usual"],
    Field(
        alias="recipe",
        title="Recipe",
        description="How it is trained. Choosing one sets every field of the recipe.",
    ),
]

TASK_NAMES = {
    "abs": "absolute value, |x|",
    "identity": "identity, x, with tied weights",
}
"""The tasks as a person chooses them."""

ACTIVATION_NAMES = {"relu": "ReLU", "none": "none: a linear hidden layer"}
"""The activation functions of the hidden layer as a person chooses them."""

DrawnNeurons = Annotated[
    Literal["first", "all"],
    Field(
        alias="neurons",
        title="Neurons",
        description="Those that hold the most important features come first.",
    ),
]
"""Whether a stack plot of many neurons draws the most important ones or all."""

BlockColour = Annotated[
    Literal["superposition", "feature"], Field(alias="colour", title="Colour by")
]
"""What the colour of a block in a stack plot means."""

PRESETS = {
    "quick": "quick: for a first look",
    "standard": "standard",
    "thorough": "thorough: lowest loss",
    "usual": "usual: as in courses",
}
"""What pages call the presets."""


class Choice(LinkState):
    """A model: what is trained, and how.

    Attributes:
        config: what is trained.
        preset: the preset that the recipe was made from.
        recipe: how it is trained. Fields that the preset chooses for the config are None. In a
            link, the fields in which it differs from the preset.
    """

    config: Config = Config()
    preset: Preset = "standard"
    recipe: Recipe = RECIPES["standard"]

    @classmethod
    def of(cls, config: Config, recipe: Recipe) -> Choice:
        """The choice of a model, with the preset that is nearest to its recipe."""
        choice = cls(config=config, preset=nearest_preset(recipe, config), recipe=recipe)  # pyright: ignore[reportArgumentType]
        return choice._tidy()

    def _tidy(self) -> Choice:
        # A field that is what the preset chooses is chosen anew where the config changes.
        changes = difference(self.preset, self.recipe, self.config)
        return self.replace(recipe=RECIPES[self.preset].replace(**changes))

    def __eq__(self, other: object) -> bool:
        """Whether both are the same model, whichever presets they were made from."""
        if not isinstance(other, Choice):
            return NotImplemented
        return (self.config, self.resolved) == (other.config, other.resolved)

    def __hash__(self) -> int:
        return hash((self.config, self.resolved))

    @property
    def resolved(self) -> Recipe:
        """The recipe with what it chooses for the config."""
        return self.recipe.resolve(self.config)

    def with_value(self, name: str, value: object) -> Choice:
        """This choice with one setting changed; a preset brings its recipe.

        A change of an uploaded model's settings makes it a model to train.
        """
        if self.recipe.weights and name != "weights":
            trained = self.replace(recipe=self.recipe.replace(weights=""))
            return trained.with_value(name, value)
        changed = super().with_value(name, value)
        if name == "recipe":
            return changed.replace(recipe=RECIPES[changed.preset])
        return changed if changed.recipe == self.recipe else changed._tidy()

    @property
    def link(self) -> dict[str, str]:
        """Every field of the config, the preset, and the recipe's fields that differ from it."""
        tidy = self._tidy()
        differs = difference(tidy.preset, tidy.recipe, tidy.config)
        parameters = self.parameters()
        return {
            name: text
            for name, text in super(Choice, tidy).link.items()
            if name not in parameters
            or parameters[name].path[0] != "recipe"
            or parameters[name].path[1] in differs
        }


def left_out(config: Config, recipe: Recipe) -> str:
    """Say which features a model's training leaves out and why; "" where it leaves out none."""
    trained = recipe.trained_features(config)
    n = config.n_features
    if trained == n:
        return ""
    return (
        f"Left out of the training: {n - trained:,} of {n:,} features, from f{trained} on, with "
        f"{percent(recipe.importance_left_out(config))} of the importance. Training them disturbs "
        "the others; an output that is not trained is the best constant, p/2 = "
        f"{config.feature_probability * config.definition.mean:.3g}. "
        "*Least importance* = 0 trains all."
    )


def formula(config: Config) -> str:
    """The network's formula, in LaTeX."""
    tied = config.definition.tied
    inputs, outputs = ("W", r"W^\top") if tied else ("W_1", "W_2")
    drive = f"{inputs} x + c" if config.hidden_bias else f"{inputs} x"
    if config.activation == "relu":
        hidden = rf"\mathrm{{ReLU}}({drive})"
    else:
        hidden = f"({drive})" if config.hidden_bias else drive
    space = "" if tied else r"\,"
    return rf"$y = \mathrm{{ReLU}}({outputs}{space}{hidden} + b)$"


def target(config: Config) -> str:
    """The target of an output, in LaTeX."""
    return "$|x_i|$" if config.task == "abs" else "$x_i$"


def values(config: Config) -> str:
    """The range of an active feature's values, as text."""
    task = config.definition
    return f"[{task.low:g}, {task.high:g}]".replace("-", "−")
