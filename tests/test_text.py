from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toymodel.text import counted, duration, listing, number


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 steps"), (1, "1 step"), (2, "2 steps"), (2_000, "2,000 steps")]
)
def test_a_count_agrees_with_its_noun(count: int, words: str):
    assert counted(count, "step") == words


@pytest.mark.parametrize(("parts", "words"), [("a", "a"), ("ab", "a and b"), ("abc", "a, b and c")])
def test_parts_are_listed(parts: str, words: str):
    assert listing(parts) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3.4, "3 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (86_400 * 1_400, "1,400 days")],
)
def test_a_duration_has_a_readable_unit(seconds: float, words: str):
    assert duration(seconds) == words


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_itself(value: float):
    assert float(number(value)) == value


def test_a_number_is_short():
    assert [number(v) for v in (1.0, 0.1, 1e-9, 0.1 + 0.2)] == [
        "1",
        "0.1",
        "1e-09",
        "0.30000000000000004",
    ]
