"""The state of the neuron explorer and the feature explorer, which share a model, and its link."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from pages.shared.link_state import LinkState
from pages.shared.model_choice import Choice
from pages.shared.page_session import PageSession
from toymodel.analysis.activations import EDGES, STEP
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.recipe import RECIPES
from toymodel.settings import Allowed
from toymodel.sweeps.paper import PAPER_CONFIG

MAX_GIVEN = 12
_ROUNDING = 1e-9

DEFAULT = Choice.of(PAPER_CONFIG.replace(feature_probability=0.01), RECIPES["standard"])
"""The model that the explorers open with."""

Given = tuple[tuple[int, float], ...]
"""An input: some features and their values; the others are 0."""

Feature = Annotated[int | None, Field(ge=0, le=1_999)]


class ExplorerState(LinkState):
    """What the two explorers show.

    Attributes:
        choice: the model.
        thresholds: where the classes of neurons end.
        restart: the restart that is shown; None for the one with the lowest loss.
        neuron, feature: the ones that are shown; None until one is chosen.
        second: the feature that the response map has beside the primary one; None for the largest
            secondary one.
        output: the output that is shown with the neuron on and off; None for that of the primary
            feature.
        above: the threshold of the precision, as a share of the neuron's range.
        counts: the scale of the histogram.
        weighted: how the effects of features on each other are shown.
        given: the input that was entered by hand.
        tab: the open section of the neuron explorer.
        beside: the neuron that stands beside the shown one; None for the next one in the plot.
        section: the open section of the feature explorer.
    """

    choice: Choice = DEFAULT
    thresholds: Thresholds = Thresholds()
    restart: Annotated[int | None, Field(ge=0, le=63, alias="restart", title="Show")] = None
    neuron: Annotated[Feature, Field(alias="neuron", title="Neuron")] = None
    feature: Annotated[Feature, Field(alias="feature", title="Feature")] = None
    second: Annotated[Feature, Field(alias="second", title="The other feature")] = None
    output: Annotated[Feature, Field(alias="output", title="Output of")] = None
    above: Annotated[
        float,
        Field(
            alias="above",
            title="Threshold",
            description="Of activations above it, how many are the primary feature's?",
        ),
        Allowed("a multiple of 0.01 from 0.02 to 1"),
    ] = 0.5
    counts: Annotated[Literal["linear", "log"], Field(alias="counts", title="Counts")] = "log"
    weighted: Annotated[
        Literal["plain", "by importance"],
        Field(
            alias="weighted",
            title="Effects",
            description="By importance: times the square root of the receiving feature's "
            "importance, so that its square counts as the loss does.",
        ),
    ] = "plain"
    given: Annotated[
        Given | None,
        Field(alias="given"),
        Allowed(
            f"up to {MAX_GIVEN} pairs feature:value with commas, as 3:0.5,7:-1; "
            "each feature once, values from -1 to 1; or none"
        ),
    ] = None
    tab: Annotated[
        Literal["fires", "answers", "weights", "input", "all", "beside"],
        Field(alias="tab", title="Section"),
    ] = "fires"
    beside: Annotated[Feature, Field(alias="beside", title="Beside it")] = None
    section: Annotated[
        Literal["interference", "map", "numbers"], Field(alias="section", title="Section")
    ] = "interference"

    @field_validator("above")
    @classmethod
    def _on_the_grid(cls, above: float) -> float:
        steps = above / STEP
        if not EDGES[0] <= above <= 1 or abs(steps - round(steps)) > _ROUNDING:
            raise ValueError
        return above

    @field_validator("given")
    @classmethod
    def _few_and_different(cls, given: Given | None) -> Given | None:
        if given is None:
            return None
        features = [feature for feature, _ in given]
        if (
            len(given) > MAX_GIVEN
            or len(set(features)) < len(features)
            or not all(0 <= i < 2_000 and -1 <= value <= 1 for i, value in given)
        ):
            raise ValueError
        return given

    def with_value(self, name: str, value: object) -> ExplorerState:
        """This state with one setting changed; another neuron starts with its own features."""
        if name == "neuron" and value != self.neuron:
            return super(ExplorerState, self.replace(second=None, output=None)).with_value(
                name, value
            )
        return super().with_value(name, value)

    def showing(self, choice: Choice, restart: int | None = None) -> ExplorerState:
        """This state with another model, of which no neuron is chosen yet."""
        fresh = self.replace(choice=choice, neuron=None, second=None, output=None, beside=None)
        return fresh.replace(restart=restart).consistent()

    def impossible(self) -> dict[str, str]:
        """A restart, a neuron or features that do not exist."""
        problems = {
            name: f"{name} = {value}: must be a whole number from 0 to {last:,}"
            for name, last in self._last.items()
            if (value := getattr(self, name)) is not None and value > last
        }
        last = self.choice.config.n_features - 1
        if any(feature > last for feature, _ in self.given or ()):
            problems["given"] = f"given: features must be whole numbers from 0 to {last:,}"
        return problems

    def consistent(self) -> ExplorerState:
        """This state without a restart, a neuron or features that do not exist."""
        none = {
            name: None
            for name, last in self._last.items()
            if (value := getattr(self, name)) is not None and value > last
        }
        given = self.given
        if given:
            n = self.choice.config.n_features
            given = tuple(pair for pair in given if pair[0] < n) or None
        return self.replace(**none, given=given)

    @property
    def _last(self) -> dict[str, int]:
        config = self.choice.config
        return {
            "restart": self.choice.recipe.restarts - 1,
            **dict.fromkeys(("neuron", "beside"), config.n_neurons - 1),
            **dict.fromkeys(("feature", "second", "output"), config.n_features - 1),
        }


EXPLORER_PAGES = PageSession("explore", ExplorerState)
