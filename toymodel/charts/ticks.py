"""Log axes: where they end, and their ticks."""

from __future__ import annotations

import math

SHORT = "format(datum.value, datum.value < 0.001 ? '.0e' : '~g')"
"""What a label says: all digits of a round number, or its power where it is tiny."""

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
