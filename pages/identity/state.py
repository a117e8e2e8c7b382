"""The state of the page on the identity task, and its link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pages.shared.links import Param, parse, write
from pages.shared.page_state import PageState
from toymodel.settings import Settings


class View(Settings):
    """What of the sweep is shown: networks with a hidden bias, or without."""

    hidden: Literal["without", "with"] = "without"


_PARAMS = (Param("hidden", View, "hidden"),)


@dataclass(frozen=True)
class IdentityState:
    """Everything that the page shows follows from this."""

    view: View = field(default_factory=View)

    @property
    def link(self) -> dict[str, str]:
        """The link's parameters."""
        return write(_PARAMS, {View: self.view})

    @classmethod
    def from_link(cls, link: Mapping[str, list[str]]) -> tuple[IdentityState, list[str]]:
        """The state of a link, and what is wrong with it in words."""
        fields, problems = parse(_PARAMS, link)
        return cls(View.from_mapping(fields[View])), problems

    def changed(self, part: str, field: str, value: object) -> IdentityState:
        """This state with one field of its view changed; raises `SettingError`."""
        return replace(self, view=self.view.replace(**{field: value}))


IDENTITY_STATE = PageState("identity", IdentityState(), IdentityState.from_link)
