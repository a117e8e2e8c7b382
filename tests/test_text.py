from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toymodel.text import count, duration, estimate, number, percent


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
