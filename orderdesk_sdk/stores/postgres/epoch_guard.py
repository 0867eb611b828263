"""Notices that a ledger was put back to an older state, and writes down once what may have been sent since.

Before every transaction it looks whether the last line that this process has seen is still there, and at the first use
of each connection whether the server is the one on which the present epoch began. Whoever finds it otherwise, begins a
new epoch: with it every open case that could be sent next becomes one of unknown fate.
"""

from __future__ import annotations

import weakref
from typing import Any

import psycopg

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.postgres.cursor import PostgresCursor
from orderdesk_sdk.stores.postgres.server_identity import server_identity
from orderdesk_sdk.stores.sql.archived_lines import link_at
from orderdesk_sdk.stores.sql.chain_appender import ChainAppender
from orderdesk_sdk.stores.sql.epochs import begin_epoch, latest_epoch, require_not_retired
from orderdesk_sdk.stores.sql.restored_state import distrust_open_cases

__all__ = ["EpochGuard"]


class EpochGuard:
    """Of one process and one ledger. Used inside transactions that hold the lock of the chain."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._ledger: str | None = None
        self._epoch: str | None = None
        self._last: tuple[int, bytes] | None = None
        self._known: weakref.WeakSet[psycopg.Connection[Any]] = weakref.WeakSet()

    @property
    def last_sequence(self) -> int:
        """The sequence of the last line that this process has seen; 0: of none."""
        return self._last[0] if self._last is not None else 0

    def saw(self, sequence: int, link: bytes) -> None:
        """A line is there for good."""
        self._last = (sequence, link)

    def is_trusted(
        self,
        connection: psycopg.Connection[Any],
        cursor: PostgresCursor,
        ledger: str | None,
        epoch: str | None,
        link: bytes | None,
    ) -> bool:
        """Whether the ledger is as it was, or more. If not, what that means was written: commit it, and ask anew.

        Raises StorageError for another ledger.

        Args:
            ledger: the first epoch.
            epoch: the last one.
            link: that of the last line that this process has seen.
        """
        if self._ledger is not None and ledger not in (None, self._ledger):
            raise StorageError(
                "the database holds another ledger than before",
                location=self._place,
                hint="end every program that uses it, put the right database there, and start them again",
            )
        self._ledger = ledger
        if epoch != self._epoch:  # Somebody has seen to it; or this process begins.
            require_not_retired(latest_epoch(cursor), self._place)
            self._epoch, self._last = epoch, None
            self._known.clear()
        reason = None if epoch is None else self._why_not(connection, cursor, link)
        if epoch is not None and reason is None:
            self._known.add(connection)
            return True
        self._begin_epoch(cursor, reason)
        return False

    def _why_not(self, connection: psycopg.Connection[Any], cursor: PostgresCursor, link: bytes | None) -> str | None:
        """Why the ledger is not as this process knows it; None: it is."""
        if self._last is not None and link != self._last[1] and link_at(cursor, self._last[0]) != self._last[1]:
            return f"line {self._last[0]} of the history, which was written, is gone"
        if connection in self._known:
            return None
        present = latest_epoch(cursor)
        return server_identity(cursor).change_since(present.system, present.timeline) if present is not None else None

    def _begin_epoch(self, cursor: PostgresCursor, reason: str | None) -> None:
        (now,) = cursor.execute("SELECT clock_timestamp()").fetchone()
        server = server_identity(cursor)
        if reason is not None:
            cursor.execute("SET LOCAL statement_timeout = 0")
            distrust_open_cases(cursor, ChainAppender(cursor), reason, now)
        begin_epoch(cursor, reason or "the ledger was made", now, server.system, server.timeline)
