"""The state of the page for uploaded weights, and its link. The file is not in the link."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from pages.shared.link_state import LinkState
from pages.shared.model_choice import BlockColour, DrawnNeurons
from pages.shared.page_session import PageSession
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.config import Config
from toymodel.storage.imported_weights import Assignment


class OwnState(LinkState):
    """What the page for uploaded weights shows, without the file.

    Attributes:
        config: task, activation, density and decay; the file gives the sizes.
        assignment: which array is which.
        instance: the network that is shown, of a file with several.
        thresholds: where the classes of neurons end.
        neurons: whether all neurons are drawn, or the most important ones where there are many.
        colour: what the colour of a block means.
    """

    not_in_link: ClassVar[frozenset[str]] = frozenset({"n", "m", "seed", "hidden"})

    config: Config = Config(feature_probability=0.01, importance_decay=1.0)
    assignment: Assignment = Assignment()
    instance: Annotated[int, Field(ge=0, le=1_999, alias="instance", title="Instance")] = 0
    thresholds: Thresholds = Thresholds()
    neurons: DrawnNeurons = "first"
    colour: BlockColour = "superposition"

    @classmethod
    def of(cls, config: Config) -> OwnState:
        """The visitor's state, with weights measured as in this config."""
        return OWN_PAGE.state.changed(
            task=config.task,
            activation=config.activation,
            p=config.feature_probability,
            d=config.importance_decay,
        )


OWN_PAGE = PageSession("own", OwnState)
