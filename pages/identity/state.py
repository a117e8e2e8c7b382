"""The state of the page on the identity task, and its link."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pages.shared.link_state import LinkState
from pages.shared.page_session import PageSession


class IdentityState(LinkState):
    """What the page on the identity task shows.

    Attributes:
        hidden: whether the networks of the sweep have a hidden bias.
        tab: the open section.
    """

    hidden: Annotated[
        Literal["without", "with"],
        Field(
            alias="hidden",
            title="Hidden bias",
            description="Without: h = ReLU(W x), as in the paper's figures. "
            "With: h = ReLU(W x + c).",
        ),
    ] = "without"
    tab: Annotated[
        Literal["notes", "matrices", "relu", "bias", "numbers"],
        Field(alias="tab", title="Section"),
    ] = "notes"


IDENTITY_PAGE = PageSession("identity", IdentityState)
