"""The whole state of the motif page, and its link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pages.shared.links import Param, parse, write
from pages.shared.model_choice import CHOICE_NAMES, Choice
from pages.shared.page_state import PageState
from toymodel.analysis.ablation import SHARES
from toymodel.analysis.ensemble import MAX_SEEDS, with_seeds
from toymodel.analysis.motifs import MotifThresholds
from toymodel.config import MAX_SEED, RECIPES, Config
from toymodel.settings import Settings
from toymodel.sweeps.shipped import MOTIF
from toymodel.text import number

MOST_TAKEN_APART = 500
"""Features and neurons of a network that is taken apart."""

LEFT_ALLOWED = "a multiple of 0.05 from 0 to 1"


class View(Settings):
    """What is looked at.

    seeds: how many, from the config's own on. member: the network among all seeds and restarts;
    None is the one with the lowest loss. instance: the one of its instances that is taken apart.
    left: how much of the inhibition, of this instance or of all. bars: whether long ones are
    clipped.
    """

    seeds: Annotated[int, Field(ge=1, le=MAX_SEEDS)] = len(MOTIF.configs)
    member: Annotated[int | None, Field(ge=0, le=MAX_SEEDS**2 - 1)] = None
    instance: Annotated[int, Field(ge=0, le=9_999)] = 0
    left: Annotated[float, Field(description=LEFT_ALLOWED)] = 0.0
    of: Literal["this", "all"] = "this"
    bars: Literal["clipped", "whole"] = "clipped"

    @field_validator("left")
    @classmethod
    def _on_the_grid(cls, left: float) -> float:
        if left not in SHARES:
            raise ValueError
        return left


_PARAMS = (
    Param("seeds", View, "seeds"),
    Param("member", View, "member"),
    Param("instance", View, "instance"),
    Param("left", View, "left", write=number),
    Param("of", View, "of"),
    Param("bars", View, "bars"),
    Param("gain-from", MotifThresholds, "least_gain", write=number),
    Param("gain-to", MotifThresholds, "most_gain", write=number),
    Param("ratio", MotifThresholds, "ratio", write=number),
    Param("inhibited", MotifThresholds, "inhibition", write=number),
    Param("part", MotifThresholds, "part", write=number),
)

DEFAULT = Choice(MOTIF.configs[0], "standard", RECIPES["standard"])


@dataclass(frozen=True)
class MotifState:
    """Everything that the page shows follows from this."""

    choice: Choice = DEFAULT
    thresholds: MotifThresholds = field(default_factory=MotifThresholds)
    view: View = field(default_factory=View)

    @property
    def configs(self) -> list[Config]:
        """One config a seed."""
        return with_seeds(self.choice.config, self.view.seeds)

    @property
    def count(self) -> int:
        """Networks of the ensemble."""
        return self.view.seeds * self.choice.recipe.restarts

    @property
    def link(self) -> dict[str, str]:
        """The link's parameters."""
        return self.choice.link | write(
            _PARAMS, {MotifThresholds: self.thresholds, View: self.view}
        )

    @classmethod
    def from_link(cls, link: Mapping[str, list[str]]) -> tuple[MotifState, list[str]]:
        """The state of a link, and what is wrong with it in words."""
        own = {name: values for name, values in link.items() if name in CHOICE_NAMES}
        rest = {name: values for name, values in link.items() if name not in CHOICE_NAMES}
        choice, problems = Choice.from_link(own, DEFAULT)
        fields, more = parse(_PARAMS, rest)
        state = cls(
            choice,
            MotifThresholds.from_mapping(fields[MotifThresholds]),
            View.from_mapping(fields[View]),
        )
        sound = state.consistent()
        for name, allowed in (
            ("seeds", f"a whole number from 1 to {sound.view.seeds}"),
            ("member", f"a whole number from 0 to {sound.count - 1:,}"),
        ):
            given = getattr(state.view, name)
            if name in link and given != getattr(sound.view, name):
                more.append(f"{name} = {given}: must be {allowed}")
        return sound, problems + more

    @classmethod
    def of(cls, choice: Choice, restart: int | None = None) -> MotifState:
        """The state that shows one network; restart: None for the one with the lowest loss."""
        return cls().showing(choice, seeds=1, member=restart)

    def changed(self, part: str, field: str, value: object) -> MotifState:
        """This state with one field of one part changed; raises `SettingError`."""
        if part == "thresholds":
            return replace(self, thresholds=self.thresholds.replace(**{field: value}))
        if part == "view" and field != "seeds":
            return self.at(**{field: value})
        if part == "view":
            return self.showing(self.choice, seeds=value)
        return self.showing(self.choice.changed(part, field, value))

    def at(self, **view: object) -> MotifState:
        """This state with these fields of the view; a member brings its own instances."""
        if "member" in view and view["member"] != self.view.member:
            view = {"instance": 0} | view
        return replace(self, view=self.view.replace(**view)).consistent()

    def showing(self, choice: Choice, **view: object) -> MotifState:
        """This state with another ensemble, of which the best network is shown."""
        fresh = {"member": None, "instance": 0} | view
        return replace(self, choice=choice, view=self.view.replace(**fresh)).consistent()

    def consistent(self) -> MotifState:
        """This state without seeds or a member that there are not."""
        seeds = min(self.view.seeds, MAX_SEED - self.choice.config.seed + 1)
        member = self.view.member
        if member is not None and member >= seeds * self.choice.recipe.restarts:
            member = None
        return replace(self, view=self.view.replace(seeds=seeds, member=member))


MOTIF_STATE = PageState("motif", MotifState(), MotifState.from_link)
