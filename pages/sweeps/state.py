"""The state of the page on grids, and its link."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from pages.shared.link_state import LinkState
from pages.shared.page_session import PageSession
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import Config
from toymodel.settings import Allowed
from toymodel.sweeps.measures import MEASURES

_KEY = 16
_FIELD = Allowed("one of " + ", ".join(Config.model_fields) + ", or nothing")


class SweepsState(LinkState):
    """What the page on grids shows.

    Attributes:
        grid: the key of the grid; empty for the latest.
        x, y: the fields along the map's axes; empty for the first ones with several values.
        measure: what the colours mean.
        column, row: the cell whose models are listed, by the places of its values in their order.
        thresholds: where the classes of neurons end.
    """

    grid: Annotated[
        str,
        Field(alias="grid", title="Grid"),
        Allowed(f"{_KEY} hexadecimal digits, or nothing for the latest grid"),
    ] = ""
    x: Annotated[str, Field(alias="x", title="Across"), _FIELD] = ""
    y: Annotated[str, Field(alias="y", title="Up"), _FIELD] = ""
    measure: Annotated[
        str, Field(alias="measure", title="Measure"), Allowed("one of " + ", ".join(MEASURES))
    ] = "gain"
    column: Annotated[int | None, Field(ge=0, le=9_999, alias="column")] = None
    row: Annotated[int | None, Field(ge=0, le=9_999, alias="row")] = None
    thresholds: Thresholds = Thresholds()

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

    @property
    def link(self) -> dict[str, str]:
        """The link's parameters; what is empty is left out."""
        return {name: text for name, text in super().link.items() if text}

    def with_value(self, name: str, value: object) -> SweepsState:
        """This state with one setting changed.

        Another grid has other fields, and another axis other cells.
        """
        state = super().with_value(name, value)
        if name == "grid":
            state = state.replace(x="", y="")
        return state.replace(column=None, row=None) if name in ("grid", "x", "y") else state

    def at_cell(self, column: int | None, row: int | None) -> SweepsState:
        """This state with the models of another cell listed."""
        return self.replace(column=column, row=row)


SWEEPS_PAGE = PageSession("sweeps", SweepsState)
