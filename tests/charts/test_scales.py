from __future__ import annotations

import numpy as np
import pytest

from toymodel.charts.scales import log_range, log_ticks, rounded_up


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.02, 0.07, [0.02, 0.03, 0.05, 0.07]),
        (0.02, 0.7, [0.02, 0.05, 0.1, 0.2, 0.5]),
        (1e-6, 1.0, [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]),
    ],
)
def test_the_further_apart_the_ends_the_fewer_ticks_a_decade(low, high, expected):
    assert log_ticks(low, high) == expected


@pytest.mark.parametrize("decades", [0.5, 1, 3, 8, 20, 200])
def test_there_are_never_many_ticks_nor_too_few(decades: float):
    ticks = log_ticks(1.0, 10**decades)
    assert 3 <= len(ticks) <= 15
    assert ticks == sorted(set(ticks))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.025, 0.06, (0.02, 0.07)),
        (0.02, 0.07, (0.02, 0.07)),
        (0.03, 0.03, (0.03, 0.05)),
        (0.001, 1.0, (0.001, 1.0)),
        (8.0, 9.0, (7.0, 10.0)),
    ],
)
def test_an_axis_ends_at_round_numbers_around_what_it_shows(low, high, expected):
    assert log_range(low, high) == expected


def test_axes_end_at_few_different_numbers():
    assert [rounded_up(x) for x in (0.011, 0.9, 1, 1.1, 7, 99)] == [0.012, 1, 1, 1.2, 8, 100]
    assert [rounded_up(x) for x in (0, -1, np.inf, np.nan)] == [0, 0, 0, 0]
