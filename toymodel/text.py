"""Numbers and lists as text."""

from __future__ import annotations


def number(value: float) -> str:
    """The shortest text that reads back as the same number: "0.1", "1e-05"."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def count(number: int, noun: str) -> str:
    """A number of things: "1 feature", "2,000 neurons"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """A time in the unit that people would use: "40 s", "5 min", "3 h", "12 days"."""
    for unit, size, least in (("days", 86_400, 2), ("h", 3_600, 2), ("min", 60, 2)):
        if seconds >= least * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} s"
