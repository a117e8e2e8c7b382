"""The state of the overview, and its link."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pages.shared.link_state import LinkState
from pages.shared.page_session import PageSession
from toymodel.settings import Allowed


class OverviewState(LinkState):
    """What the overview shows.

    Attributes:
        open: the sections that are open.
    """

    open: Annotated[
        tuple[Literal["smallest"], ...],
        Field(alias="open", title="Open", max_length=1),
        Allowed("smallest, or none"),
    ] = ()


OVERVIEW_PAGE = PageSession("overview", OverviewState)
