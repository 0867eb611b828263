"""Token buckets that all processes share: one row each, changed by one statement for each call.

A row holds the moment at which its bucket will be full again (the "theoretical arrival time" of the generic cell rate
algorithm). Taking a token moves it on by one interval, so that nobody has to read before they write. What is written
here need not survive a crash of the server: the statements do not wait for its disk.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.plugin.integration import Limit
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.serialization import to_microseconds

__all__ = ["PostgresBucket"]

SECOND: Final = 1e6
"""Microseconds, in which the table counts from 1970 on."""
ROUNDING: Final = 2.0
"""Microseconds by which a moment of the table may be too early, since clocks are read in whole ones. Each interval
between two calls is longer by as much, so that no two of them come too close, however their moments were rounded."""
FRESH_SECONDS: Final = 0.2
"""How long it is believed that a bucket is open: as long as a call that another process makes may take anyway."""
_RELAXED = "(SELECT set_config('synchronous_commit', 'off', true)) AS relaxed"
_ROW = "connection = ? AND operation = ?"
_INTERVAL = f"(1e6 / per_second + {ROUNDING})"
_log = RoomLogger("stores")

_OPEN = """INSERT INTO rate_buckets (connection, operation, declared, per_second, full_at, closed_until, deferred_until)
VALUES (?, ?, ?, ?, 0, 0, 0) ON CONFLICT (connection, operation) DO UPDATE SET declared = excluded.declared,
    per_second = CASE WHEN rate_buckets.declared = excluded.declared THEN rate_buckets.per_second
        ELSE excluded.per_second END"""
_TAKE = f"""UPDATE rate_buckets SET full_at = greatest(full_at, ?) + {_INTERVAL} FROM {_RELAXED}
WHERE {_ROW} AND greatest(full_at, ?) + (1 - ?) * {_INTERVAL} - ? <= ? AND closed_until - ? <= ?
RETURNING full_at - ? * {_INTERVAL}, closed_until, per_second"""  # noqa: S608 - our own constants
_DEFER = f"""UPDATE rate_buckets SET deferred_until = greatest(
    deferred_until + {_INTERVAL}, ?, greatest(full_at, ?) + (1 - ?) * {_INTERVAL}
) FROM {_RELAXED} WHERE {_ROW} RETURNING deferred_until"""  # noqa: S608 - as above
_ADAPT = f"""UPDATE rate_buckets SET full_at = ? + greatest(full_at - ?, 0) * per_second / ?, per_second = ?
FROM {_RELAXED} WHERE {_ROW} AND per_second <> ?"""  # noqa: S608 - as above
_CLOSE = f"""UPDATE rate_buckets SET closed_until = greatest(closed_until, ?),
    full_at = greatest(full_at, ? + ? * {_INTERVAL}) FROM {_RELAXED} WHERE {_ROW}"""  # noqa: S608 - as above


class PostgresBucket:
    """A `RateBucket` of all processes that work on a database, by the desk's clock.

    Where the database cannot be reached, taking a token raises StorageError, and nothing is sent; what a service says
    of its pace is then kept in this process, since its response must not be lost for that.
    """

    def __init__(self, pool: PostgresPool, connection: str, operation: str, limit: Limit, clock: Clock) -> None:
        self._pool = pool
        self._row = (connection, operation)
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._rate = limit.per_second
        self._closed_until = 0.0
        self._seen_at = 0.0
        self._open()

    def reserve_within(self, max_wait: float, max_closed: float) -> float | None:
        # Read together, before anything is waited for: the moment that is given is one of this clock.
        since, now, burst = self._clock.monotonic(), self._now(), self._limit.burst
        if self._closed_until - now > max_closed * SECOND:
            return None  # Known here, perhaps from a response that the database was not there for.
        values = (now, *self._row, now, burst, now, max_wait * SECOND, now, max_closed * SECOND, burst)
        row = self._changed(_TAKE, values)
        if row is None:
            return None
        at, closed_until, rate = row
        with self._lock:
            self._rate, self._seen_at = rate, time.monotonic()
            self._closed_until = max(self._closed_until, closed_until)
        wait: float = at - now + ROUNDING if at > now else 0.0
        return since + wait / SECOND

    def defer(self) -> float:
        now = self._now()
        row = self._changed(_DEFER, (now, now, self._limit.burst, *self._row))
        assert row is not None, "the row was made above"
        return max(0.0, float(row[0]) - now) / SECOND

    @property
    def is_closed(self) -> bool:
        if time.monotonic() - self._seen_at > FRESH_SECONDS:
            query = f"SELECT closed_until FROM rate_buckets WHERE {_ROW}"  # noqa: S608 - our own constants
            with self._pool.reading() as cursor:
                row = cursor.execute(query, self._row).fetchone()
            with self._lock:
                self._seen_at = time.monotonic()
                self._closed_until = max(self._closed_until, float(row[0]) if row is not None else 0.0)
        return self._closed_until > self._now()

    def adapt(self, per_second: float) -> None:
        if per_second == self._rate:
            return
        now = self._now()
        self._tell(_ADAPT, (now, now, per_second, per_second, *self._row, per_second))
        self._rate = per_second

    def close_for(self, seconds: float) -> None:
        opens = self._now() + seconds * SECOND
        with self._lock:
            self._closed_until = max(self._closed_until, opens)
        self._tell(_CLOSE, (opens, opens, self._limit.burst, *self._row))

    def _now(self) -> float:
        return float(to_microseconds(self._clock.now()))

    def _open(self) -> None:
        rate = self._limit.per_second
        with self._pool.immediate() as cursor:
            cursor.execute(_OPEN, (*self._row, rate, rate))

    def _changed(self, statement: str, values: tuple[object, ...]) -> Any:
        """What the statement returns of the row; None where its condition does not hold."""
        with self._pool.immediate() as cursor:
            row = cursor.execute(statement, values).fetchone()
            if row is not None:
                return row
            known = cursor.execute(f"SELECT 1 FROM rate_buckets WHERE {_ROW}", self._row).fetchone()  # noqa: S608 - as above
            if known is not None:
                return None
        self._open()  # The row is gone with a crash of the server, or somebody emptied the table.
        with self._pool.immediate() as cursor:
            return cursor.execute(statement, values).fetchone()

    def _tell(self, statement: str, values: tuple[object, ...]) -> None:
        """Let the other processes know, if that is possible."""
        try:
            with self._pool.immediate() as cursor:
                cursor.execute(statement, values)
        except StorageError:
            _log.warning("what the service says of its pace could not be told to other processes")
