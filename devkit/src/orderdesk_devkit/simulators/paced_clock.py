"""A virtual clock that also runs by itself, as fast as somebody wants to watch."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from orderdesk_sdk.clock import VirtualClock

__all__ = ["PacedClock"]


class PacedClock(VirtualClock):
    """One clock for simulators and desk that runs `pace` times as fast as the machine's; it can be moved on as well.

    It stands still, as every virtual clock, until `run` is called. While it runs, sleeping takes real time.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)) -> None:
        super().__init__(start)
        self._pace = 0.0
        self._seen = time.monotonic()

    @property
    def pace(self) -> float:
        """Seconds that pass here in a second of the machine's; 0: it stands still."""
        return self._pace

    def run(self, pace: float) -> None:
        """Run so fast from now on; 0 lets it stand still. Raises ValueError for a negative pace."""
        if pace < 0:
            raise ValueError("a virtual clock only moves forward")
        self._catch_up()
        self._pace = pace

    def now(self) -> datetime:
        self._catch_up()
        return super().now()

    def monotonic(self) -> float:
        self._catch_up()
        return super().monotonic()

    def sleep_until(self, moment: float) -> None:
        while self._pace and (left := moment - self.monotonic()) > 0:
            time.sleep(min(left / self._pace, 1.0))
        super().sleep_until(moment)

    def advance(self, by: timedelta) -> datetime:
        self._catch_up()
        return super().advance(by)

    def _catch_up(self) -> None:
        """Let the time pass that ran since somebody last looked."""
        with self._lock:
            seen, self._seen = self._seen, time.monotonic()
            passed = (self._seen - seen) * self._pace
            self._elapsed += passed
            self._now += timedelta(seconds=passed)
