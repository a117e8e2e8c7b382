"""The state of the page on real networks, and its link."""

from __future__ import annotations

from pages.shared.link_state import LinkState
from pages.shared.page_session import PageSession
from toymodel.analysis.polysemanticity import Thresholds


class RealState(LinkState):
    """What the page on real networks shows.

    Attributes:
        thresholds: where the classes of neurons end.
    """

    thresholds: Thresholds = Thresholds()


REAL_PAGE = PageSession("real", RealState)
