"""Where axes end, and the ticks of log axes."""

from __future__ import annotations

import math

SHORT = "format(datum.value, datum.value < 0.001 ? '.0e' : '~g')"
"""What a label says: all digits of a round number, or its power where it is tiny."""

DENSITY = "density 1 − S (sparser to the right)"
"""The title of a horizontal axis that goes from dense to sparse."""

_STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 100)
_FEW, _SOME, _MANY = (1.0,), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers from low to high, about as many however far these are apart."""
    decades = math.log10(high / low)
    parts = _MANY if decades <= 1 else _SOME if decades <= 4 else _FEW
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = math.ceil(decades / 9)
    powers = [power for power in range(first, last + 1) if power % every == 0]
    ticks = [float(f"{part}e{power}") for power in powers for part in parts]
    return [tick for tick in ticks if low <= tick <= high]


def log_range(low: float, high: float) -> tuple[float, float]:
    """The ends of an axis that shows what is from low to high: different round numbers."""
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    round_numbers = [float(f"{part}e{power}") for power in powers for part in _MANY]
    return (
        max(number for number in round_numbers if number <= low),
        min(number for number in round_numbers if number >= high and number > low),
    )


def rounded_up(value: float) -> float:
    """The next number that an axis may end at; 0 for what is not above 0 and finite.

    Axes that seldom change while a model trains are calm, and charts are quicker to make.
    """
    if not value > 0 or math.isinf(value):
        return 0.0
    unit = 10 ** math.floor(math.log10(value))
    return next(step * unit for step in _STEPS if step * unit >= value)
