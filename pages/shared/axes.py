"""Axes that several charts share."""

from __future__ import annotations

import math

_STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 100)


def rounded_up(value: float) -> float:
    """The next number that an axis may end at; 0 for what is not above 0 and finite.

    Axes that seldom change while a model trains are calm, and charts are quicker to make.
    """
    if not value > 0 or math.isinf(value):
        return 0.0
    unit = 10 ** math.floor(math.log10(value))
    return next(step * unit for step in _STEPS if step * unit >= value)
