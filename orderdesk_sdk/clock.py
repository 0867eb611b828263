"""Time as the SDK sees it: UTC, injectable, so that hours of follow-up run in a second of a test or a demo."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

from orderdesk_sdk.errors import NaiveTimeError, ValidationError

__all__ = [
    "MAX_CLOCK_SKEW",
    "Clock",
    "SystemClock",
    "VirtualClock",
    "hours",
    "local_datetimes",
    "minutes",
    "seconds",
    "utc",
]


def seconds(count: float) -> timedelta:
    """A duration of `count` seconds."""
    return timedelta(seconds=count)


def minutes(count: float) -> timedelta:
    """A duration of `count` minutes."""
    return timedelta(minutes=count)


def hours(count: float) -> timedelta:
    """A duration of `count` hours."""
    return timedelta(hours=count)


MAX_CLOCK_SKEW = minutes(5)
"""By how much another's clock may be ahead of ours; what it says of a later moment is a mistake."""


def utc(moment: datetime) -> datetime:
    """The same moment in UTC.

    Raises NaiveTimeError, which is a ValueError, for a naive datetime: whoever made it knows its zone, the SDK would
    have to guess. Raises ValidationError for a moment that has no year in UTC.
    """
    if moment.utcoffset() is None:
        text = f"{moment.isoformat()} has no time zone"
        raise NaiveTimeError(text, hint="give an aware datetime, for example with datetime.UTC")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValidationError(
            f"{moment.isoformat()} is in no year of UTC", hint="give the moment that is meant"
        ) from None


def local_datetimes(naive: datetime, zone: tzinfo | None = None) -> tuple[datetime, ...]:
    """The moments, in UTC, at which clocks showed a time without a zone: two where they were put back, none forward.

    Args:
        zone: None takes that of this machine.

    Raises OverflowError and the like where the zone has no such year.
    """
    found = dict.fromkeys(naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return tuple(moment for moment in found if moment.astimezone(zone).replace(tzinfo=None) == naive.replace(fold=0))


class Clock(Protocol):
    """What the SDK asks of a clock. Every method may be called from any thread."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards; only differences mean anything."""

    def sleep_until(self, moment: float) -> None:
        """Let time pass until `monotonic()` reaches `moment`; returns at once when it has."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep_until(self, moment: float) -> None:
        while (left := moment - time.monotonic()) > 0:
            time.sleep(left)


class VirtualClock:
    """A clock that stands still until somebody sleeps or calls `advance`; sleeping takes no real time."""

    def __init__(self, start: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)) -> None:
        self._lock = threading.Lock()
        self._now = utc(start)
        self._elapsed = 0.0

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        with self._lock:
            return self._elapsed

    def sleep_until(self, moment: float) -> None:
        with self._lock:
            left = moment - self._elapsed
            if left > 0:
                self._now += timedelta(seconds=left)
                self._elapsed = moment

    def advance(self, by: timedelta) -> datetime:
        """Move time forward and return the new now. Raises ValueError for a negative duration."""
        if by < timedelta(0):
            raise ValueError("a virtual clock only moves forward")
        with self._lock:
            self._now += by
            self._elapsed += by.total_seconds()
            return self._now
