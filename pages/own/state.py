"""The state of the page for weights from elsewhere, and its link, which has all but the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pages.shared.links import Param, parse, parse_flag, write, write_flag
from pages.shared.page_state import PageState
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import Config
from toymodel.settings import Settings
from toymodel.storage.imported_weights import Assignment
from toymodel.text import number


class View(Settings):
    """How the weights are drawn, as where one model is trained."""

    neurons: Literal["first", "all"] = "first"
    colour: Literal["superposition", "feature"] = "superposition"


_PARAMS = (
    Param("task", Config, "task"),
    Param("p", Config, "feature_probability", write=number),
    Param("d", Config, "importance_decay", write=number),
    Param("w1", Assignment, "W1"),
    Param("w2", Assignment, "W2"),
    Param("b", Assignment, "b"),
    Param("bh", Assignment, "b_hidden"),
    Param("w1t", Assignment, "W1_transposed", parse_flag, write_flag),
    Param("w2t", Assignment, "W2_transposed", parse_flag, write_flag),
    Param("mono", Thresholds, "second_weight", write=number),
    Param("slight", Thresholds, "extra_weight", write=number),
    Param("neurons", View, "neurons"),
    Param("colour", View, "colour"),
)
_DEFAULT = Config(feature_probability=0.01, importance_decay=1.0)


@dataclass(frozen=True)
class OwnState:
    """Everything but the file that the page's view follows from.

    config: task, density and decay; sizes are the file's. assignment: which array is which.
    """

    config: Config = _DEFAULT
    assignment: Assignment = field(default_factory=Assignment)
    thresholds: Thresholds = field(default_factory=Thresholds)
    view: View = field(default_factory=View)

    @classmethod
    def of(cls, config: Config) -> OwnState:
        """The state in which weights are measured as in this config."""
        kept = ("task", "feature_probability", "importance_decay")
        config = _DEFAULT.replace(**{name: getattr(config, name) for name in kept})
        return replace(OWN_STATE.left(), config=config)

    @property
    def link(self) -> dict[str, str]:
        """The link's parameters."""
        parts = (self.config, self.assignment, self.thresholds, self.view)
        return write(_PARAMS, {type(part): part for part in parts})

    @classmethod
    def from_link(cls, link: Mapping[str, list[str]]) -> tuple[OwnState, list[str]]:
        """The state of a link, and what is wrong with it in words."""
        fields, problems = parse(_PARAMS, link)
        state = cls(
            _DEFAULT.replace(**fields[Config]),
            Assignment.from_mapping(fields[Assignment]),
            Thresholds.from_mapping(fields[Thresholds]),
            View.from_mapping(fields[View]),
        )
        return state, problems

    def changed(self, part: str, field: str, value: object) -> OwnState:
        """This state with one field of one part changed; raises `SettingError`."""
        settings: Settings = getattr(self, part)
        return replace(self, **{part: settings.replace(**{field: value})})


OWN_STATE = PageState("own", OwnState(), OwnState.from_link)
