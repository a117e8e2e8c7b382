"""The whole state of the sparsity sweep's page, and its link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pages.shared.links import Param, parse, parse_flag, refused, write, write_flag
from pages.shared.page_state import PageState
from pages.shared.recipes import Preset
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import RECIPES, Config, Recipe
from toymodel.settings import Settings
from toymodel.sweeps.paper import MAX_DENSITIES, PAPER_DENSITIES, sweep
from toymodel.text import number

DENSITIES_ALLOWED = f"1 to {MAX_DENSITIES} different numbers above 0 and at most 1, with commas"


class Training(Settings):
    """Which densities, trained by which preset, with how many restarts (None: the preset's)."""

    densities: Annotated[tuple[float, ...], Field(description=DENSITIES_ALLOWED)] = PAPER_DENSITIES
    preset: Preset = "standard"
    restarts: Annotated[int | None, Field(ge=1, le=64)] = None

    @field_validator("densities")
    @classmethod
    def _as_in_a_sweep(cls, densities: tuple[float, ...]) -> tuple[float, ...]:
        sweep(Config(), densities)
        return densities

    @property
    def recipe(self) -> Recipe:
        """The preset with this number of restarts."""
        preset = RECIPES[self.preset]
        return preset.replace(restarts=self.restarts) if self.restarts else preset


class View(Settings):
    """How the panels are drawn, and which neuron of which panel is selected."""

    weights: Literal["input", "output"] = "input"
    heights: Literal["relative", "raw"] = "relative"
    colour: Literal["superposition", "feature"] = "superposition"
    at: Annotated[float | None, Field(gt=0, le=1)] = None
    neuron: Annotated[int | None, Field(ge=0, le=1_999)] = None


def parse_densities(text: str) -> tuple[float, ...]:
    """Densities from "1, 0.3, 0.1"; raises `SettingError` for anything else."""
    try:
        if "_" in text or not text.isascii():
            raise ValueError
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise refused("densities", text, DENSITIES_ALLOWED) from None


def write_densities(densities: tuple[float, ...]) -> str:
    """Densities as `parse_densities` reads them."""
    return ",".join(number(p) for p in densities)


PARAMS = (
    Param("task", Config, "task"),
    Param("n", Config, "n_features"),
    Param("m", Config, "n_neurons"),
    Param("d", Config, "importance_decay", write=number),
    Param("seed", Config, "seed"),
    Param("hidden", Config, "hidden_bias", parse_flag, write_flag),
    Param("p", Training, "densities", parse_densities, write_densities),
    Param("recipe", Training, "preset"),
    Param("restarts", Training, "restarts"),
    Param("mono", Thresholds, "second_weight", write=number),
    Param("slight", Thresholds, "extra_weight", write=number),
    Param("weights", View, "weights"),
    Param("heights", View, "heights"),
    Param("colour", View, "colour"),
    Param("at", View, "at", write=number),
    Param("neuron", View, "neuron"),
)


@dataclass(frozen=True)
class SweepState:
    """Everything that the page shows follows from this."""

    base: Config = field(default_factory=Config)
    training: Training = field(default_factory=Training)
    thresholds: Thresholds = field(default_factory=Thresholds)
    view: View = field(default_factory=View)

    @property
    def recipe(self) -> Recipe:
        """How the models are trained."""
        return self.training.recipe

    @property
    def configs(self) -> list[Config]:
        """One config a panel."""
        return sweep(self.base, self.training.densities)

    @property
    def link(self) -> dict[str, str]:
        """The link's parameters."""
        training = self.training.replace(restarts=self.recipe.restarts)
        return write(
            PARAMS,
            {
                Config: self.base,
                Training: training,
                Thresholds: self.thresholds,
                View: self.view,
            },
        )

    @classmethod
    def from_link(cls, link: Mapping[str, list[str]]) -> tuple[SweepState, list[str]]:
        """The state of a link, and what is wrong with it in words."""
        fields, problems = parse(PARAMS, link)
        base = Config.from_mapping(fields[Config])
        training = Training.from_mapping(fields[Training])
        thresholds = Thresholds.from_mapping(fields[Thresholds])
        view = View.from_mapping(fields[View])
        state = cls(base, training, thresholds, view)
        if view.at is not None and view.at not in training.densities:
            allowed = f"one of the densities {write_densities(training.densities)}"
            problems.append(f"at = {number(view.at)}: must be {allowed}")
        elif view.neuron is not None and view.neuron >= base.n_neurons:
            allowed = f"a whole number from 0 to {base.n_neurons - 1:,}"
            problems.append(f"neuron = {view.neuron}: must be {allowed}")
        elif (view.at is None) != (view.neuron is None):
            problems.append("at and neuron: a selected neuron needs both")
        return state.consistent(), problems

    def changed(self, part: str, field: str, value: object) -> SweepState:
        """This state with one field of one part changed; raises `SettingError`.

        A preset brings its own number of restarts.
        """
        changes = {field: value} | ({"restarts": None} if field == "preset" else {})
        if field == "task":
            changes["hidden_bias"] = False  # which not every task can have
        settings: Settings = getattr(self, part)
        return replace(self, **{part: settings.replace(**changes)}).consistent()

    def consistent(self) -> SweepState:
        """This state without its selected neuron if there is no such neuron."""
        at, neuron = self.view.at, self.view.neuron
        if at in self.training.densities and neuron is not None and neuron < self.base.n_neurons:
            return self
        return replace(self, view=self.view.replace(at=None, neuron=None))


SWEEP_STATE = PageState("sweep", SweepState(), SweepState.from_link)
