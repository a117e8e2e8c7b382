"""The state of the page on real networks, and its link."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pages.shared.link_state import LinkState, each_once
from pages.shared.page_session import PageSession
from toymodel.analysis.polysemanticity import Thresholds
from toymodel.settings import Allowed


class RealState(LinkState):
    """What the page on real networks shows.

    Attributes:
        opened: the predictions that are unfolded, by their names, and what does not follow.
        thresholds: where the classes of neurons end.
    """

    opened: Annotated[
        tuple[Literal["exist", "together", "rise", "extreme", "reading", "limits"], ...],
        Field(alias="open", title="Open"),
        AfterValidator(each_once),
        Allowed(
            "some of exist, together, rise, extreme, reading and limits, with commas between "
            "them, or none"
        ),
    ] = ()
    thresholds: Thresholds = Thresholds()


REAL_PAGE = PageSession("real", RealState)
