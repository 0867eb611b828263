"""A file as one end of a copy of a ledger: locked for everybody else, or new and not there before it is whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from orderdesk_sdk.errors import StorageError, ValidationError
from orderdesk_sdk.stores.sql.epochs import begin_epoch, retire
from orderdesk_sdk.stores.sqlite import ledger_schema, order_database
from orderdesk_sdk.stores.sqlite.connection import connect, readable
from orderdesk_sdk.stores.sqlite.migrations import migrate, tables_version

__all__ = ["SqliteEnd", "copy_source", "copy_target"]


class SqliteEnd:
    """A file in a transaction. See `ledger_copy.CopyEnd`."""

    def __init__(self, name: str, db: sqlite3.Connection, finish: Callable[[], None]) -> None:
        self.name = name
        self.cursor = db.cursor()
        self._finish = finish
        found = tables_version(db, order_database.VERSION_TABLE, 0)
        self.has_orders = found.found > 0

    def adopt(self, epoch_reason: str, now: datetime) -> None:
        """Begin an epoch. The numbers of new rows go on by themselves."""
        begin_epoch(self.cursor, epoch_reason, now)

    def retire(self, successor: str, now: datetime) -> None:
        """Begin the last epoch."""
        retire(self.cursor, successor, now)

    def commit(self) -> None:
        """Commit, and let the file be found where it is new."""
        self.cursor.execute("COMMIT")
        self._finish()


@contextmanager
def copy_source(path: Path) -> Iterator[SqliteEnd]:
    """A ledger's file that nobody else uses, nor can while the block lasts. Raises StorageError."""
    with _translated(path), closing(connect(path, create=False)) as db:
        _take_alone(db, path)
        migrate(db, ledger_schema.VERSION_TABLE, ledger_schema.MIGRATIONS, str(path), ledger_schema.ADDITIVE)
        end = SqliteEnd(f"SQLite file {path}", db, lambda: None)
        if end.has_orders:
            migrate(db, order_database.VERSION_TABLE, order_database.MIGRATIONS, str(path))
        db.text_factory = readable
        db.execute("BEGIN EXCLUSIVE")
        try:
            yield end
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")


def _take_alone(db: sqlite3.Connection, path: Path) -> None:
    """Put the log into the file, which needs it alone. Raises StorageError where another program has it open."""
    db.execute("PRAGMA busy_timeout = 0")
    try:
        # First the mark: without its log, a file that says that it is in use would be taken for an incomplete copy.
        db.execute("UPDATE chain SET in_use = 0 WHERE in_use = 1")
        db.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
        hint = "end every program that uses it: workers, apps, the command line"
        raise StorageError("the ledger is in use", location=str(path), hint=hint) from None


@contextmanager
def copy_target(path: Path) -> Iterator[SqliteEnd]:
    """A new file, which is there after the block's commit alone. Raises ValidationError where there is one."""
    if path.exists():
        raise ValidationError("the file exists already", location=str(path), hint="name a new one")
    half = path.with_name(f".{path.name}.half")
    half.unlink(missing_ok=True)
    try:
        with _translated(path), closing(connect(half)) as db:
            migrate(db, ledger_schema.VERSION_TABLE, ledger_schema.MIGRATIONS, str(path), ledger_schema.ADDITIVE)
            migrate(db, order_database.VERSION_TABLE, order_database.MIGRATIONS, str(path))
            db.execute("BEGIN IMMEDIATE")
            yield SqliteEnd(f"SQLite file {path}", db, lambda: _put_in_place(half, path))
    finally:
        half.unlink(missing_ok=True)


def _put_in_place(half: Path, path: Path) -> None:
    half.replace(path)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(
            f"the ledger cannot be copied: {error}",
            location=str(path),
            hint="check path, permissions and the disk's free space",
        ) from None
    except OSError as error:
        raise StorageError(f"the ledger cannot be copied: {error.strerror}", location=str(path)) from None
