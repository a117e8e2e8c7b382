"""The state of the page that trains one model, and its link."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator

from pages.shared.link_state import Link, LinkState, each_once
from pages.shared.model_choice import BlockColour, Choice, DrawnNeurons
from pages.shared.page_session import PageSession
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import Config
from toymodel.recipe import Recipe
from toymodel.settings import Allowed
from toymodel.sweeps.shipped import SMALL

MAX_FEATURES = 8
_OTHER = "vs."


DEFAULT = Choice.of(SMALL.configs[0], SMALL.recipe)
"""The model that the page opens with."""


class TrainState(LinkState):
    """What the page that trains one model shows.

    Attributes:
        choice: the model.
        thresholds: where the classes of neurons end.
        restart: the restart that is shown; None for the one with the lowest loss.
        features: those whose output is drawn; None for the first few.
        against: what the loss is drawn against.
        neurons: whether all neurons are drawn, or the most important ones where there are many.
        colour: what the colour of a block means.
        tab: which tab is open.
        open: which of the sections below are open: what was tried, a model's file.
        other: the model to compare with. In a link, what differs from `choice`, after "vs.".
    """

    choice: Choice = DEFAULT
    thresholds: Thresholds = Thresholds()
    restart: Annotated[int | None, Field(ge=0, le=63, alias="restart", title="Show")] = None
    features: Annotated[
        tuple[int, ...] | None,
        Field(alias="features", title="Features"),
        Allowed(f"up to {MAX_FEATURES} different numbers of features, with commas"),
    ] = None
    against: Annotated[Literal["steps", "seconds"], Field(alias="against", title="Against")] = (
        "steps"
    )
    neurons: DrawnNeurons = "first"
    colour: BlockColour = "superposition"
    tab: Annotated[Literal["outputs", "network", "download"], Field(alias="tab", title="Tab")] = (
        "outputs"
    )
    open: Annotated[
        tuple[Literal["tried", "file"], ...],
        Field(alias="open", title="Open"),
        AfterValidator(each_once),
        Allowed("tried and file, with commas, or none"),
    ] = ()
    other: Choice | None = None

    @field_validator("features")
    @classmethod
    def _few_and_different(cls, features: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if features is not None and (
            not 1 <= len(features) <= MAX_FEATURES
            or len(set(features)) < len(features)
            or not all(0 <= feature < 10_000 for feature in features)
        ):
            raise ValueError
        return features

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
        """The link's parameters."""
        return super().link | (_differences(self.other, self.choice) if self.other else {})

    def with_link(self, link: Link) -> tuple[Self, list[str]]:
        """This state with the settings of a link, and what is wrong with the link, in words."""
        of_other = {k.removeprefix(_OTHER): v for k, v in link.items() if k.startswith(_OTHER)}
        own = {name: values for name, values in link.items() if not name.startswith(_OTHER)}
        state, problems = super().with_link(own)
        if of_other:
            other, more = state.choice.with_link(of_other)
            problems += [_OTHER + problem for problem in more]
            state = state.replace(other=None if other == state.choice else other)
        return state, problems

    def with_value(self, name: str, value: object) -> TrainState:
        """This state with one setting changed; another model starts with its best restart."""
        state = super().with_value(name, value)
        return state if state.choice == self.choice else self.showing(state.choice)

    def showing(self, choice: Choice) -> TrainState:
        """This state with another model, seen as this one is."""
        other = None if choice == self.other else self.other
        return self.replace(choice=choice, restart=None, other=other).consistent()

    def impossible(self) -> dict[str, str]:
        """A restart or features that do not exist."""
        problems: dict[str, str] = {}
        last_restart, last_feature = self.recipe.restarts - 1, self.config.n_features - 1
        if self.restart is not None and self.restart > last_restart:
            allowed = f"a whole number from 0 to {last_restart}"
            problems["restart"] = f"restart = {self.restart}: must be {allowed}"
        if self.features and max(self.features) > last_feature:
            allowed = f"whole numbers from 0 to {last_feature:,}"
            problems["features"] = f"features = {max(self.features)}: must be {allowed}"
        return problems

    def consistent(self) -> TrainState:
        """This state without a restart or features that do not exist."""
        there = tuple(i for i in self.features or () if i < self.config.n_features)
        lost = self.restart is not None and self.restart >= self.recipe.restarts
        return self.replace(restart=None if lost else self.restart, features=there or None)


def _differences(other: Choice, choice: Choice) -> dict[str, str]:
    # A recipe that differs is written as a whole, a config field by field.
    own, theirs, parameters = choice.link, other.link, choice.parameters()
    recipe_differs = other.resolved != choice.resolved
    return {
        _OTHER + name: text
        for name, text in theirs.items()
        if name in parameters
        and (own.get(name) != text if parameters[name].path[0] == "config" else recipe_differs)
    }


TRAIN_PAGE = PageSession("train", TrainState)
