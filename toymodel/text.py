"""Counts, lists, durations and numbers as text."""

from __future__ import annotations

from collections.abc import Iterable


def counted(count: int, noun: str) -> str:
    """A count with its noun: "1 feature", "2,000 neurons"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listing(parts: Iterable[str]) -> str:
    """At least one part as a list: "a, b and c"."""
    *before, last = parts
    return f"{', '.join(before)} and {last}" if before else last


def duration(seconds: float) -> str:
    """Seconds in a readable unit: "40 s", "5 min", "3 h", "12 days"."""
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} s"


def number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)
