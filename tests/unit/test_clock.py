"""Clocks: always UTC, never backwards; the virtual one moves only when it is told to."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from orderdesk_sdk.clock import SystemClock, VirtualClock, hours, local_datetimes, minutes, seconds, utc
from orderdesk_sdk.errors import NaiveTimeError, ValidationError

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def test_durations() -> None:
    assert hours(1.5) == minutes(90) == seconds(5400) == timedelta(minutes=90)


def test_every_moment_becomes_utc_and_a_naive_one_is_refused() -> None:
    local = datetime(2026, 1, 5, 4, tzinfo=timezone(timedelta(hours=-5)))
    assert utc(local) == START
    assert utc(local).tzinfo is UTC
    with pytest.raises(NaiveTimeError, match="has no time zone - give an aware datetime"):
        utc(datetime(2026, 1, 5, 4))  # noqa: DTZ001 - a naive datetime is what is refused
    with pytest.raises(ValidationError, match="is in no year of UTC"):
        utc(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))))


@pytest.mark.parametrize(
    ("shown", "hours_of_utc"),
    [("2026-03-08 01:59", [6]), ("2026-03-08 02:30", []), ("2026-03-08 03:00", [7]), ("2026-11-01 01:30", [5, 6])],
)
def test_a_time_without_a_zone_was_shown_once_or_twice_or_never(shown: str, hours_of_utc: list[int]) -> None:
    found = local_datetimes(datetime.fromisoformat(shown), ZoneInfo("America/New_York"))
    assert [moment.hour for moment in found] == hours_of_utc


def test_a_virtual_clock_stands_still_until_it_is_moved() -> None:
    clock = VirtualClock(START)
    assert (clock.now(), clock.monotonic()) == (START, 0.0)
    assert (clock.now(), clock.monotonic()) == (START, 0.0)
    assert clock.advance(minutes(2)) == START + minutes(2)
    assert (clock.now(), clock.monotonic()) == (START + minutes(2), 120.0)


def test_a_virtual_sleep_takes_no_time_and_never_goes_back() -> None:
    clock = VirtualClock(START)
    clock.sleep_until(hours(24).total_seconds())
    assert clock.now() == START + hours(24)
    clock.sleep_until(5)
    assert clock.now() == START + hours(24)
    with pytest.raises(ValueError, match="only moves forward"):
        clock.advance(seconds(-1))


def test_a_virtual_clock_starts_in_utc_and_refuses_a_naive_start() -> None:
    assert VirtualClock(datetime(2026, 1, 5, 4, tzinfo=timezone(timedelta(hours=-5)))).now().tzinfo is UTC
    with pytest.raises(ValueError, match="has no time zone"):
        VirtualClock(datetime(2026, 1, 5))  # noqa: DTZ001 - a naive datetime is what is refused


def test_threads_move_a_virtual_clock_without_losing_time() -> None:
    clock = VirtualClock(START)
    threads = [threading.Thread(target=lambda: [clock.advance(seconds(1)) for _ in range(100)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (clock.now(), clock.monotonic()) == (START + seconds(800), 800.0)


def test_the_system_clock_is_utc_and_sleeps_until_the_moment_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    now = [100.0]
    slept: list[float] = []

    def sleep(pause: float) -> None:
        slept.append(pause)
        now[0] += pause / 2 if len(slept) == 1 else pause

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", sleep)
    clock.sleep_until(104)
    assert slept == [4, 2], "a sleep that ends early is followed by another"
    clock.sleep_until(103)
    assert slept == [4, 2]
