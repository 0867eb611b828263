"""A clock that several processes share: it runs faster than real time, and one of them may let it jump forward."""

from __future__ import annotations

import mmap
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = ["SharedClock"]

_STATE = struct.Struct("<dd")
"""When it was started, by the clock that all processes of a machine share; and the seconds that it has jumped since."""
_START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_LONGEST_SLEEP = 0.05


class SharedClock:
    """A `Clock` of the processes that were given one file."""

    def __init__(self, path: Path, speed: float) -> None:
        """Make the file, or take part in it.

        Args:
            speed: seconds that pass in a real one.
        """
        if not path.exists():
            path.write_bytes(_STATE.pack(time.monotonic(), 0.0))
        with path.open("r+b") as file:
            self._state = mmap.mmap(file.fileno(), _STATE.size)
        self._speed = speed

    def monotonic(self) -> float:
        started, jumped = _STATE.unpack_from(self._state)
        return float((time.monotonic() - started) * self._speed + jumped)

    def now(self) -> datetime:
        return _START + timedelta(seconds=self.monotonic())

    def sleep_until(self, moment: float) -> None:
        while (left := moment - self.monotonic()) > 0:
            time.sleep(min(left / self._speed, _LONGEST_SLEEP))

    def advance(self, by: timedelta) -> None:
        """Let it jump forward. For one process alone."""
        started, jumped = _STATE.unpack_from(self._state)
        _STATE.pack_into(self._state, 0, started, jumped + by.total_seconds())
