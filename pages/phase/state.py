"""The state of the page on the phase change, and its link."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from pages.shared.link_state import LinkState, each_once
from pages.shared.page_session import PageSession
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.phase.diagram import DENSITIES, RATIOS
from toymodel.settings import Allowed


class PhaseState(LinkState):
    """What the page on the phase change shows.

    Attributes:
        density, ratio: the cell of the diagram that is opened.
        colour: what the colours of the diagram's cells mean.
        tab: the open section.
        opened: what is unfolded in the sections.
        at: the density whose training is followed.
        thresholds: where the classes of neurons end.
    """

    density: Annotated[
        float,
        Field(alias="p"),
        Allowed(
            f"a density of the diagram: 10^(−k/15) for k from 0 to {len(DENSITIES) - 1}, "
            "to four digits"
        ),
    ] = DENSITIES[24]
    ratio: Annotated[
        float,
        Field(alias="ratio"),
        Allowed("a ratio of the diagram: 10^(k/15) for k from −15 to 15, to four digits"),
    ] = RATIOS[13]
    colour: Annotated[
        Literal["phase", "weights"],
        Field(
            alias="colour",
            title="Colour by",
            description="phase: what the neurons serve. weights: how evenly the neuron that "
            "shares most shares, as the smaller of its input weights over the larger.",
        ),
    ] = "phase"
    tab: Annotated[Literal["density", "two", "training"], Field(alias="tab", title="Section")] = (
        "density"
    )
    opened: Annotated[
        tuple[Literal["ranks", "back", "sets"], ...],
        Field(alias="open", title="Open"),
        AfterValidator(each_once),
        Allowed("some of ranks, back and sets, with commas between them, or none"),
    ] = ()
    at: Annotated[Literal["0.003", "0.001"], Field(alias="at", title="Density 1 − S")] = "0.001"
    thresholds: Thresholds = Thresholds()

    @field_validator("density")
    @classmethod
    def _a_density(cls, density: float) -> float:
        if density not in DENSITIES:
            raise ValueError
        return density

    @field_validator("ratio")
    @classmethod
    def _a_ratio(cls, ratio: float) -> float:
        if ratio not in RATIOS:
            raise ValueError
        return ratio

    @property
    def cell(self) -> tuple[int, int]:
        """The row and the column of the diagram's cell that is opened."""
        return DENSITIES.index(self.density), RATIOS.index(self.ratio)

    def at_cell(self, row: int, column: int) -> PhaseState:
        """This state with another cell opened."""
        return self.replace(density=DENSITIES[row], ratio=RATIOS[column])


PHASE_PAGE = PageSession("phase", PhaseState)
