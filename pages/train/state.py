"""The whole state of the page that trains one model, and its link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pages.shared.links import Param, parse, refused, write
from pages.shared.model_choice import CHOICE_NAMES, CONFIG_PARAMS, Choice
from pages.shared.page_state import PageState
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import Config, Recipe
from toymodel.settings import Settings
from toymodel.sweeps.shipped import SMALL
from toymodel.text import number

MOST_FEATURES = 8
FEATURES_ALLOWED = f"up to {MOST_FEATURES} different numbers of features, with commas"
_OTHER = "vs."


class View(Settings):
    """How the model is drawn.

    restart: None is the one with the lowest loss. features: those whose response is drawn; None:
    the first few. neurons: "first" draws the most important ones where there are many.
    """

    restart: Annotated[int | None, Field(ge=0, le=63)] = None
    features: Annotated[tuple[int, ...] | None, Field(description=FEATURES_ALLOWED)] = None
    against: Literal["steps", "seconds"] = "steps"
    neurons: Literal["first", "all"] = "first"
    colour: Literal["superposition", "feature"] = "superposition"

    @field_validator("features")
    @classmethod
    def _few_and_different(cls, features: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if features is not None and (
            not 1 <= len(features) <= MOST_FEATURES or len(set(features)) < len(features)
        ):
            raise ValueError
        return features


def _parse_features(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.isascii() and part.isdecimal() and len(part) <= 4 for part in parts):
        raise refused("features", text, FEATURES_ALLOWED)
    return tuple(int(part) for part in parts)


VIEW_PARAMS = (
    Param("mono", Thresholds, "second_weight", write=number),
    Param("slight", Thresholds, "extra_weight", write=number),
    Param("restart", View, "restart"),
    Param("features", View, "features", _parse_features, lambda f: ",".join(map(str, f))),
    Param("against", View, "against"),
    Param("neurons", View, "neurons"),
    Param("colour", View, "colour"),
)

DEFAULT = Choice(SMALL.configs[0], "standard", SMALL.recipe)


@dataclass(frozen=True)
class TrainState:
    """Everything that the page shows follows from this. other: the model to compare with."""

    choice: Choice = DEFAULT
    thresholds: Thresholds = field(default_factory=Thresholds)
    view: View = field(default_factory=View)
    other: Choice | None = None

    @property
    def config(self) -> Config:
        """What is trained."""
        return self.choice.config

    @property
    def recipe(self) -> Recipe:
        """How it is trained."""
        return self.choice.recipe

    @property
    def link(self) -> dict[str, str]:
        """The link's parameters; of the other model, what differs from the first."""
        own = self.choice.link
        view = write(VIEW_PARAMS, {Thresholds: self.thresholds, View: self.view})
        other = _apart(self.other, self.choice) if self.other else {}
        return own | view | other

    @classmethod
    def from_link(cls, link: Mapping[str, list[str]]) -> tuple[TrainState, list[str]]:
        """The state of a link, and what is wrong with it in words."""
        of_other = {k.removeprefix(_OTHER): v for k, v in link.items() if k.startswith(_OTHER)}
        own = {name: values for name, values in link.items() if name in CHOICE_NAMES}
        rest = {
            name: values
            for name, values in link.items()
            if name not in CHOICE_NAMES and not name.startswith(_OTHER)
        }
        choice, problems = Choice.from_link(own, DEFAULT)
        fields, more = parse(VIEW_PARAMS, rest)
        problems += more
        state = cls(
            choice,
            Thresholds.from_mapping(fields[Thresholds]),
            View.from_mapping(fields[View]),
        )
        if of_other:
            other, more = Choice.from_link(of_other, choice)
            problems += [_OTHER + problem for problem in more]
            state = replace(state, other=None if other == choice else other)
        problems += state._odd()
        return state.consistent(), problems

    def changed(self, part: str, field: str, value: object) -> TrainState:
        """This state with one field of one part changed; raises `SettingError`."""
        if part == "thresholds":
            return replace(self, thresholds=self.thresholds.replace(**{field: value}))
        if part == "view":
            return replace(self, view=self.view.replace(**{field: value})).consistent()
        return self.showing(self.choice.changed(part, field, value))

    def showing(self, choice: Choice) -> TrainState:
        """This state with another model, seen as this one is."""
        view = self.view.replace(restart=None)
        other = None if choice == self.other else self.other
        return replace(self, choice=choice, view=view, other=other).consistent()

    def consistent(self) -> TrainState:
        """This state without a restart or features that there are not."""
        view = self.view
        if view.restart is not None and view.restart >= self.recipe.restarts:
            view = view.replace(restart=None)
        if view.features and max(view.features) >= self.config.n_features:
            kept = tuple(i for i in view.features if i < self.config.n_features)
            view = view.replace(features=kept or None)
        return replace(self, view=view)

    def _odd(self) -> list[str]:
        problems: list[str] = []
        restart, features = self.view.restart, self.view.features
        if restart is not None and restart >= self.recipe.restarts:
            most = self.recipe.restarts - 1
            problems.append(f"restart = {restart}: must be a whole number from 0 to {most}")
        if features and max(features) >= self.config.n_features:
            most = self.config.n_features - 1
            problems.append(f"features = {max(features)}: must be whole numbers from 0 to {most:,}")
        return problems


def _apart(other: Choice, choice: Choice) -> dict[str, str]:
    # A recipe that differs is written as a whole, a config field by field.
    own, theirs = choice.link, other.link
    recipe = [] if other.recipe == choice.recipe else theirs.keys() - _CONFIG_NAMES - {"v"}
    config = [name for name in _CONFIG_NAMES if own[name] != theirs[name]]
    return {_OTHER + name: theirs[name] for name in theirs if name in {*config, *recipe}}


_CONFIG_NAMES = {param.name for param in CONFIG_PARAMS if param.owner is Config}
TRAIN_STATE = PageState("train", TrainState(), TrainState.from_link)
