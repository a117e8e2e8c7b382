"""Numbers and lists as text, and text that somebody else wrote."""

from __future__ import annotations

import math
import unicodedata

MAX_FOREIGN = 300
"""Characters that are shown of a text that somebody else wrote."""

_MAX_NAME = 100  # characters
_NOT_SHOWN = ("C", "Z")  # of Unicode: controls, marks of direction, surrogates; and all spaces


def one_line(text: str, most: int = MAX_FOREIGN) -> str:
    """Text from a file, a link or the system as one line of printable characters.

    Args:
        text: anything. Runs of spaces, line breaks, control characters, marks that change the
            direction of writing, and other characters that show nothing become one space each.
        most: characters of the result; what is longer ends with "...".
    """
    # What is far longer than the result is not looked at: it may have a million characters.
    begin = text[: 4 * most]
    shown = "".join(" " if unicodedata.category(c)[0] in _NOT_SHOWN else c for c in begin)
    line = " ".join(shown.split())
    if len(line) <= most and len(begin) == len(text):
        return line
    return line[: most - 3].rstrip() + "..."


def quoted(name: str) -> str:
    """A name from a file, in quotes, with escapes, and shortened to 100 characters."""
    return repr(name if len(name) <= _MAX_NAME else name[: _MAX_NAME - 3] + "...")


def refusal(error: OSError) -> str:
    """What the system refuses, without the path: "No space left on device"."""
    return one_line(error.strerror or type(error).__name__)


def number(value: float) -> str:
    """The shortest text that reads back as the same number: "0.1", "1e-05"."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def rounded(value: float) -> str:
    """A number to read, with three significant digits at most: "0.158", "0.1", "1"."""
    return f"{value:.3g}"


def estimate(value: float, error: float) -> str:
    """An estimate and its standard error: "0.0093 ± 0.0002", with no digits below the error's.

    Args:
        value: the estimate. It has three significant digits at most.
        error: its standard error, 0 and up.
    """
    digits = 3
    if value and error:
        digits = math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 1
    return f"{value:.{max(1, min(3, digits))}g} ± {error:.1g}"


def count(number: int, noun: str) -> str:
    """A number of things: "1 feature", "2,000 neurons"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(share: float) -> str:
    """A share from 0 to 1, of which small ones matter: "12 %", "0.0028 %", "less than 0.001 %"."""
    rounded = float(f"{100 * share:.2g}")
    return "less than 0.001 %" if 0 < rounded < 0.001 else f"{rounded:g} %"


def duration(seconds: float) -> str:
    """A time in the unit that people would use: "40 s", "5 min", "3 h", "12 days"."""
    for unit, size, least in (("days", 86_400, 2), ("h", 3_600, 2), ("min", 60, 2)):
        if seconds >= least * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} s"
