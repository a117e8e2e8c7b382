"""The state of the sparsity sweep's page, and its link."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from pages.shared.link_state import LinkState, write
from pages.shared.model_choice import BlockColour, Preset
from pages.shared.page_session import PageSession
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import Config
from toymodel.recipe import RECIPES, Recipe
from toymodel.settings import Allowed
from toymodel.sweeps.paper import MAX_DENSITIES, PAPER_DENSITIES, sweep


class SweepState(LinkState):
    """What the sparsity sweep's page shows.

    Attributes:
        config: what is trained at every density.
        densities: one a panel.
        preset: the recipe.
        restarts: models trained a panel. A change of the preset brings its own number.
        thresholds: where the classes of neurons end.
        weights: which weights the panels stack.
        heights: whether blocks are relative to the neuron's largest weight.
        colour: what the colour of a block means.
        at: the density of the panel that is open large; None for none.
        neuron: a neuron of that panel that is marked.
        tab: the open section.
    """

    config: Config = Config()
    densities: Annotated[
        tuple[float, ...],
        Field(alias="p", title="Densities 1 − S", description="How often a feature is not zero."),
        Allowed(f"1 to {MAX_DENSITIES} different numbers above 0 and at most 1, with commas"),
    ] = PAPER_DENSITIES
    preset: Preset = "standard"
    restarts: Annotated[
        int,
        Field(
            ge=1,
            le=64,
            alias="restarts",
            title="Restarts",
            description="Models trained a panel, from different initial weights; the lowest loss "
            "is shown.",
        ),
    ] = RECIPES["standard"].restarts
    thresholds: Thresholds = Thresholds()
    weights: Annotated[Literal["input", "output"], Field(alias="weights", title="Weights")] = (
        "input"
    )
    heights: Annotated[Literal["relative", "raw"], Field(alias="heights", title="Heights")] = (
        "relative"
    )
    colour: BlockColour = "superposition"
    at: Annotated[float | None, Field(gt=0, le=1, alias="at")] = None
    neuron: Annotated[int | None, Field(ge=0, le=1_999, alias="neuron")] = None
    tab: Annotated[
        Literal["notes", "density", "basis", "numbers"], Field(alias="tab", title="Section")
    ] = "notes"

    @field_validator("densities")
    @classmethod
    def _as_in_a_sweep(cls, densities: tuple[float, ...]) -> tuple[float, ...]:
        sweep(Config(), densities)
        return densities

    @property
    def recipe(self) -> Recipe:
        """The preset with the number of restarts that is set."""
        return RECIPES[self.preset].replace(restarts=self.restarts)

    @property
    def configs(self) -> list[Config]:
        """One config a panel."""
        return sweep(self.config, self.densities)

    def with_value(self, name: str, value: object) -> SweepState:
        """This state with one setting changed; a preset brings its own number of restarts."""
        state = super().with_value(name, value)
        return state.replace(restarts=RECIPES[state.preset].restarts) if name == "recipe" else state

    def impossible(self) -> dict[str, str]:
        """A panel or a neuron that does not exist."""
        at, neuron = self.at, self.neuron
        if at is not None and at not in self.densities:
            allowed = f"one of the densities {write(self.densities)}"
            return {"at": f"at = {write(at)}: must be {allowed}"}
        if neuron is not None and neuron >= self.config.n_neurons:
            last = self.config.n_neurons - 1
            return {"neuron": f"neuron = {neuron}: must be a whole number from 0 to {last:,}"}
        if neuron is not None and at is None:
            return {"neuron": "at and neuron: a selected neuron needs both"}
        return {}

    def consistent(self) -> SweepState:
        """This state without a panel or a neuron that does not exist."""
        return self.replace(at=None, neuron=None) if self.impossible() else self


SWEEP_PAGE = PageSession("sweep", SweepState)
