"""The state of the page on the phase change, and its link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pages.shared.links import Param, parse, write
from pages.shared.page_state import PageState
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.phase.diagram import DENSITIES, RATIOS
from toymodel.settings import Settings
from toymodel.text import number

DENSITY_ALLOWED = (
    f"a density of the diagram: 10^(−k/15) for k from 0 to {len(DENSITIES) - 1}, to four digits"
)
RATIO_ALLOWED = "a ratio of the diagram: 10^(k/15) for k from −15 to 15, to four digits"


class View(Settings):
    """What is looked at.

    density, ratio: the cell of the diagram that is opened. colour: of the diagram's cells. at: the
    density whose training is followed.
    """

    density: Annotated[float, Field(description=DENSITY_ALLOWED)] = DENSITIES[24]
    ratio: Annotated[float, Field(description=RATIO_ALLOWED)] = RATIOS[13]
    colour: Literal["phase", "weights"] = "phase"
    at: Literal["0.003", "0.001"] = "0.001"

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


_PARAMS = (
    Param("p", View, "density", write=number),
    Param("ratio", View, "ratio", write=number),
    Param("colour", View, "colour"),
    Param("at", View, "at"),
    Param("mono", Thresholds, "second_weight", write=number),
    Param("slight", Thresholds, "extra_weight", write=number),
)


@dataclass(frozen=True)
class PhaseState:
    """Everything that the page shows follows from this."""

    view: View = field(default_factory=View)
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def link(self) -> dict[str, str]:
        """The link's parameters."""
        return write(_PARAMS, {View: self.view, Thresholds: self.thresholds})

    @property
    def cell(self) -> tuple[int, int]:
        """The row and the column of the diagram's cell that is opened."""
        return DENSITIES.index(self.view.density), RATIOS.index(self.view.ratio)

    @classmethod
    def from_link(cls, link: Mapping[str, list[str]]) -> tuple[PhaseState, list[str]]:
        """The state of a link, and what is wrong with it in words."""
        fields, problems = parse(_PARAMS, link)
        view, thresholds = View.from_mapping(fields[View]), fields[Thresholds]
        return cls(view, Thresholds.from_mapping(thresholds)), problems

    def changed(self, part: str, field: str, value: object) -> PhaseState:
        """This state with one field of one part changed; raises `SettingError`."""
        if part == "thresholds":
            return replace(self, thresholds=self.thresholds.replace(**{field: value}))
        return replace(self, view=self.view.replace(**{field: value}))

    def at_cell(self, row: int, column: int) -> PhaseState:
        """This state with another cell opened."""
        view = self.view.replace(density=DENSITIES[row], ratio=RATIOS[column])
        return replace(self, view=view)


PHASE_STATE = PageState("phase", PhaseState(), PhaseState.from_link)
