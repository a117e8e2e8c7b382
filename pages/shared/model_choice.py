"""A model that a person chose, and its part of a link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pages.shared.links import Param, parse, parse_flag, write, write_flag
from pages.shared.recipes import RECIPE_PARAMS, Base
from toymodel.config import RECIPES, Config, Recipe, difference
from toymodel.settings import SettingError
from toymodel.text import number


@dataclass(frozen=True)
class Choice:
    """A model that a person chose: what is trained, how, and the preset that this came from."""

    config: Config
    preset: str = field(compare=False)
    recipe: Recipe

    def changed(self, part: str, field: str, value: object) -> Choice:
        """This choice with one field of its config, preset or recipe changed.

        Weights from elsewhere have no other settings: with one changed it is a model to train.
        """
        if self.recipe.weights:
            trained = replace(self, recipe=self.recipe.replace(weights=""))
            return trained.changed(part, field, value)
        if part == "config":
            changes = {field: value}
            if field == "task" and value != self.config.task:
                changes["hidden_bias"] = False  # which not every task can have
            return replace(self, config=self.config.replace(**changes))
        if part == "preset":
            return replace(self, preset=str(value), recipe=RECIPES[str(value)])
        return replace(self, recipe=self.recipe.replace(**{field: value}))

    @property
    def link(self) -> dict[str, str]:
        """Every field of the config, the preset, and where the recipe differs from it."""
        written = write(
            (*CONFIG_PARAMS, *RECIPE_PARAMS),
            {
                Config: self.config,
                Base: Base.from_mapping({"preset": self.preset}),
                Recipe: self.recipe,
            },
        )
        differs = difference(self.preset, self.recipe)
        same = {p.name for p in RECIPE_PARAMS if p.field not in differs}
        return {name: value for name, value in written.items() if name not in same}

    @classmethod
    def from_link(cls, link: Mapping[str, list[str]], default: Choice) -> tuple[Choice, list[str]]:
        """The choice of a link; where it says nothing, that of the default."""
        fields, problems = parse((*CONFIG_PARAMS, *RECIPE_PARAMS), link)
        preset = default.preset
        recipe = default.recipe
        if "preset" in fields[Base]:
            preset = str(fields[Base]["preset"])
            recipe = RECIPES[preset]
        try:
            config = default.config.replace(**fields[Config])
        except SettingError as error:  # of fields that are right by themselves
            config = default.config
            problems += map(str, error.problems)
        return cls(config, preset, recipe.replace(**fields[Recipe])), problems


CONFIG_PARAMS = (
    Param("task", Config, "task"),
    Param("n", Config, "n_features"),
    Param("m", Config, "n_neurons"),
    Param("p", Config, "feature_probability", write=number),
    Param("d", Config, "importance_decay", write=number),
    Param("seed", Config, "seed"),
    Param("hidden", Config, "hidden_bias", parse_flag, write_flag),
    Param("recipe", Base, "preset"),
)

CHOICE_NAMES = {param.name for param in (*CONFIG_PARAMS, *RECIPE_PARAMS)}
"""The parameters of a link that are a choice's."""
