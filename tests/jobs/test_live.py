from __future__ import annotations

from types import SimpleNamespace

import pytest

from toymodel.jobs import live
from toymodel.jobs.live import LiveBudget


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(live, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_each_visitor_has_so_many_seconds_a_minute(clock: SimpleNamespace):
    budget = LiveBudget(3.0)
    budget.charge("ann", 2.0)
    assert budget.allows("ann", 1.0)
    assert not budget.allows("ann", 1.5)
    assert budget.allows("bob", 3.0)
    clock.now += 30
    budget.charge("ann", 1.0)
    clock.now += 31
    assert budget.allows("ann", 2.0)
    assert not budget.allows("ann", 2.5)


def test_a_budget_of_nothing_allows_nothing():
    assert not LiveBudget(0.0).allows("ann", 0.1)


def test_visitors_who_are_gone_are_forgotten(clock: SimpleNamespace):
    budget = LiveBudget(3.0)
    budget.charge("ann", 1.0)
    clock.now += 61
    budget.charge("bob", 1.0)
    assert set(budget._spent) == {"bob"}
