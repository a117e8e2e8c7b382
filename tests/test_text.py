from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toymodel.text import (
    MAX_FOREIGN,
    count,
    duration,
    estimate,
    number,
    one_line,
    percent,
    quoted,
    refusal,
)


def test_a_count_agrees_with_its_noun():
    assert [count(n, "step") for n in (0, 1, 2, 2_000)] == [
        "0 steps",
        "1 step",
        "2 steps",
        "2,000 steps",
    ]
    found = [number(value) for value in (1.0, 0.1, 1e-9, 0.1 + 0.2)]
    assert found == ["1", "0.1", "1e-09", "0.30000000000000004"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3.4, "3 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (86_400 * 1_400, "1,400 days")],
)
def test_a_duration_has_a_readable_unit(seconds: float, words: str):
    assert duration(seconds) == words


def test_a_small_share_keeps_its_digits_and_a_tiny_one_is_bounded():
    found = [percent(share) for share in (0.0, 1e-6, 1e-5, 2.837e-5, 0.0114, 0.1234, 1.0)]
    assert found == ["0 %", "less than 0.001 %", "0.001 %", "0.0028 %", "1.1 %", "12 %", "100 %"]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_itself(value: float):
    assert float(number(value)) == value


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.0028807, 3.4e-7, "0.00288 ± 3e-07"),
        (0.00288, 0.00011, "0.0029 ± 0.0001"),
        (0.00288, 0.002, "0.003 ± 0.002"),
        (3.4567e-6, 8e-6, "3e-06 ± 8e-06"),
        (0.25, 0.0, "0.25 ± 0"),
        (0.0, 0.0, "0 ± 0"),
    ],
)
def test_an_estimate_has_no_digits_below_its_error(value: float, error: float, text: str):
    assert estimate(value, error) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("as it is, with `code` and *stars*", "as it is, with `code` and *stars*"),
        ("a\r\n# heading\n\n![x](http://y)", "a # heading ![x](http://y)"),
        ("tab\tnull\0bell\a escape\x1b[31m c1\x9b", "tab null bell escape [31m c1"),
        ("left\u202eright\u2066isolate\u200fmark", "left right isolate mark"),
        ("line\u2028paragraph\u2029next\x85 \ufeffend", "line paragraph next end"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("Grüße, 数字, 🙂", "Grüße, 数字, 🙂"),
        ("", ""),
        (" \n ", ""),
        ("x" * MAX_FOREIGN, "x" * MAX_FOREIGN),
        ("x" * 900_000, "x" * (MAX_FOREIGN - 3) + "..."),
        ("\n" * 900_000 + "hidden", "..."),
    ],
)
def test_foreign_text_is_one_line_of_what_can_be_seen(text: str, line: str):
    assert one_line(text) == line


@given(st.text(max_size=2_000))
def test_any_foreign_text_is_one_short_line(text: str):
    line = one_line(text)
    assert len(line) <= MAX_FOREIGN
    assert line.isprintable()
    assert one_line(line) == line
    assert quoted(text).isprintable()


def test_what_the_system_refuses_is_told_without_a_path():
    error = OSError(28, "No space left on device", "/srv/secret/file")
    assert refusal(error) == "No space left on device"
    assert refusal(OSError("sentence /srv/secret")) == "OSError"
