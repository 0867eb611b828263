"""The database's clock: whoever works on a ledger has the same time, however wrong the clock of the machine is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.postgres.pool import PostgresPool

__all__ = ["DatabaseClock"]

SYNCHRONIZED_SECONDS: Final = 60.0
"""How long the time is carried on by this machine's monotonic clock, before the server is asked again."""
_LOOKS: Final = 3
"""How often the server is asked; the quickest answer is the most exact one."""


class DatabaseClock:
    """The time of the server, by this machine's monotonic clock between two looks at it. Safe from many threads.

    It runs on by itself while the server cannot be reached, and steps back only where the server's own clock did.
    """

    def __init__(self, pool: PostgresPool, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Ask the server. Raises StorageError."""
        self._pool = pool
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._moment, self._at, self._asked = datetime.now(UTC), 0.0, 0.0
        self.synchronize()

    def now(self) -> datetime:
        with self._lock:
            is_old = self._monotonic() - self._asked > SYNCHRONIZED_SECONDS
        if is_old and self._asking.acquire(blocking=False):  # One thread asks, and the others go on.
            try:
                with suppress(StorageError):
                    self.synchronize()
            finally:
                self._asking.release()
        with self._lock:
            return self._moment + timedelta(seconds=self._monotonic() - self._at)

    def monotonic(self) -> float:
        return self._monotonic()

    def sleep_until(self, moment: float) -> None:
        while (left := moment - self._monotonic()) > 0:
            time.sleep(left)

    def synchronize(self) -> None:
        """Ask the server for its time. Raises StorageError."""
        with self._lock:
            self._asked = self._monotonic()  # Whatever comes of it: a server that is away is not asked by every call.
        looks = []
        with self._pool.reading() as cursor:
            for _ in range(_LOOKS):
                before = self._monotonic()
                (moment,) = cursor.execute("SELECT clock_timestamp()").fetchone()
                after = self._monotonic()
                looks.append((after - before, (before + after) / 2, moment.astimezone(UTC)))
        _, at, moment = min(looks)
        with self._lock:
            self._moment, self._at = moment, at
