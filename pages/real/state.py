"""The state of the page on real networks, and its link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pages.shared.links import Param, parse, write
from pages.shared.page_state import PageState
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.text import number

_PARAMS = (
    Param("mono", Thresholds, "second_weight", write=number),
    Param("slight", Thresholds, "extra_weight", write=number),
)


@dataclass(frozen=True)
class RealState:
    """Everything that the page shows follows from this."""

    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def link(self) -> dict[str, str]:
        """The link's parameters."""
        return write(_PARAMS, {Thresholds: self.thresholds})

    @classmethod
    def from_link(cls, link: Mapping[str, list[str]]) -> tuple[RealState, list[str]]:
        """The state of a link, and what is wrong with it in words."""
        fields, problems = parse(_PARAMS, link)
        return cls(Thresholds.from_mapping(fields[Thresholds])), problems

    def changed(self, part: str, field: str, value: object) -> RealState:
        """This state with one threshold changed; raises `SettingError`."""
        return replace(self, thresholds=self.thresholds.replace(**{field: value}))


REAL_STATE = PageState("real", RealState(), RealState.from_link)
