"""A clock that runs: by its pace, by hand, and for whoever sleeps."""

from __future__ import annotations

import time

import pytest

from orderdesk_devkit.simulators.paced_clock import PacedClock
from orderdesk_sdk.clock import minutes


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The machine's own seconds, last one counts; sleeping lets them pass."""
    passed = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: passed[-1])
    monkeypatch.setattr(time, "sleep", lambda seconds: passed.append(passed[-1] + seconds))
    return passed


def test_it_stands_still_until_it_runs(machine: list[float]) -> None:
    clock = PacedClock()
    start = clock.now()
    machine.append(160.0)
    assert clock.now() == start
    clock.run(60)
    machine.append(161.0)
    assert clock.now() == start + minutes(1)
    assert clock.monotonic() == 60.0


def test_what_passed_is_kept_when_the_pace_changes(machine: list[float]) -> None:
    clock = PacedClock()
    start = clock.now()
    clock.run(60)
    machine.append(101.0)
    clock.run(0)
    machine.append(500.0)
    assert clock.now() == start + minutes(1)
    assert clock.advance(minutes(2)) == start + minutes(3)


def test_who_sleeps_waits_as_long_as_the_pace_says(machine: list[float]) -> None:
    clock = PacedClock()
    clock.run(10)
    clock.sleep_until(50.0)
    assert machine[-1] == pytest.approx(105.0)
    assert clock.monotonic() >= 50.0


def test_sleeping_takes_no_time_while_it_stands_still(machine: list[float]) -> None:
    clock = PacedClock()
    clock.sleep_until(50.0)
    assert machine == [100.0]
    assert clock.monotonic() == 50.0


def test_it_never_runs_backwards() -> None:
    with pytest.raises(ValueError, match="only moves forward"):
        PacedClock().run(-1)
