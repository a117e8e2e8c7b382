"""The state of the motif page, and its link."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from pages.shared.link_state import LinkState
from pages.shared.model_choice import Choice
from pages.shared.page_session import PageSession
from toymodel.analysis.ablation import SHARES
from toymodel.analysis.ensemble import MAX_SEEDS, with_seeds
from toymodel.analysis.motifs import MotifThresholds
from toymodel.config import MAX_SEED, Config
from toymodel.settings import Allowed
from toymodel.sweeps.shipped import MOTIF

MAX_TAKEN_APART = 500
"""Features and neurons of a network that is taken apart."""


PANELS = "motif-panels"
"""The place on the page to which a click elsewhere leads."""

DEFAULT = Choice.of(MOTIF.configs[0], MOTIF.recipe)
"""The first of the shipped seeds."""


class MotifState(LinkState):
    """What the motif page shows.

    Attributes:
        choice: the first seed's model.
        seeds: how many models, with this seed and the ones after it.
        member: the network among all seeds and restarts; None for the one with the lowest loss.
        thresholds: what counts as an instance.
        instance: the one of its instances that is taken apart.
        left: how much of the inhibition is left, of this instance or of all.
        of: which instances the inhibition is turned down in.
        scale: whether neurons are drawn scaled as in the paper, or as trained.
        bars: whether long bars are clipped.
        tab: the open section.
    """

    choice: Choice = DEFAULT
    seeds: Annotated[
        int,
        Field(
            ge=1,
            le=MAX_SEEDS,
            alias="seeds",
            title="How many seeds",
            description="Models with this seed and the ones after it, trained side by side.",
        ),
    ] = len(MOTIF.configs)
    member: Annotated[
        int | None,
        Field(
            ge=0,
            le=MAX_SEEDS**2 - 1,
            alias="member",
            title="Show",
            description="In the order of their losses. A click on a point in the chart of all "
            "networks has the same effect.",
        ),
    ] = None
    thresholds: MotifThresholds = MotifThresholds()
    instance: Annotated[int, Field(ge=0, le=9_999, alias="instance")] = 0
    left: Annotated[
        float,
        Field(
            alias="left",
            title="Inhibition that is left",
            description="The weights of the inhibitors to the receiving output are multiplied "
            "by this.",
        ),
        Allowed("a multiple of 0.05 from 0 to 1"),
    ] = 0.0
    of: Annotated[Literal["this", "all"], Field(alias="of", title="Turned down in")] = "this"
    scale: Annotated[
        Literal["paper", "trained"],
        Field(
            alias="neuron-scale",
            title="Weights",
            description="A neuron's input weights can be multiplied by any s > 0 and its output "
            "weights divided by it: the function stays the same. As in the paper, the largest "
            "input weight of a neuron is 1, and the two features of an asymmetric neuron have "
            "input weights with the product 1.",
        ),
    ] = "paper"
    bars: Annotated[
        Literal["clipped", "whole"],
        Field(
            alias="bars",
            title="Long bars",
            description="An arrow and a number at a clipped stack say where it ends.",
        ),
    ] = "clipped"
    tab: Annotated[
        Literal["panels", "instances", "inhibition", "common"], Field(alias="tab", title="Section")
    ] = "panels"

    @field_validator("left")
    @classmethod
    def _on_the_grid(cls, left: float) -> float:
        if left not in SHARES:
            raise ValueError
        return left

    @property
    def configs(self) -> list[Config]:
        """One config a seed."""
        return with_seeds(self.choice.config, self.seeds)

    @property
    def count(self) -> int:
        """Networks of the ensemble."""
        return self.seeds * self.choice.recipe.restarts

    @classmethod
    def of_network(cls, choice: Choice, restart: int | None = None) -> MotifState:
        """The state that shows one network; restart: None for the one with the lowest loss."""
        return cls(choice=choice, seeds=1, member=restart).consistent()

    def with_value(self, name: str, value: object) -> MotifState:
        """This state with one setting changed.

        Another ensemble starts with its best network, and another network or another definition
        of an instance with the first instance.
        """
        state = super().with_value(name, value)
        if (state.choice, state.seeds) != (self.choice, self.seeds):
            return state.replace(member=None, instance=0)
        same = (state.member, state.thresholds) == (self.member, self.thresholds)
        return state if same else state.replace(instance=0)

    def showing(self, choice: Choice, seeds: int | None = None) -> MotifState:
        """This state with another ensemble, of which the best network is shown."""
        seeds = self.seeds if seeds is None else seeds
        return self.replace(choice=choice, seeds=seeds, member=None, instance=0).consistent()

    def impossible(self) -> dict[str, str]:
        """Seeds or a network that do not exist."""
        fewer = self._seeds_there
        problems: dict[str, str] = {}
        if self.seeds > fewer:
            problems["seeds"] = f"seeds = {self.seeds}: must be a whole number from 1 to {fewer}"
        last = fewer * self.choice.recipe.restarts - 1
        if self.member is not None and self.member > last:
            allowed = f"a whole number from 0 to {last:,}"
            problems["member"] = f"member = {self.member}: must be {allowed}"
        return problems

    def consistent(self) -> MotifState:
        """This state without seeds or a network that do not exist."""
        seeds = self._seeds_there
        gone = self.member is not None and self.member >= seeds * self.choice.recipe.restarts
        return self.replace(seeds=seeds, member=None if gone else self.member)

    @property
    def _seeds_there(self) -> int:
        return min(self.seeds, MAX_SEED - self.choice.config.seed + 1)


MOTIF_PAGE = PageSession("motif", MotifState)
