"""The calls of a day, counted for all processes that work on one ledger: a row each, beside the history."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

from orderdesk_sdk.stores.sql.database import Commits, Cursor

__all__ = ["SqlCallCounts"]


class SqlCallCounts:
    """`CallCounts` of one connection in the ledger's database."""

    def __init__(self, commits: Commits, read: Callable[[], AbstractContextManager[Cursor]], connection: str) -> None:
        self._commits = commits
        self._read = read
        self._connection = connection

    def take(self, operation: str, day: date, at_most: int) -> bool:
        row = (self._connection, operation, day.isoformat())
        # The day before stays: a machine whose clock is slow still counts in it.
        old = (self._connection, operation, (day - timedelta(days=1)).isoformat())

        def write(cursor: Cursor) -> bool:
            cursor.execute("DELETE FROM call_counts WHERE connection = ? AND operation = ? AND day < ?", old)
            cursor.execute(
                "INSERT INTO call_counts (connection, operation, day, calls) VALUES (?, ?, ?, 1)"
                " ON CONFLICT (connection, operation, day) DO UPDATE SET calls = call_counts.calls + 1"
                " WHERE call_counts.calls < ?",
                (*row, at_most),
            )
            return cursor.rowcount == 1

        return self._commits.run(write)

    def taken(self, operation: str, day: date) -> int:
        with self._read() as cursor:
            row = cursor.execute(
                "SELECT calls FROM call_counts WHERE connection = ? AND operation = ? AND day = ?",
                (self._connection, operation, day.isoformat()),
            ).fetchone()
        return 0 if row is None else int(row[0])
