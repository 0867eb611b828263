"""A SQLite file as the ledger and the local host need it: write-ahead log, every commit on disk, migrated."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from orderdesk_sdk.errors import LedgerError

__all__ = ["BUSY_SECONDS", "Step", "connect", "migrate"]

Step = str | Callable[[sqlite3.Connection], None]
"""A step of a migration: a statement, or what statements alone cannot do."""

BUSY_SECONDS = 10.0
"""How long a call waits for another process that is writing."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode, usable from any thread, one at a time. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    # The change to WAL needs the file alone and, unlike other statements, does not wait for that: of two programs
    # that open a new file at once, one would fail.
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


def migrate(connection: sqlite3.Connection, table: str, migrations: Sequence[Sequence[Step]], place: str) -> None:
    """Bring the tables to the last of `migrations`; `table` holds the version they have.

    Raises LedgerError for tables of a newer version; they stay untouched.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (version INTEGER NOT NULL)")
        found = connection.execute(f"SELECT max(version) FROM {table}").fetchone()[0] or 0  # noqa: S608 - our own constant
        if found > len(migrations):
            raise LedgerError(
                f"its tables have version {found}; this program knows {len(migrations)}",
                place=place,
                remedy="install the newer orderdesk-sdk that wrote it; nothing was changed",
            )
        for version, steps in enumerate(migrations[found:], start=found + 1):
            for step in steps:
                if isinstance(step, str):
                    connection.execute(step)
                else:
                    step(connection)
            connection.execute(f"INSERT INTO {table} VALUES (?)", (version,))  # noqa: S608 - our own constant
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
