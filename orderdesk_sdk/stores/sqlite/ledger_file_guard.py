"""What keeps a ledger's file whole while it is in use: watched, marked as in use, and known by its last line."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.sql.archived_lines import link_at
from orderdesk_sdk.stores.sql.chain_appender import ChainAppender, ChainPosition
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sqlite.connection import FileGuard

__all__ = ["LedgerFileGuard"]


class LedgerFileGuard:
    """Of one process's connection that writes. Called inside the transactions of `GroupCommit`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._location = str(path)
        self._connection = connection
        self._guard = FileGuard(path)
        self._is_used = False
        self._appenders: list[ChainAppender] = []
        self._earlier_appenders = 0
        self._position = ChainPosition(*connection.execute("SELECT count, head FROM chain").fetchone() or (0, b""))
        self._link = link_at(connection.cursor(), self._position.line_count)
        self._writes_alone = True

    def chain_appender(self, cursor: Cursor) -> ChainAppender:
        """The lines that a write of the present transaction adds.

        While nobody else writes, the chain ends where this process has left it, so it is not read: what is written next
        is told otherwise by HeadMovedError, and after that it is read. Raises StorageError where the last line that
        this process has seen is not in the ledger any more.
        """
        if self._appenders:
            links = ChainAppender(cursor, self._appenders[-1].position)
        elif self._writes_alone:
            links = ChainAppender(cursor, self._position)
        else:
            links = ChainAppender(cursor)
            self._require_line_seen(cursor, links)
        self._appenders.append(links)
        return links

    def _require_line_seen(self, cursor: Cursor, links: ChainAppender) -> None:
        self._writes_alone = links.position == self._position
        sequence = self._position.line_count
        # Others have written meanwhile, or it is another ledger.
        if not self._writes_alone and self._link is not None and link_at(cursor, sequence) != self._link:
            raise StorageError(
                f"the ledger lacks line {sequence}, which was written: this is an older copy or another ledger",
                location=self._location,
                hint="end every program that uses it, put the right file there, and start them again",
            )

    def check(self) -> None:
        """Raises StorageError where what would be read is no longer in the file that has the ledger's name."""
        self._guard.check()

    def before_transaction(self) -> None:
        """Before a transaction: the first one marks the file, so that a copy of it without its log can be told."""
        if not self._is_used:
            self._guard.check_all()
            self._connection.execute("UPDATE chain SET in_use = 1")
            # Into the file itself: a copy would not have it from the log.
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._is_used = True
        self._appenders = []

    def begin_write(self) -> None:
        """A write begins that may be undone alone."""
        self._earlier_appenders = len(self._appenders)

    def forget_write(self) -> None:
        """What was written since `begin_write` was undone: a line of it that is missing is no loss."""
        del self._appenders[self._earlier_appenders :]

    def before_commit(self) -> None:
        """Raises StorageError where what would be committed could not be found again."""
        self._guard.check_all()

    def after_commit(self) -> None:
        """What was added is there for good."""
        for links in reversed(self._appenders):
            if links.last is not None:
                self._position, self._link = links.position, links.last[2]
                return

    def head_moved(self) -> None:
        """The chain ends somewhere else than this process has left it: somebody else writes too."""
        self._writes_alone = False

    def close(self) -> None:
        """Look no more: the connection is closed."""
        self._guard.close()
