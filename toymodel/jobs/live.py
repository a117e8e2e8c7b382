"""The budget of trainings that begin because a visitor changed a setting, without a click."""

from __future__ import annotations

import time
from collections import deque

LIVE_SECONDS = 2.0
"""Below this estimate a changed setting trains at once."""

_WINDOW_SECONDS = 60.0


class LiveBudget:
    """Seconds of training a minute that each visitor's changed settings may take.

    Args:
        seconds: the budget; 0 where nothing trains without a click.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._spent: dict[str, deque[tuple[float, float]]] = {}

    def allows(self, visitor: str, seconds: float) -> bool:
        """Whether a training of so many seconds may begin now."""
        spent = sum(amount for _, amount in self._recent(visitor))
        return spent + seconds <= self.seconds

    def charge(self, visitor: str, seconds: float) -> None:
        """Note that a training of so many seconds has begun."""
        for other in [name for name in self._spent if not self._recent(name)]:
            del self._spent[other]
        self._spent.setdefault(visitor, deque()).append((time.monotonic(), seconds))

    def _recent(self, visitor: str) -> deque[tuple[float, float]]:
        spent = self._spent.get(visitor, deque())
        while spent and spent[0][0] < time.monotonic() - _WINDOW_SECONDS:
            spent.popleft()
        return spent
