"""The state of the neuron explorer and the feature explorer, which share a model, and its link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pages.shared.links import Param, parse, refused, write
from pages.shared.model_choice import CHOICE_NAMES, Choice
from pages.shared.page_state import PageState
from toymodel.analysis.activations import EDGES, STEP
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import RECIPES
from toymodel.settings import Settings
from toymodel.sweeps.paper import PAPER_CONFIG
from toymodel.text import number

ABOVE_ALLOWED = "a multiple of 0.01 from 0.02 to 1"
MOST_GIVEN = 12
GIVEN_ALLOWED = (
    f"up to {MOST_GIVEN} pairs feature:value with commas, as 3:0.5,7:-1; "
    "each feature once, values from -1 to 1; or none"
)
_NONE = "none"
_ROUNDING = 1e-9

Given = tuple[tuple[int, float], ...]
"""An input: some features and their values; the others are 0."""


class View(Settings):
    """What is looked at.

    restart: None is the one with the lowest loss. neuron, feature: None until one is chosen.
    second: the feature that the response map has beside the primary one; None: the largest
    secondary one. output: the one that is shown with the neuron on and off; None: the primary
    feature's. above: the threshold of the precision, in shares of the neuron's range. given:
    the input entered by hand.
    """

    restart: Annotated[int | None, Field(ge=0, le=63)] = None
    neuron: Annotated[int | None, Field(ge=0, le=1_999)] = None
    feature: Annotated[int | None, Field(ge=0, le=1_999)] = None
    second: Annotated[int | None, Field(ge=0, le=1_999)] = None
    output: Annotated[int | None, Field(ge=0, le=1_999)] = None
    above: Annotated[float, Field(description=ABOVE_ALLOWED)] = 0.5
    counts: Literal["linear", "log"] = "log"
    weighted: Literal["plain", "by importance"] = "plain"
    given: Annotated[Given | None, Field(description=GIVEN_ALLOWED)] = None

    @field_validator("above")
    @classmethod
    def _on_the_grid(cls, above: float) -> float:
        steps = above / STEP
        if not EDGES[0] <= above <= 1 or abs(steps - round(steps)) > _ROUNDING:
            raise ValueError
        return above

    @field_validator("given")
    @classmethod
    def _few_and_different(cls, given: Given | None) -> Given | None:
        if given is None:
            return None
        features = [feature for feature, _ in given]
        if (
            len(given) > MOST_GIVEN
            or len(set(features)) < len(features)
            or not all(0 <= i < 2_000 and -1 <= value <= 1 for i, value in given)
        ):
            raise ValueError
        return given


def parse_given(text: str) -> Given | None:
    """An input from "3:0.5,7:-1", or "none"; raises `SettingError` for anything else."""
    if text == _NONE:
        return ()
    try:
        if "_" in text or not text.isascii():
            raise ValueError
        pairs = [part.split(":") for part in text.split(",")]
        given = tuple((int(feature), float(value)) for feature, value in pairs)
    except ValueError:
        raise refused("given", text, GIVEN_ALLOWED) from None
    return View(given=given).given


def write_given(given: Given) -> str:
    """An input as `parse_given` reads it."""
    return ",".join(f"{feature}:{number(value)}" for feature, value in given) or _NONE


VIEW_PARAMS = (
    Param("mono", Thresholds, "second_weight", write=number),
    Param("slight", Thresholds, "extra_weight", write=number),
    Param("restart", View, "restart"),
    Param("neuron", View, "neuron"),
    Param("feature", View, "feature"),
    Param("second", View, "second"),
    Param("output", View, "output"),
    Param("above", View, "above", write=number),
    Param("counts", View, "counts"),
    Param("weighted", View, "weighted"),
    Param("given", View, "given", parse_given, write_given),
)

DEFAULT = Choice(PAPER_CONFIG.replace(feature_probability=0.01), "standard", RECIPES["standard"])


@dataclass(frozen=True)
class ExploreState:
    """Everything that the two pages show follows from this."""

    choice: Choice = DEFAULT
    thresholds: Thresholds = field(default_factory=Thresholds)
    view: View = field(default_factory=View)

    @property
    def link(self) -> dict[str, str]:
        """The link's parameters."""
        view = write(VIEW_PARAMS, {Thresholds: self.thresholds, View: self.view})
        return self.choice.link | view

    @classmethod
    def from_link(cls, link: Mapping[str, list[str]]) -> tuple[ExploreState, list[str]]:
        """The state of a link, and what is wrong with it in words."""
        own = {name: values for name, values in link.items() if name in CHOICE_NAMES}
        rest = {name: values for name, values in link.items() if name not in CHOICE_NAMES}
        choice, problems = Choice.from_link(own, DEFAULT)
        fields, more = parse(VIEW_PARAMS, rest)
        thresholds = Thresholds.from_mapping(fields[Thresholds])
        state = cls(choice, thresholds, View.from_mapping(fields[View]))
        return state.consistent(), problems + more + state._odd()

    def changed(self, part: str, field: str, value: object) -> ExploreState:
        """This state with one field of one part changed; raises `SettingError`."""
        if part == "thresholds":
            return replace(self, thresholds=self.thresholds.replace(**{field: value}))
        return self.at(**{field: value})

    def at(self, **view: object) -> ExploreState:
        """This state with these fields of the view; a neuron brings its own features."""
        if "neuron" in view and view["neuron"] != self.view.neuron:
            view = {"second": None, "output": None} | view
        return replace(self, view=self.view.replace(**view)).consistent()

    def showing(self, choice: Choice, restart: int | None = None) -> ExploreState:
        """This state with another model, of which no neuron is chosen yet."""
        view = self.view.replace(restart=restart, neuron=None, second=None, output=None)
        return replace(self, choice=choice, view=view).consistent()

    def consistent(self) -> ExploreState:
        """This state without a restart, a neuron or features that there are not."""
        none = {name: None for name, most in self._most.items() if self._value(name) > most}
        n = self.choice.config.n_features
        given = self.view.given
        if given is not None:
            kept = tuple(pair for pair in given if pair[0] < n)
            given = kept if kept or not given else None
        return replace(self, view=self.view.replace(**none, given=given))

    @property
    def _most(self) -> dict[str, int]:
        config, recipe = self.choice.config, self.choice.recipe
        last = config.n_features - 1
        return {
            "restart": recipe.restarts - 1,
            "neuron": config.n_neurons - 1,
            "feature": last,
            "second": last,
            "output": last,
        }

    def _value(self, name: str) -> int:
        value = getattr(self.view, name)
        return -1 if value is None else value

    def _odd(self) -> list[str]:
        problems = [
            f"{name} = {self._value(name)}: must be a whole number from 0 to {most:,}"
            for name, most in self._most.items()
            if self._value(name) > most
        ]
        last = self.choice.config.n_features - 1
        if any(feature > last for feature, _ in self.view.given or ()):
            problems.append(f"given: features must be whole numbers from 0 to {last:,}")
        return problems


EXPLORE_STATE = PageState("explore", ExploreState(), ExploreState.from_link)
