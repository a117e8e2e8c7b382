"""The state of the page on grids, and its link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from pydantic import Field, field_validator

from pages.shared.links import Param, parse, write
from pages.shared.page_state import PageState
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import Config
from toymodel.settings import Settings
from toymodel.sweeps.measures import MEASURES
from toymodel.text import number

_KEY = 16
GRID_ALLOWED = f"{_KEY} hexadecimal digits, or nothing for the latest grid"
FIELD_ALLOWED = "one of " + ", ".join(Config.model_fields) + ", or nothing"
MEASURE_ALLOWED = "one of " + ", ".join(MEASURES)


class View(Settings):
    """What is looked at.

    grid: by its key; empty: the latest. x, y: the fields along the map's axes; empty: the first
    ones that have several values. measure: what the colours are. column, row: the cell whose models
    are listed, by the places of its values in their order.
    """

    grid: Annotated[str, Field(description=GRID_ALLOWED)] = ""
    x: Annotated[str, Field(description=FIELD_ALLOWED)] = ""
    y: Annotated[str, Field(description=FIELD_ALLOWED)] = ""
    measure: Annotated[str, Field(description=MEASURE_ALLOWED)] = "gain"
    column: Annotated[int | None, Field(ge=0, le=9_999)] = None
    row: Annotated[int | None, Field(ge=0, le=9_999)] = None

    @field_validator("grid")
    @classmethod
    def _a_key(cls, key: str) -> str:
        if key and (len(key) != _KEY or set(key) - set("0123456789abcdef")):
            raise ValueError
        return key

    @field_validator("x", "y")
    @classmethod
    def _a_field(cls, name: str) -> str:
        if name and name not in Config.model_fields:
            raise ValueError
        return name

    @field_validator("measure")
    @classmethod
    def _a_measure(cls, name: str) -> str:
        if name not in MEASURES:
            raise ValueError
        return name


_PARAMS = (
    Param("grid", View, "grid"),
    Param("x", View, "x"),
    Param("y", View, "y"),
    Param("measure", View, "measure"),
    Param("column", View, "column"),
    Param("row", View, "row"),
    Param("mono", Thresholds, "second_weight", write=number),
    Param("slight", Thresholds, "extra_weight", write=number),
)


@dataclass(frozen=True)
class SweepsState:
    """Everything that the page shows follows from this."""

    view: View = field(default_factory=View)
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def link(self) -> dict[str, str]:
        """The link's parameters."""
        written = write(_PARAMS, {View: self.view, Thresholds: self.thresholds})
        return {name: value for name, value in written.items() if value}

    @classmethod
    def from_link(cls, link: Mapping[str, list[str]]) -> tuple[SweepsState, list[str]]:
        """The state of a link, and what is wrong with it in words."""
        fields, problems = parse(_PARAMS, link)
        view = View.from_mapping(fields[View])
        return cls(view, Thresholds.from_mapping(fields[Thresholds])), problems

    def changed(self, part: str, field: str, value: object) -> SweepsState:
        """This state with one field of one part changed; raises `SettingError`.

        Another grid has other fields, and another axis other cells.
        """
        if part == "thresholds":
            return replace(self, thresholds=self.thresholds.replace(**{field: value}))
        forget: dict[str, object] = {}
        if field in ("grid", "x", "y"):
            forget = {"column": None, "row": None}
        if field == "grid":
            forget |= {"x": "", "y": ""}
        return replace(self, view=self.view.replace(**(forget | {field: value})))

    def at_cell(self, column: int | None, row: int | None) -> SweepsState:
        """This state with the models of another cell listed."""
        return replace(self, view=self.view.replace(column=column, row=row))


SWEEPS_STATE = PageState("sweeps", SweepsState(), SweepsState.from_link)
